"""Who may read the values of people that not everybody sees: login, SIS id and e-mail address; who may give SIS ids.

Faces, searches, sorts, rosters and lists all ask here. A value that is not shown must not be found or sorted by either:
that would tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from homeroom.school.rights.actor import AccountRef, Actor, CourseRef

Guarded = Literal["login", "sis", "email"]

GIVES_SIS_IDS = "manage_sis"

# One of these rights is enough. Those of "sis" are for the SIS ids of accounts, courses and terms too.
READERS: Mapping[Guarded, tuple[str, ...]] = {
    "login": ("view_user_logins",),
    "sis": ("read_sis", GIVES_SIS_IDS),
    "email": ("read_email_addresses",),
}

# What a course does not show of people who have not come into it yet (see ``courses.newcomers``).
HIDDEN_OF_NEWCOMERS: frozenset[Guarded] = frozenset(("login", "email"))


def may_read(actor: Actor, account: AccountRef, what: Guarded) -> bool:
    """Whether the actor may read this of the account's people."""
    return actor.holds_any(READERS[what], account)


def may_read_in_course(db: Connection, actor: Actor, course: CourseRef, what: Guarded) -> bool:
    """Whether the actor may read this of the course's people."""
    return any(actor.holds_in_course(db, right, course) for right in READERS[what])


def may_give_sis_ids(actor: Actor) -> bool:
    """Whether the actor may set SIS ids, and see which import brought a record."""
    return actor.holds(GIVES_SIS_IDS, actor.root.ref)


def require_giving_sis_ids(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may set SIS ids."""
    actor.require(GIVES_SIS_IDS, actor.root.ref)


def with_sis_ids_allowed(actor: Actor, values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The values that were given. SIS ids, which have these names, are ignored unless the actor may set them; a blank
    one is null.
    """
    may_give, names = may_give_sis_ids(actor), frozenset(names)
    return {
        name: (value or None) if name in names else value
        for name, value in values.items()
        if may_give or name not in names
    }
