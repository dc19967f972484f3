"""Making a person with a login and a channel, and reviving a deleted one (users-core.md §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from homeroom import clock
from homeroom.db import insert_returning_id, lock, new_uuid
from homeroom.school.ground.errors import Fault, NotAllowed
from homeroom.school.ground.events import announce
from homeroom.school.ground.time_zones import find_zone
from homeroom.school.people import account_notices, directory
from homeroom.school.people.communication_channels import channels
from homeroom.school.people.communication_channels.channels import Channel
from homeroom.school.people.events import UserCreated, UserRevived
from homeroom.school.people.logins.uniqueness import Claim, Taken, claim, what_is_taken
from homeroom.school.people.names import Names, names_after_change, search_key
from homeroom.school.people.users.sign_up import InvalidSignUp, NewUser
from homeroom.school.rights.actor import Actor, has_all_rights_of
from homeroom.school.schema import (
    Login,
    User,
)
from homeroom.school.states import LoginState, UserState


class Created(NamedTuple):
    user_id: int
    channel: Channel | None


def create_user(
    db: Connection, root_id: int, new: NewUser, password_hash: str | None, by: Actor | None = None
) -> Created:
    """Create the person, or revive the deleted one with this SIS id if ``by`` asks for that. ``password_hash`` was made
    before the transaction, because hashing is slow. Raises InvalidSignUp with every error and every taken value of the
    form, and NotAllowed for reviving a person with more rights.
    """
    if new.faults:
        raise InvalidSignUp(*new.faults, *_of_login(what_is_taken(db, root_id, _wanted(new))))
    deleted = _find_deleted(db, root_id, new.sis_user_id) if new.revive and new.sis_user_id else None
    if deleted is not None:
        # The person may have another live login, and the form may have a password for this one.
        if by is None or not has_all_rights_of(db, by, deleted.user_id):
            raise NotAllowed("manage_user_logins")
        user_id = _revive(db, root_id, deleted, new, password_hash)
    else:
        user_id = _insert_user(db, new)
        _claim(db, root_id, new, insert(Login).values(**_login(user_id, root_id, new, password_hash)))
    channel = None
    if new.channel is not None:
        # Of somebody who lives on by another login it is one address more, which is not theirs from the start.
        channel = channels.add_channel(
            db,
            user_id,
            new.channel.type,
            new.channel.address,
            confirmed=new.channel.confirmed,
            trusted=deleted is None or not deleted.lives,
        )
        if deleted is not None and channel.is_new:
            account_notices.tell_of_address(db, channel)
    directory.refresh(db, [user_id])
    directory.associate(db, [user_id])
    announce(db, UserRevived(user_id) if deleted is not None else UserCreated(user_id))
    return Created(user_id, channel)


def create_without_login(db: Connection, names: Names) -> int:
    """A person who can never sign in; the id."""
    now = clock.now()
    user = insert(User).values(
        uuid=new_uuid(),
        calendar_code=new_uuid(),
        name=names.name,
        short_name=names.short_name,
        sortable_name=names.sortable_name,
        state="registered",
        created_at=now,
        updated_at=now,
    )
    user_id = insert_returning_id(db, user)
    directory.refresh(db, [user_id])
    return user_id


def finish_registration(db: Connection, user_id: int) -> None:
    """Somebody whom others have signed up has come."""
    db.execute(update(User).where(User.c.id == user_id).values(state="registered", updated_at=clock.now()))


def _insert_user(db: Connection, new: NewUser) -> int:
    now = clock.now()
    user = insert(User).values(
        uuid=new_uuid(), calendar_code=new_uuid(), **_fields(new, new.names), created_at=now, updated_at=now
    )
    return insert_returning_id(db, user)


def _fields(new: NewUser, names: Names) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": names.name,
        "short_name": names.short_name,
        "sortable_name": names.sortable_name,
        "state": UserState.REGISTERED if new.registered else UserState.PRE_REGISTERED,
        "time_zone": find_zone(new.time_zone) if new.time_zone else None,
        "locale": new.locale,
        "initial_enrollment_type": new.initial_enrollment_type,
    }
    if new.accepts_terms:
        fields["terms_accepted_at"] = clock.now()
    return fields


def _login(user_id: int, root_id: int, new: NewUser, password_hash: str | None) -> dict[str, Any]:
    now = clock.now()
    return {
        "user_id": user_id,
        "account_id": root_id,
        "unique_id": new.unique_id,
        "unique_id_key": search_key(new.unique_id),
        "authentication_provider_id": new.provider.id,
        "provider_key": new.provider.key,
        "password_hash": password_hash,
        "sis_user_id": new.sis_user_id,
        "integration_id": new.integration_id,
        "state": LoginState.ACTIVE,
        "created_at": now,
        "updated_at": now,
    }


class _Deleted(NamedTuple):
    login_id: int
    user_id: int
    # By another login.
    lives: bool


def _find_deleted(db: Connection, root_id: int, sis_user_id: str) -> _Deleted | None:
    """The login deleted last with this SIS id, unless a live one has it."""
    rows = (
        select(Login.c.id, Login.c.user_id, Login.c.state, (User.c.state != UserState.DELETED).label("lives"))
        .join(User, User.c.id == Login.c.user_id)
        .where(Login.c.account_id == root_id, Login.c.sis_user_id == sis_user_id)
        .order_by(Login.c.state == LoginState.DELETED, Login.c.deleted_at.desc(), Login.c.id.desc())
        .limit(1)
    )
    if (row := db.execute(rows).first()) is None or row.state != LoginState.DELETED:
        return None
    # Two who revive at once: the second finds it alive, and makes what is then taken.
    lock(db, User, [row.user_id])
    row = db.execute(rows).one()
    return _Deleted(row.id, row.user_id, row.lives) if row.state == LoginState.DELETED else None


def _revive(db: Connection, root_id: int, deleted: _Deleted, new: NewUser, password_hash: str | None) -> int:
    """Restore the login and its person under the same ids; values that are not given stay."""
    user = db.execute(
        select(User.c.name, User.c.short_name, User.c.sortable_name, User.c.state).where(User.c.id == deleted.user_id)
    ).one()
    name, short_name, sortable_name = new.names_given
    before = Names(user.name, user.short_name, user.sortable_name)
    names = names_after_change(before, name=name, short_name=short_name, sortable_name=sortable_name)
    fields = {key: value for key, value in _fields(new, names).items() if value is not None}
    if user.state != UserState.DELETED and not new.registered:
        fields["state"] = user.state
    login = _login(deleted.user_id, root_id, new, password_hash)
    kept = {"created_at"} | {key for key in ("password_hash", "integration_id") if login[key] is None}
    login = {key: value for key, value in login.items() if key not in kept} | {"deleted_at": None}
    _claim(db, root_id, new, update(Login).where(Login.c.id == deleted.login_id).values(**login))
    revived = update(User).where(User.c.id == deleted.user_id)
    db.execute(revived.values(**fields, deleted_at=None, updated_at=clock.now()))
    return deleted.user_id


def _claim(db: Connection, root_id: int, new: NewUser, statement: Any) -> None:
    """Write the login. Raises InvalidSignUp with every taken value."""
    try:
        claim(db, root_id, _wanted(new), lambda: db.execute(statement))
    except Taken as taken:
        raise InvalidSignUp(*_of_login(taken.faults)) from None


def _wanted(new: NewUser) -> Claim:
    return Claim(new.unique_id, new.provider.key, new.sis_user_id, new.integration_id)


def _of_login(faults: list[Fault]) -> list[Fault]:
    return [replace(fault, record="pseudonym") for fault in faults]
