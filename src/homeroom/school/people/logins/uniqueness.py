"""The values that only one live login of a root account can have: its login id with a provider, and its SIS ids. The
unique indexes decide; this module turns a violation into the documented error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.exc import IntegrityError

from homeroom.db import violated
from homeroom.school.ground.errors import Fault
from homeroom.school.people.names import search_key
from homeroom.school.schema import (
    Login,
)
from homeroom.school.states import LoginState


class Claim(NamedTuple):
    """The values that a login will have; None for values that do not change."""

    unique_id: str | None
    provider_key: int = 0
    sis_user_id: str | None = None
    integration_id: str | None = None


class Taken(Exception):
    """Another login has some of the values; ``faults`` name them."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(fault.attribute for fault in faults))
        self.faults = faults


def claim(db: Connection, account_id: int, wanted: Claim, write: Callable[[], Any], *, own: int | None = None) -> Any:
    """Run the write and return what it returns. Raises Taken; the transaction goes on as before the write.

    ``own`` is the login that is changed; its own values do not count as taken.
    """
    try:
        with db.begin_nested():
            return write()
    except IntegrityError as error:
        index = violated(error, Login)
        if index not in _FAULTS:
            raise
        # Only one index was violated; other values of the form may be taken too.
        raise Taken(what_is_taken(db, account_id, wanted, own=own) or [_FAULTS[index](wanted)]) from None


def what_is_taken(db: Connection, account_id: int, wanted: Claim, *, own: int | None = None) -> list[Fault]:
    """The values that other logins have right now. Only ``claim`` is certain."""
    held: dict[str, ColumnElement[bool]] = {}
    if wanted.unique_id is not None:
        same = Login.c.unique_id_key == search_key(wanted.unique_id)
        held["uq_logins_unique_id"] = same & (Login.c.provider_key == wanted.provider_key)
    if wanted.sis_user_id:
        held["uq_logins_sis_user_id"] = Login.c.sis_user_id == wanted.sis_user_id
    if wanted.integration_id:
        held["uq_logins_integration_id"] = Login.c.integration_id == wanted.integration_id
    if not held:
        return []
    others = select(Login.c.id).where(
        Login.c.account_id == account_id, Login.c.state != LoginState.DELETED, Login.c.id != (own or 0)
    )
    found = db.execute(select(*(others.where(test).exists().label(name) for name, test in held.items()))).one()
    return [_FAULTS[name](wanted) for name in held if found._mapping[name]]


_FAULTS: dict[str, Callable[[Claim], Fault]] = {
    "uq_logins_unique_id": lambda _wanted: Fault(
        "unique_id", "taken", "ID already in use for this account and authentication provider"
    ),
    "uq_logins_sis_user_id": lambda wanted: Fault(
        "sis_user_id", "taken", f'SIS ID "{wanted.sis_user_id}" is already in use'
    ),
    "uq_logins_integration_id": lambda wanted: Fault(
        "integration_id", "taken", f'Integration ID "{wanted.integration_id}" is already in use'
    ),
}
