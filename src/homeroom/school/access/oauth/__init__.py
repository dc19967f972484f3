"""OAuth2: clients, authorization codes, the tokens that they become (identity.md §2)."""
