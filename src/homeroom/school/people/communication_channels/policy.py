"""Rights on communication channels (identity.md §7)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.communication_channels.channels import has_come
from homeroom.school.people.users import policy as users
from homeroom.school.rights.actor import Actor

LOGINS = "manage_user_logins"


def require(db: Connection, actor: Actor, user_id: int) -> None:
    """Raise NotAllowed unless they are the actor's own, or a person's whom the actor manages. Not for teachers."""
    users.require(users.can_manage, db, actor, user_id)


def can_confirm(actor: Actor) -> bool:
    """Whether the actor may confirm somebody's address without a mail to it.

    That needs a right on the root account: an admin of a sub-account can enroll anybody in a course there, and would so
    get rights over them.
    """
    return actor.is_site_admin or actor.holds("manage_students", actor.root.ref)


def can_invite(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the person, whom the actor manages, may finish their registration by an address that the actor gives."""
    return not actor.is_(user_id) and actor.holds(LOGINS, actor.root.ref) and not has_come(db, user_id)


def require_retire(actor: Actor, channel: AnyRow) -> None:
    """Raise NotAllowed for an address that the SIS gave, unless the account lets people edit those.

    An address that gets links to new passwords can be removed only by its owner or an admin of the root account.
    """
    if channel.trusted and not actor.is_(channel.user_id) and not actor.holds(LOGINS, actor.root.ref):
        raise NotAllowed(LOGINS)
    if channel.made_by_sis and not actor.root.settings.edit_institution_email:
        raise NotAllowed("edit_institution_email")
