"""Who may create, change and delete logins (identity.md §6).

Who may read them: ``can_read`` of ``people/users/policy.py`` for the list of a person's logins, and
``rights/reading.py`` for the login that rides along with a person.
"""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.people.users import policy as users
from homeroom.school.rights.actor import Actor, has_all_rights_of

RIGHT = "manage_user_logins"
SIS_FIELDS = frozenset(("sis_user_id", "integration_id"))


def can_manage(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor manages logins of the root account, may read the person, and is not outranked by them."""
    return (
        actor.holds(RIGHT, actor.root.ref)
        and users.can_read(db, actor, user_id)
        and has_all_rights_of(db, actor, user_id)
    )


def is_own(actor: Actor, user_id: int) -> bool:
    """Whether the login is the actor's own. Masquerading does not make the actor the owner of a password."""
    return actor.is_(user_id) and not actor.is_masquerading


def can_change_password(actor: Actor, user_id: int, *, manages: bool) -> bool:
    return is_own(actor, user_id) or (manages and actor.root.settings.admins_can_change_passwords)
