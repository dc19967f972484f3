"""Rights on communication channels (identity.md §7)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.actor import Actor
from homeroom.school.errors import NotAllowed
from homeroom.school.people.users import policy as users
from homeroom.school.people.users.queries import accounts_of


def require(db: Connection, actor: Actor, user_id: int) -> None:
    """Raise NotAllowed unless they are the actor's own, or a person's whom the actor manages. Not for teachers."""
    users.require(users.can_manage, db, actor, user_id)


def can_confirm(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor may confirm an address without a mail."""
    if actor.is_site_admin:
        return True
    return actor.holds_anywhere("manage_students", accounts_of(db, user_id))


def require_retire(actor: Actor, channel: AnyRow) -> None:
    """Raise NotAllowed for an address from the SIS, unless the account lets people edit those."""
    if channel.made_by_sis and not actor.root.settings.edit_institution_email:
        raise NotAllowed("edit_institution_email")
