"""What becomes of secrets when the product's clock goes back (docs/decisions/0012)."""

from __future__ import annotations

from sqlalchemy import Connection, delete, update

from homeroom import clock
from homeroom.school.apps.oauth.tokens import LIFETIME
from homeroom.school.people.communication_channels.channels import CONFIRMATION_LIFETIME
from homeroom.school.schema import (
    AccessToken,
    ConfirmationLink,
    OAuthCode,
    PasswordReset,
    SessionToken,
    User,
    WaitingNotice,
    WebSession,
)


def forget_the_future(db: Connection) -> None:
    """Let nothing that was made later than now last longer, or begin later, than if it were made now."""
    now = clock.now()
    # They last for hours or days, and are easily had again.
    for table in (WebSession, PasswordReset, SessionToken, OAuthCode):
        db.execute(delete(table).where(table.c.created_at > now))
    # What ended in the future stays ended; what would end there ends in time.
    ended = AccessToken.c.permanent_expires_at == AccessToken.c.updated_at
    db.execute(update(AccessToken).where(ended, AccessToken.c.updated_at > now).values(permanent_expires_at=now))
    db.execute(update(AccessToken).where(AccessToken.c.expires_at > now + LIFETIME).values(expires_at=now + LIFETIME))
    latest = now + CONFIRMATION_LIFETIME
    db.execute(update(ConfirmationLink).where(ConfirmationLink.c.expires_at > latest).values(expires_at=latest))
    # Otherwise nobody who was signed out then could sign in before that day.
    db.execute(update(User).where(User.c.last_logged_out_at > now).values(last_logged_out_at=now))
    db.execute(update(WaitingNotice).where(WaitingNotice.c.created_at > now).values(created_at=now, send_at=now))
