"""Role overrides below the API, to set a scene."""

from __future__ import annotations

from sqlalchemy import insert

from homeroom.school.schema import RoleOverride
from tests.conftest import School
from tests.support.cast import THEN


def say(school: School, role: str, permission: str, enabled: bool) -> None:
    """What the root account says. ``role``: a built-in role's name, or ``narrow_role``."""
    values = {"account_id": 1, "role_id": school.ids.get(role) or school.id(f"role_{role}"), "permission": permission}
    school.write(
        lambda db: db.execute(insert(RoleOverride).values(**values, enabled=enabled, created_at=THEN, updated_at=THEN))
    )


def deny(school: School, role: str, permission: str) -> None:
    say(school, role, permission, False)


def allow(school: School, role: str, permission: str) -> None:
    say(school, role, permission, True)
