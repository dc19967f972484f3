"""Web sessions, authentication providers, and what guards the ways to a session.

Secrets are kept as SHA-256 digests; those that must be read again are sealed (``homeroom.school.ground.vault``).
"""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint

from homeroom.db.types import Id, State, Time
from homeroom.school.schema.base import id_column, optional, required, table, unique_while_live

# A browser that is signed in, or one that waits to be (``user_id`` is null) with an OAuth2 request in ``data``.
WebSession = table(
    "web_sessions",
    id_column(),
    required("digest", LargeBinary(), unique=True),
    optional("user_id", Id, ForeignKey("users.id")),
    # The admin who acts as user_id; null without masquerading.
    optional("real_user_id", Id),
    # The login that was used; when it is suspended, the session is too.
    optional("login_id", Id),
    # Whose password was right and whose second factor is waited for; nobody is signed in meanwhile.
    optional("waiting_user_id", Id),
    # Whether more than a password let the person in: a second factor, or an authentication provider.
    optional("vouched", Boolean()),
    required("data", Text(), default="{}"),
    required("remember", Boolean(), default=False),
    required("user_agent", Text(), default=""),
    required("created_at", Time()),
    required("last_seen_at", Time()),
    required("expires_at", Time()),
    Index("ix_web_sessions_user_id", "user_id"),
    Index("ix_web_sessions_real_user_id", "real_user_id"),
    Index("ix_web_sessions_waiting_user_id", "waiting_user_id"),
    Index("ix_web_sessions_expires_at", "expires_at"),
)


# How often something guessable was tried lately, by a name such as ``sign-in from 192.0.2.1``.
AttemptCount = table(
    "attempt_counts",
    required("name", String(160), primary_key=True),
    required("count", Id, default=0),
    optional("last_at", Time()),
    required("ends_at", Time(), index=True),
)


# Where somebody has signed in with a login before: a browser, by its cookie, or a network address.
KnownPlace = table(
    "known_places",
    id_column(),
    required("login_id", Id, ForeignKey("logins.id")),
    required("digest", LargeBinary()),
    required("last_used_at", Time()),
    UniqueConstraint("login_id", "digest"),
    Index("ix_known_places_last_used_at", "last_used_at"),
)


# The secret that a person's authenticator app shares with us (TOTP, RFC 6238), sealed.
SecondFactor = table(
    "second_factors",
    required("user_id", Id, ForeignKey("users.id"), primary_key=True),
    required("sealed_secret", Text()),
    # The half minute of the last code that was taken: a code works once.
    required("last_step", Id),
    required("created_at", Time()),
)


# The digest of a code that replaces the app once.
RecoveryCode = table(
    "recovery_codes",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("digest", LargeBinary()),
    UniqueConstraint("user_id", "digest"),
)


# Somebody forgot a password: what they typed. A job finds out whom it means, so that the answer never does.
PasswordResetRequest = table(
    "password_reset_requests",
    id_column(),
    required("typed", Text()),
    # Where the link in the mail leads.
    required("base_url", Text()),
    required("created_at", Time()),
)


# A link by which a login gets a new password, once; the link's secret was sent by mail.
PasswordReset = table(
    "password_resets",
    required("digest", LargeBinary(), primary_key=True),
    required("login_id", Id, ForeignKey("logins.id")),
    required("created_at", Time()),
    required("expires_at", Time()),
    Index("ix_password_resets_login_id", "login_id"),
    Index("ix_password_resets_expires_at", "expires_at"),
)


# A way to sign in that a root account offers: its own passwords (``canvas``), or somebody else's word.
AuthenticationProvider = table(
    "authentication_providers",
    id_column(),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("auth_type", String(32)),
    required("position", Id),
    required("jit_provisioning", Boolean(), default=False),
    optional("login_attribute", Text()),
    # JSON of the fields that ``sign_in/authentication_providers/kinds.py`` knows for this type, and the sealed secrets.
    required("settings", Text(), default="{}"),
    optional("sealed_secrets", Text()),
    required("state", State(32)),  # active, deleted
    required("created_at", Time()),
    required("updated_at", Time()),
    Index("ix_authentication_providers_account_id", "account_id", "position", "id"),
    # Everybody's passwords are one provider.
    unique_while_live(
        "uq_authentication_providers_canvas", "account_id", live="state <> 'deleted' AND auth_type = 'canvas'"
    ),
)
