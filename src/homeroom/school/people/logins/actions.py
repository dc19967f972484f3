"""Create, change and delete logins (identity.md §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from homeroom import clock
from homeroom.db import insert_returning_id
from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import Fault, Invalid, NotFound
from homeroom.school.ground.events import announce
from homeroom.school.ground.sis_stickiness import is_stuck, with_stuck

# It listens to changes of passwords as well.
from homeroom.school.people import account_notices, directory
from homeroom.school.people.events import LoginsClosed, PasswordChanged
from homeroom.school.people.logins.queries import ProviderRef, login_with_id
from homeroom.school.people.logins.uniqueness import Claim, Taken, claim
from homeroom.school.people.names import search_key
from homeroom.school.people.users.queries import hold_users
from homeroom.school.schema import (
    Login,
)
from homeroom.school.security.events import record
from homeroom.school.states import LoginState

# The columns that a SIS import leaves alone once somebody changed them by hand (custom-data-files-sis.md §3).
STICKY = frozenset(("unique_id", "declared_user_type"))


def make_login(
    db: Connection,
    account_id: int,
    user_id: int,
    given: Mapping[str, Any],
    provider: ProviderRef,
    password_hash: str | None,
) -> int:
    """Add a login to the person, after the others. ``given`` was checked. Raises Invalid for taken values, and NotFound
    if the person was deleted meanwhile.
    """
    now = clock.now()
    values = _columns(given)
    last = select(func.coalesce(func.max(Login.c.position), 0) + 1).where(Login.c.user_id == user_id).scalar_subquery()
    row = insert(Login).values(
        **values,
        user_id=user_id,
        account_id=account_id,
        authentication_provider_id=provider.id,
        provider_key=provider.key,
        password_hash=password_hash,
        position=last,
        state=LoginState.ACTIVE,
        created_at=now,
        updated_at=now,
    )
    hold_users(db, user_id)
    login_id: int = _claim(db, account_id, values, provider.key, lambda: insert_returning_id(db, row))
    _refresh(db, user_id)
    record(db, "login_created", user_id=user_id, object=("login", login_id))
    account_notices.tell_of_login(db, user_id, values["unique_id"])
    return login_id


def change_login(
    db: Connection,
    login: AnyRow,
    given: Mapping[str, Any],
    provider: ProviderRef | None,
    password_hash: str | None,
    *,
    respect_stickiness: bool,
    session_id: int | None,
) -> None:
    """Change the given fields, which were checked. Raises Invalid for taken values, NotFound if the login is already
    deleted.

    With ``respect_stickiness`` the fields that were changed by hand before stay. A new password ends the person's
    browser sessions except ``session_id``.
    """
    login = _held(db, login)
    values = _columns(given)
    if respect_stickiness:
        values = {name: value for name, value in values.items() if not is_stuck(login.stuck_sis_fields, name)}
        if "unique_id" not in values:
            values.pop("unique_id_key", None)
    changed = {name: value for name, value in values.items() if value != getattr(login, name)}
    changed["stuck_sis_fields"] = with_stuck(login.stuck_sis_fields, STICKY & changed.keys())
    key = login.provider_key
    if provider is not None:
        key = provider.key
        changed |= {"authentication_provider_id": provider.id, "provider_key": key}
    if key:
        changed["password_hash"] = None
    elif password_hash is not None:
        changed["password_hash"] = password_hash
    row = update(Login).where(Login.c.id == login.id).values(**changed, updated_at=clock.now())
    _claim(db, login.account_id, {"unique_id": login.unique_id, **changed}, key, lambda: db.execute(row), own=login.id)
    _refresh(db, login.user_id)
    _record_change(db, login, changed, password_hash is not None)
    if changed.get("state") == LoginState.SUSPENDED:
        announce(db, LoginsClosed(login.user_id, (login.id,)))
    if password_hash is not None:
        announce(db, PasswordChanged(login.user_id, session_id))


def delete_login(db: Connection, login: AnyRow) -> None:
    """Delete the login. It keeps its SIS id, so that an import can revive it. Raises Invalid for the last one, and
    NotFound if it is already deleted.
    """
    login = _held(db, login)
    others = select(func.count()).where(
        Login.c.user_id == login.user_id, Login.c.state != LoginState.DELETED, Login.c.id != login.id
    )
    if not db.execute(others).scalar_one():
        raise Invalid(Fault("base", "invalid", "Users must have at least one login"))
    now = clock.now()
    db.execute(
        update(Login).where(Login.c.id == login.id).values(state=LoginState.DELETED, deleted_at=now, updated_at=now)
    )
    announce(db, LoginsClosed(login.user_id, (login.id,)))
    _refresh(db, login.user_id)
    record(db, "login_deleted", user_id=login.user_id, object=("login", login.id))


def _record_change(db: Connection, login: AnyRow, changed: Mapping[str, Any], has_new_password: bool) -> None:
    about: Any = {"user_id": login.user_id, "object": ("login", login.id)}
    names = sorted(changed.keys() - {"stuck_sis_fields", "unique_id_key", "password_hash", "state"})
    if names:
        record(db, "login_changed", **about, fields=names)
    if "state" in changed:
        record(db, "login_suspended" if changed["state"] == LoginState.SUSPENDED else "login_restored", **about)
    if has_new_password:
        record(db, "password_changed", **about)


def _held(db: Connection, login: AnyRow) -> AnyRow:
    """The login, locked until this transaction ends. Raises NotFound."""
    # The person goes before their logins, always: two who hold both in another order would wait for each other.
    hold_users(db, login.user_id)
    login = login_with_id(db, login.id)
    if login.state == LoginState.DELETED:
        raise NotFound("login")
    return login


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns for these fields; blank ids and types become null."""
    values: dict[str, Any] = {}
    if "unique_id" in given:
        values |= {"unique_id": given["unique_id"], "unique_id_key": search_key(given["unique_id"])}
    for name in ("sis_user_id", "integration_id", "declared_user_type"):
        if name in given:
            values[name] = given[name] or None
    if "workflow_state" in given:
        values["state"] = given["workflow_state"]
    return values


def _claim(
    db: Connection, account_id: int, values: Mapping[str, Any], key: int, write: Any, *, own: int | None = None
) -> Any:
    wanted = Claim(values.get("unique_id"), key, values.get("sis_user_id"), values.get("integration_id"))
    try:
        return claim(db, account_id, wanted, write, own=own)
    except Taken as taken:
        raise Invalid(*taken.faults) from None


def _refresh(db: Connection, user_id: int) -> None:
    directory.refresh(db, [user_id])
    directory.associate(db, [user_id])
