"""Access tokens, developer keys, and what leads to a token.

Tokens are kept as SHA-256 digests. A key's secret is shown to its managers each time, so it is sealed
instead (``homeroom.school.ground.vault``).
"""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text

from homeroom.db.types import Id, State, Time
from homeroom.school.schema.base import id_column, optional, required, table

# An application that may ask for tokens. The key with ``is_default`` owns the manually made tokens.
DeveloperKey = table(
    "developer_keys",
    id_column(),
    optional("account_id", Id, ForeignKey("accounts.id")),  # null: the site admin's
    optional("user_id", Id),  # who made it
    optional("name", Text()),
    optional("email", Text()),
    optional("notes", Text()),
    optional("icon_url", Text()),
    optional("vendor_code", Text()),
    required("is_default", Boolean(), default=False),
    required("state", State(32)),  # active, inactive, deleted
    optional("sealed_secret", Text()),
    required("client_type", String(16), default="confidential"),  # or public: PKCE instead of a secret
    optional("public_jwk", Text()),
    optional("public_jwk_url", Text()),
    optional("redirect_uri", Text()),
    required("redirect_uris", Text(), default="[]"),
    required("require_scopes", Boolean(), default=False),
    required("allow_includes", Boolean(), default=False),
    required("scopes", Text(), default="[]"),
    required("auto_expire_tokens", Boolean(), default=True),
    required("visible", Boolean(), default=True),
    required("test_cluster_only", Boolean(), default=False),
    optional("client_credentials_audience", String(16)),
    # A mobile app's key, and the app keys for which its tokens may ask for Pandata tokens (homeroom.md §5).
    required("mobile", Boolean(), default=False),
    required("pandata_app_keys", Text(), default="[]"),
    required("created_at", Time()),
    required("updated_at", Time()),
    Index("ix_developer_keys_account_id", "account_id", "id"),
)


# Whether an account has a key switched on. The site-admin account's ``allow`` leaves the choice to the others.
DeveloperKeyBinding = table(
    "developer_key_bindings",
    id_column(),
    required("developer_key_id", Id, ForeignKey("developer_keys.id")),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("state", State(32)),  # on, off, allow
    required("created_at", Time()),
    required("updated_at", Time()),
    UniqueConstraint("developer_key_id", "account_id", name="uq_developer_key_bindings_account"),
)


# A bearer token. It is shown once and kept as a digest; the hint is its first five characters.
AccessToken = table(
    "access_tokens",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    optional("real_user_id", Id),
    required("developer_key_id", Id),
    required("digest", LargeBinary(), unique=True),
    required("hint", String(5)),
    optional("refresh_digest", LargeBinary()),
    required("scopes", Text(), default="[]"),
    optional("purpose", Text()),
    required("state", State(32)),  # TokenState
    required("remember_access", Boolean(), default=False),
    # A one-hour OAuth token that is past this can be refreshed; a permanent expiry cannot be undone.
    optional("expires_at", Time()),
    optional("permanent_expires_at", Time()),
    optional("last_used_at", Time()),
    required("created_at", Time()),
    required("updated_at", Time()),
    Index("ix_access_tokens_user_id", "user_id", "id"),
    Index("ix_access_tokens_developer_key_id", "developer_key_id"),
    Index(
        "ix_access_tokens_refresh_digest",
        "refresh_digest",
        unique=True,
        sqlite_where=text("refresh_digest IS NOT NULL"),
        postgresql_where=text("refresh_digest IS NOT NULL"),
    ),
)


# A public client's refresh token that another one has taken the place of, so that its reuse is noticed.
SpentRefreshToken = table(
    "spent_refresh_tokens",
    required("digest", LargeBinary(), primary_key=True),
    required("access_token_id", Id, ForeignKey("access_tokens.id"), index=True),
    required("expires_at", Time(), index=True),
)


# An authorization code: ten minutes, once. A used one is kept until then, so that a replay is noticed.
OAuthCode = table(
    "oauth_codes",
    id_column(),
    required("digest", LargeBinary(), unique=True),
    required("developer_key_id", Id),
    required("user_id", Id, ForeignKey("users.id")),
    optional("real_user_id", Id),
    required("redirect_uri", Text()),
    required("scopes", Text(), default="[]"),
    optional("purpose", Text()),
    optional("code_challenge", Text()),
    required("remember_access", Boolean(), default=False),
    optional("used_at", Time()),
    optional("access_token_id", Id),
    required("created_at", Time()),
    required("expires_at", Time()),
    Index("ix_oauth_codes_expires_at", "expires_at"),
)


# The id of a client's signed assertion that was taken, until the assertion itself is too old.
UsedAssertion = table(
    "used_assertions",
    required("digest", LargeBinary(), primary_key=True),
    required("expires_at", Time(), index=True),
)


# A short-lived way to start a web session: for `GET /login/session_token` and `destination`. Works once.
SessionToken = table(
    "session_tokens",
    id_column(),
    required("digest", LargeBinary(), unique=True),
    required("user_id", Id, ForeignKey("users.id")),
    optional("real_user_id", Id),
    required("created_at", Time()),
    required("expires_at", Time()),
)


# Tokens of mobile apps are to end: one person's, or everybody's. A job does it.
MobileSessionExpiry = table(
    "mobile_session_expiries",
    id_column(),
    optional("user_id", Id),  # null: everybody's
    required("skip_admins", Boolean()),
    required("state", State(32)),  # queued, done
    # Sessions that begin later go on.
    required("created_at", Time()),
    Index("ix_mobile_session_expiries_state", "state", "id"),
)
