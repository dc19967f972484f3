"""OpenID Connect: people sign in through another server (homeroom.md §3)."""
