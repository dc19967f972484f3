"""OAuth2: clients, authorization codes, and tokens (identity.md §2)."""
