"""Access tokens and developer keys.

Tokens are kept as SHA-256 digests. A key's secret is shown to its managers each time, so it is sealed
instead (``homeroom.school.ground.vault``).
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.db.types import Id
from homeroom.school.schema.base import Base, account_ref, id_, state, time, unique_while_live, user_ref


class DeveloperKey(Base):
    """An application that may ask for tokens. The key with ``is_default`` owns the manually made tokens."""

    __tablename__ = "developer_keys"
    rules = (Index("ix_developer_keys_account_id", "account_id", "id"),)

    id: Mapped[id_]
    account_id: Mapped[account_ref | None]  # null: the site admin's
    user_id: Mapped[int | None]  # who made it
    name: Mapped[str | None]
    email: Mapped[str | None]
    notes: Mapped[str | None]
    icon_url: Mapped[str | None]
    vendor_code: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    state: Mapped[state]  # active, inactive, deleted
    sealed_secret: Mapped[str | None]
    client_type: Mapped[str] = mapped_column(String(16), default="confidential")  # or public: PKCE instead of a secret
    public_jwk: Mapped[str | None]
    public_jwk_url: Mapped[str | None]
    redirect_uri: Mapped[str | None]
    redirect_uris: Mapped[str] = mapped_column(default="[]")
    require_scopes: Mapped[bool] = mapped_column(default=False)
    allow_includes: Mapped[bool] = mapped_column(default=False)
    scopes: Mapped[str] = mapped_column(default="[]")
    auto_expire_tokens: Mapped[bool] = mapped_column(default=True)
    visible: Mapped[bool] = mapped_column(default=True)
    test_cluster_only: Mapped[bool] = mapped_column(default=False)
    client_credentials_audience: Mapped[str | None] = mapped_column(String(16))
    # A mobile app's key, and the app keys for which its tokens may ask for Pandata tokens (homeroom.md §5).
    mobile: Mapped[bool] = mapped_column(default=False)
    pandata_app_keys: Mapped[str] = mapped_column(default="[]")
    created_at: Mapped[time]
    updated_at: Mapped[time]


class DeveloperKeyBinding(Base):
    """Whether an account has a key switched on. The site-admin account's ``allow`` leaves the choice to the others."""

    __tablename__ = "developer_key_bindings"
    rules = (UniqueConstraint("developer_key_id", "account_id", name="uq_developer_key_bindings_account"),)

    id: Mapped[id_]
    developer_key_id: Mapped[int] = mapped_column(Id, ForeignKey("developer_keys.id"))
    account_id: Mapped[account_ref]
    state: Mapped[state]  # on, off, allow
    created_at: Mapped[time]
    updated_at: Mapped[time]


class AccessToken(Base):
    """A bearer token. It is shown once and kept as a digest; the hint is its first five characters."""

    __tablename__ = "access_tokens"
    rules = (
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

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    real_user_id: Mapped[int | None]
    developer_key_id: Mapped[int]
    digest: Mapped[bytes] = mapped_column(unique=True)
    hint: Mapped[str] = mapped_column(String(5))
    refresh_digest: Mapped[bytes | None]
    scopes: Mapped[str] = mapped_column(default="[]")
    purpose: Mapped[str | None]
    state: Mapped[state]  # active, pending, deleted
    remember_access: Mapped[bool] = mapped_column(default=False)
    # A one-hour OAuth token that is past this can be refreshed; a permanent expiry cannot be undone.
    expires_at: Mapped[time | None]
    permanent_expires_at: Mapped[time | None]
    last_used_at: Mapped[time | None]
    created_at: Mapped[time]
    updated_at: Mapped[time]


class AuthenticationProvider(Base):
    """A way to sign in that a root account offers: its own passwords (``canvas``), or somebody else's word."""

    __tablename__ = "authentication_providers"
    rules = (
        Index("ix_authentication_providers_account_id", "account_id", "position", "id"),
        # Everybody's passwords are one provider.
        unique_while_live(
            "uq_authentication_providers_canvas", "account_id", live="state <> 'deleted' AND auth_type = 'canvas'"
        ),
    )

    id: Mapped[id_]
    account_id: Mapped[account_ref]
    auth_type: Mapped[str] = mapped_column(String(32))
    position: Mapped[int]
    jit_provisioning: Mapped[bool] = mapped_column(default=False)
    login_attribute: Mapped[str | None]
    # JSON of the fields that ``sign_in/authentication_providers/kinds.py`` knows for this type, and the sealed secrets.
    settings: Mapped[str] = mapped_column(default="{}")
    sealed_secrets: Mapped[str | None]
    state: Mapped[state]  # active, deleted
    created_at: Mapped[time]
    updated_at: Mapped[time]


class OAuthCode(Base):
    """An authorization code: ten minutes, once. A used one is kept until then, so that a replay is noticed."""

    __tablename__ = "oauth_codes"
    rules = (Index("ix_oauth_codes_expires_at", "expires_at"),)

    id: Mapped[id_]
    digest: Mapped[bytes] = mapped_column(unique=True)
    developer_key_id: Mapped[int]
    user_id: Mapped[user_ref]
    real_user_id: Mapped[int | None]
    redirect_uri: Mapped[str]
    scopes: Mapped[str] = mapped_column(default="[]")
    purpose: Mapped[str | None]
    code_challenge: Mapped[str | None]
    remember_access: Mapped[bool] = mapped_column(default=False)
    used_at: Mapped[time | None]
    access_token_id: Mapped[int | None]
    created_at: Mapped[time]
    expires_at: Mapped[time]


class UsedAssertion(Base):
    """The id of a client's signed assertion that was taken, until the assertion itself is too old."""

    __tablename__ = "used_assertions"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[time] = mapped_column(index=True)


class SessionToken(Base):
    """A short-lived way to start a web session: for `GET /login/session_token` and `destination`. Works once."""

    __tablename__ = "session_tokens"

    id: Mapped[id_]
    digest: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[user_ref]
    real_user_id: Mapped[int | None]
    created_at: Mapped[time]
    expires_at: Mapped[time]
