"""The role for an enrollment, by its id, name or type (learning-resources.md §3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, case, select

from homeroom.school.ground.errors import Refused
from homeroom.school.rights.actor import CourseRef
from homeroom.school.rights.permissions import COURSE_ROLES, STUDENT
from homeroom.school.schema import Role

INVALID_TYPE = "Invalid type"
INVALID_ROLE = "Invalid role"
INACTIVE_ROLE = "Cannot create an enrollment with this role because it is inactive."
OTHER_TYPE = "The specified type must match the base type for the role"


class EnrollmentRole(NamedTuple):
    id: int
    type: str


def role_in_course(
    db: Connection, course: CourseRef, *, type_: str | None = None, role_id: int | None = None, name: str | None = None
) -> EnrollmentRole:
    """The role that is meant; without any it is the student's. Raises Refused with the documented sentence."""
    if type_ is not None and type_ not in COURSE_ROLES:
        raise Refused(INVALID_TYPE)
    rows = select(Role.c.id, Role.c.base_role_type, Role.c.state).where(
        Role.c.account_id.in_(course.chain), Role.c.state != "deleted", Role.c.base_role_type.in_(COURSE_ROLES)
    )
    if role_id is not None:
        rows = rows.where(Role.c.id == role_id)
    else:
        # The nearest account's role of that name counts.
        nearness = case({account: at for at, account in enumerate(course.chain)}, value=Role.c.account_id)
        rows = rows.where(Role.c.name == (name or type_ or STUDENT)).order_by(nearness)
    row = db.execute(rows.limit(1)).first()
    if row is None:
        raise Refused(INVALID_ROLE)
    if row.state == "inactive":
        raise Refused(INACTIVE_ROLE)
    if type_ is not None and type_ != row.base_role_type:
        raise Refused(OTHER_TYPE)
    return EnrollmentRole(row.id, row.base_role_type)


def require_known_roles(db: Connection, names: Collection[str]) -> None:
    """Raise Refused for a name that no course role has in any account."""
    if not names:
        return
    rows = select(Role.c.name).where(
        Role.c.name.in_(names), Role.c.state != "deleted", Role.c.base_role_type.in_(COURSE_ROLES)
    )
    if set(names) - set(db.execute(rows).scalars()):
        raise Refused(INVALID_ROLE)
