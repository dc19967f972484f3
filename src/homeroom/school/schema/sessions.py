"""Web sessions, and what guards the ways to one. Secrets are kept as SHA-256 digests (design §5)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.db.types import Id
from homeroom.school.schema.base import Base, id_, state, time, user_ref


class WebSession(Base):
    """A browser that is signed in, or one that waits to be (``user_id`` is null) with an OAuth2 request in ``data``."""

    __tablename__ = "web_sessions"
    rules = (
        Index("ix_web_sessions_user_id", "user_id"),
        Index("ix_web_sessions_real_user_id", "real_user_id"),
        Index("ix_web_sessions_expires_at", "expires_at"),
    )

    id: Mapped[id_]
    digest: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[user_ref | None]
    # The admin who acts as user_id; null without masquerading.
    real_user_id: Mapped[int | None]
    # The login that was used; when it is suspended, the session is too.
    login_id: Mapped[int | None]
    data: Mapped[str] = mapped_column(default="{}")
    remember: Mapped[bool] = mapped_column(default=False)
    user_agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    last_seen_at: Mapped[time]
    expires_at: Mapped[time]


class AttemptCount(Base):
    """How often something guessable was tried lately, by a name such as ``sign-in address 192.0.2.1``."""

    __tablename__ = "attempt_counts"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[time] = mapped_column(index=True)


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
