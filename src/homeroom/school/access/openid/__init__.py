"""OpenID Connect: people sign in by the word of another server (homeroom.md §3)."""
