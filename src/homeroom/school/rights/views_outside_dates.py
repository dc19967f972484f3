"""Whether students may look into a course before it begins and after it has ended (learning-resources.md §1).

They may, unless the course or an account above it restricts that. An account's word holds below it until an account or
the course says otherwise; what an account has locked nobody below it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.rights.enrollment_states import ENDED, FUTURE, LEARNERS, RESTRICTED
from homeroom.school.schema import Account, Course

PAST, BEFORE = "restrict_student_past_view", "restrict_student_future_view"
NAMES = (PAST, BEFORE)
# A NamedTuple with ``type`` and ``state``.
R = TypeVar("R", bound=Any)
_RESTRICTING = {ENDED: PAST, FUTURE: BEFORE}


class Restriction(NamedTuple):
    """What one of the two settings is worth somewhere.

    ``locked``: by an account above. ``inherited``: not said here.
    """

    value: bool = False
    locked: bool = False
    inherited: bool = True


def with_closed_views(
    db: Connection, roles: Mapping[int, list[R]], chains: Mapping[int, Sequence[int]]
) -> dict[int, list[R]]:
    """These roles by course, RESTRICTED where students are outside the dates of a course that is then closed to them.

    Two statements, and none where nobody is outside. ``chains``: course id -> the chain of its account.
    """
    outside = {id: chains[id] for id, mine in roles.items() if any(_is_outside(role) for role in mine)}
    found = dict(roles)
    for id, restrictions in restrictions_of_courses(db, outside).items():
        closed = {state for state, name in _RESTRICTING.items() if restrictions[name].value}
        found[id] = [
            role._replace(state=RESTRICTED) if _is_outside(role) and role.state in closed else role
            for role in roles[id]
        ]
    return found


def _is_outside(role: Any) -> bool:
    return role.type in LEARNERS and role.state in _RESTRICTING


def restrictions_of_courses(db: Connection, courses: Mapping[int, Sequence[int]]) -> dict[int, dict[str, Restriction]]:
    """By course, both settings by name. ``courses``: course id -> the chain of its account."""
    if not courses:
        return {}
    rows = db.execute(select(Course.c.id, *(Course.c[name] for name in NAMES)).where(Course.c.id.in_(courses)))
    said = {row.id: row for row in rows}
    accounts = _accounts(db, {account for chain in courses.values() for account in chain})
    return {
        id: {name: _below(_of_account(accounts, chain, name), getattr(said[id], name)) for name in NAMES}
        for id, chain in courses.items()
    }


def restrictions_of_account(db: Connection, chain: Sequence[int]) -> dict[str, Restriction]:
    """Both settings of the account that the chain begins with; ``locked`` is by one above it."""
    accounts = _accounts(db, set(chain))
    own = accounts[chain[0]]
    return {name: _below(_of_account(accounts, chain[1:], name), getattr(own, name)) for name in NAMES}


def _accounts(db: Connection, ids: set[int]) -> dict[int, AnyRow]:
    columns = [Account.c[column] for name in NAMES for column in (name, f"{name}_locked")]
    return {row.id: row for row in db.execute(select(Account.c.id, *columns).where(Account.c.id.in_(ids)))}


def _of_account(accounts: Mapping[int, AnyRow], chain: Sequence[int], name: str) -> Restriction:
    """What holds right below the first account of the chain."""
    found = Restriction()
    for account_id in reversed(chain):
        row = accounts[account_id]
        found = _below(found, getattr(row, name))
        if getattr(row, f"{name}_locked"):
            found = found._replace(locked=True)
    return found._replace(inherited=True)


def _below(above: Restriction, said: bool | None) -> Restriction:
    """What holds for somebody below who says this."""
    if above.locked or said is None:
        return above._replace(inherited=True)
    return Restriction(bool(said), inherited=False)
