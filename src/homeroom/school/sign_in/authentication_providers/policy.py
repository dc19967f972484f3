"""Who may change an authentication provider."""

from __future__ import annotations

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.account_roles import AccountRole
from homeroom.school.rights.actor import Actor, has_all_rights_of_roles
from homeroom.school.schema import AccountAdmin, Login, Role
from homeroom.school.states import LoginState

RIGHT = "manage_account_settings"


def require_power_over_people_of(db: Connection, actor: Actor, provider: AnyRow) -> None:
    """Raise NotAllowed unless the actor has every account right of everybody who signs in by the provider.

    Who says where a provider is, or what names a login there, can sign in as any of them.
    """
    rows = db.execute(
        select(AccountAdmin.c.account_id, AccountAdmin.c.role_id, Role.c.base_role_type, Role.c.name)
        .join(Role, Role.c.id == AccountAdmin.c.role_id)
        .join(Login, Login.c.user_id == AccountAdmin.c.user_id)
        .where(
            Login.c.provider_key == provider.id,
            Login.c.state != LoginState.DELETED,
            AccountAdmin.c.state == "active",
            Role.c.state != "deleted",
        )
        .distinct()
    )
    if not has_all_rights_of_roles(db, actor, [AccountRole(*row) for row in rows]):
        raise NotAllowed(RIGHT)
