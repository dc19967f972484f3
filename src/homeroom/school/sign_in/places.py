"""Where somebody has signed in before: network addresses, and browsers by a cookie of theirs (decision 0011)."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update

from homeroom import clock
from homeroom.db import digest_of, insert_or_update
from homeroom.school.ground.events import listen
from homeroom.school.people.events import PasswordChanged
from homeroom.school.schema import KnownPlace, Login
from homeroom.school.sign_in.attempts import network_of

LIFETIME = timedelta(days=365)
_MOST = 20


class Place(NamedTuple):
    """Where a try comes from; ``browser`` is the secret in its cookie, None for one that has not signed in before."""

    address: str
    browser: str | None = None


class Known(NamedTuple):
    """Whether somebody has signed in with a login from this address, and in this browser."""

    address: bool = False
    browser: bool = False


def known(db: Connection, login_id: int | None, place: Place) -> Known:
    """What is known of the place. One statement, for no login too, so that its time tells nothing."""
    digests = _digests(place)
    rows = select(KnownPlace.c.digest).where(
        KnownPlace.c.login_id == (login_id or 0),
        KnownPlace.c.digest.in_(digests),
        KnownPlace.c.last_used_at > clock.real_now() - LIFETIME,
    )
    found = set(db.execute(rows).scalars())
    return Known(digests[0] in found, digests[-1] in found and place.browser is not None)


def remember(db: Connection, login_id: int, place: Place) -> None:
    """Somebody signed in with this login there."""
    now, digests = clock.real_now(), _digests(place)
    again = update(KnownPlace).where(KnownPlace.c.login_id == login_id, KnownPlace.c.digest.in_(digests))
    if db.execute(again.values(last_used_at=now)).rowcount == len(digests):
        return
    rows = [{"login_id": login_id, "digest": digest, "last_used_at": now} for digest in digests]
    insert_or_update(db, KnownPlace, rows, key=("login_id", "digest"), update=("last_used_at",))
    newest = select(KnownPlace.c.id).where(KnownPlace.c.login_id == login_id)
    newest = newest.order_by(KnownPlace.c.last_used_at.desc(), KnownPlace.c.id.desc())
    db.execute(delete(KnownPlace).where(KnownPlace.c.id.in_(newest.offset(_MOST).scalar_subquery())))


@listen(PasswordChanged)
def _forget_with_the_old_password(db: Connection, event: PasswordChanged) -> None:
    logins = select(Login.c.id).where(Login.c.user_id == event.user_id)
    db.execute(delete(KnownPlace).where(KnownPlace.c.login_id.in_(logins)))


def sweep(db: Connection) -> None:
    """Forget the places that nobody has signed in from for a year."""
    db.execute(delete(KnownPlace).where(KnownPlace.c.last_used_at <= clock.real_now() - LIFETIME))


def _digests(place: Place) -> list[bytes]:
    address = digest_of(f"address {network_of(place.address)}")
    return [address] if place.browser is None else [address, digest_of(f"browser {place.browser}")]
