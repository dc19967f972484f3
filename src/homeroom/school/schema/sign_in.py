"""Web sessions, and what guards the ways to one. Secrets are kept as SHA-256 digests."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.db.types import Id
from homeroom.school.schema.base import Base, id_, state, time, user_ref


class WebSession(Base):
    """A browser that is signed in, or one that waits to be (``user_id`` is null) with an OAuth2 request in ``data``."""

    __tablename__ = "web_sessions"
    rules = (
        Index("ix_web_sessions_user_id", "user_id"),
        Index("ix_web_sessions_real_user_id", "real_user_id"),
        Index("ix_web_sessions_waiting_user_id", "waiting_user_id"),
        Index("ix_web_sessions_expires_at", "expires_at"),
    )

    id: Mapped[id_]
    digest: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[user_ref | None]
    # The admin who acts as user_id; null without masquerading.
    real_user_id: Mapped[int | None]
    # The login that was used; when it is suspended, the session is too.
    login_id: Mapped[int | None]
    # Whose password was right and whose second factor is waited for; nobody is signed in meanwhile.
    waiting_user_id: Mapped[int | None]
    # Whether more than a password let the person in: a second factor, or an authentication provider.
    vouched: Mapped[bool | None]
    data: Mapped[str] = mapped_column(default="{}")
    remember: Mapped[bool] = mapped_column(default=False)
    user_agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    last_seen_at: Mapped[time]
    expires_at: Mapped[time]


class AttemptCount(Base):
    """How often something guessable was tried lately, by a name such as ``sign-in from 192.0.2.1``."""

    __tablename__ = "attempt_counts"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[time | None]
    ends_at: Mapped[time] = mapped_column(index=True)


class KnownPlace(Base):
    """Where somebody has signed in with a login before: a browser, by its cookie, or a network address."""

    __tablename__ = "known_places"
    rules = (UniqueConstraint("login_id", "digest"), Index("ix_known_places_last_used_at", "last_used_at"))

    id: Mapped[id_]
    login_id: Mapped[int] = mapped_column(Id, ForeignKey("logins.id"))
    digest: Mapped[bytes]
    last_used_at: Mapped[time]


class SecondFactor(Base):
    """The secret that a person's authenticator app shares with us (TOTP, RFC 6238), sealed."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    sealed_secret: Mapped[str]
    # The half minute of the last code that was taken: a code works once.
    last_step: Mapped[int]
    created_at: Mapped[time]


class RecoveryCode(Base):
    """The digest of a code that replaces the app once."""

    __tablename__ = "recovery_codes"
    rules = (UniqueConstraint("user_id", "digest"),)

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    digest: Mapped[bytes]


class MobileSessionExpiry(Base):
    """Tokens of mobile apps are to end: one person's, or everybody's. A job does it."""

    __tablename__ = "mobile_session_expiries"
    rules = (Index("ix_mobile_session_expiries_state", "state", "id"),)

    id: Mapped[id_]
    user_id: Mapped[int | None]  # null: everybody's
    skip_admins: Mapped[bool]
    state: Mapped[state]  # queued, done
    # Sessions that begin later go on.
    created_at: Mapped[time]


class PasswordResetRequest(Base):
    """Somebody forgot a password: what they typed. A job finds out whom it means, so that the answer never does."""

    __tablename__ = "password_reset_requests"

    id: Mapped[id_]
    typed: Mapped[str]
    # Where the link in the mail leads.
    base_url: Mapped[str]
    created_at: Mapped[time]


class PasswordReset(Base):
    """A link by which a login gets a new password, once; the link's secret was sent by mail."""

    __tablename__ = "password_resets"
    rules = (
        Index("ix_password_resets_login_id", "login_id"),
        Index("ix_password_resets_expires_at", "expires_at"),
    )

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    login_id: Mapped[int] = mapped_column(Id, ForeignKey("logins.id"))
    created_at: Mapped[time]
    expires_at: Mapped[time]
