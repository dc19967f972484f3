"""The old password, needed to change one's own (identity.md §6): whoever stole a token must not be able to set a
password."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from homeroom.db import Database
from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Fault, Invalid, TooManyTries
from homeroom.school.people.logins.queries import find_own_password
from homeroom.school.sign_in import password_sign_in
from homeroom.school.sign_in.password_sign_in import Checked
from homeroom.school.sign_in.places import Place

_WRONG = Fault("old_password", "invalid", "is not the present password")


class NewPassword(NamedTuple):
    """The hash of a valid new password. ``old`` proved that the owner knew the previous one."""

    hash: str
    old: Checked | None


def try_old_password(database: Database, login: AnyRow, old_password: str, place: Place) -> Checked:
    """Check the old password; a try counts like a sign-in. Raises Invalid when it is wrong or missing, and
    TooManyTries.
    """
    with database.read() as db:
        own = find_own_password(db, login)
    if own is None:
        raise Invalid(_WRONG)
    checked = password_sign_in.check_own(database, own, old_password, place)
    if checked.wait:
        raise TooManyTries(checked.wait)
    if not checked.is_right:
        raise Invalid(_WRONG)
    return checked


def require_still_right(db: Connection, new: NewPassword) -> None:
    """Raises Invalid when the old password was changed since it was tried."""
    if new.old is not None and not password_sign_in.enter(db, new.old):
        raise Invalid(_WRONG)
