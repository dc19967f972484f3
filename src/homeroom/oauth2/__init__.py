"""The OAuth2 face: /login/oauth2 and /login/session_token (identity.md §2)."""
