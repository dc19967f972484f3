"""Apps lose what they have of a person who is signed out everywhere, and what they got at a later time than now."""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_, update

from homeroom import clock
from homeroom.school.apps.access_tokens.endings import expire_tokens, made_by_or_for
from homeroom.school.apps.oauth.tokens import LIFETIME
from homeroom.school.ground.events import listen
from homeroom.school.ground.moved_clock import ClockMoved
from homeroom.school.people.events import SignedOutEverywhere
from homeroom.school.schema import AccessToken, OAuthCode, SessionToken


@listen(SignedOutEverywhere)
def sign_apps_out(db: Connection, event: SignedOutEverywhere) -> None:
    # Codes first, then tokens: an exchange that is under way ends first, and its token is found then.
    for table in (OAuthCode, SessionToken):
        db.execute(delete(table).where(or_(table.c.user_id == event.user_id, table.c.real_user_id == event.user_id)))
    expire_tokens(db, made_by_or_for(event.user_id))


@listen(ClockMoved)
def forget_the_future(db: Connection, _event: ClockMoved) -> None:
    now = clock.now()
    # They last for minutes, and are easily had again.
    for table in (OAuthCode, SessionToken):
        db.execute(delete(table).where(table.c.created_at > now))
    # What ended in the future stays ended; what would end there ends in time.
    ended = AccessToken.c.permanent_expires_at == AccessToken.c.updated_at
    db.execute(update(AccessToken).where(ended, AccessToken.c.updated_at > now).values(permanent_expires_at=now))
    db.execute(update(AccessToken).where(AccessToken.c.expires_at > now + LIFETIME).values(expires_at=now + LIFETIME))
