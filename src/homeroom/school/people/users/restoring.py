"""Bringing a deleted person back (Users API, "Restore a deleted user from a Canvas root account")."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Invalid, NotFound, Refused
from homeroom.school.ground.events import announce
from homeroom.school.people import directory
from homeroom.school.people.events import UserRevived
from homeroom.school.people.logins.uniqueness import Claim, Taken, claim
from homeroom.school.schema import (
    Login,
    User,
)
from homeroom.school.states import LoginState, UserState

NOT_DELETED = "The user is not deleted."
MERGED = "The user was merged into another one: a split brings them back."


def restore_user(db: Connection, root_id: int, user_id: int) -> None:
    """Restore a deleted person, with the login of this root account that was deleted last.

    Addresses, enrollments, account roles and tokens stay deleted. Raises Refused for a person who is not deleted or
    was merged, Invalid when somebody has the login or its SIS ids by now, and NotFound without a login of this account.
    """
    lock(db, User, [user_id])
    user = db.execute(select(User.c.state, User.c.merged_into_user_id).where(User.c.id == user_id)).first()
    if user is None:
        raise NotFound("user")
    if user.merged_into_user_id is not None:
        raise Refused(MERGED)
    if user.state != UserState.DELETED:
        raise Refused(NOT_DELETED)
    login = _last_deleted_login(db, root_id, user_id)
    now = clock.now()
    revived = (
        update(Login).where(Login.c.id == login.id).values(state=LoginState.ACTIVE, deleted_at=None, updated_at=now)
    )
    wanted = Claim(login.unique_id, login.provider_key, login.sis_user_id, login.integration_id)
    try:
        claim(db, root_id, wanted, lambda: db.execute(revived), own=login.id)
    except Taken as taken:
        raise Invalid(*taken.faults) from None
    back = update(User).where(User.c.id == user_id)
    db.execute(back.values(state=UserState.REGISTERED, deleted_at=None, updated_at=now))
    directory.refresh(db, [user_id])
    directory.associate(db, [user_id])
    announce(db, UserRevived(user_id))


def _last_deleted_login(db: Connection, root_id: int, user_id: int) -> AnyRow:
    columns = Login.c.id, Login.c.unique_id, Login.c.provider_key, Login.c.sis_user_id, Login.c.integration_id
    rows = select(*columns).where(
        Login.c.user_id == user_id, Login.c.account_id == root_id, Login.c.state == LoginState.DELETED
    )
    row = db.execute(rows.order_by(Login.c.deleted_at.desc(), Login.c.id.desc()).limit(1)).first()
    if row is None:
        raise NotFound("login")
    return row
