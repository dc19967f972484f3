"""Rights to enroll people and to end enrollments (learning-resources.md §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from homeroom.school.courses.enrollments.queries import EnrollmentRecord, records_by_user
from homeroom.school.courses.sections import visible_sections
from homeroom.school.ground.errors import NotAllowed, NotFound, Refused
from homeroom.school.people.users.policy import can_show
from homeroom.school.rights.actor import Actor, CourseRef
from homeroom.school.rights.enrollment_states import CURRENT, LEARNERS
from homeroom.school.states import EnrollmentState

# The states that are visible without the right to manage people; deactivated people are not.
_SEEN_BY_ALL = frozenset((*CURRENT, EnrollmentState.COMPLETED, EnrollmentState.CREATION_PENDING))
CONCLUDED = "Can't add an enrollment to a concluded course."


def states_seen(db: Connection, actor: Actor, course: CourseRef, states: Iterable[str]) -> frozenset[str]:
    """The given stored states in which the actor may see people of the course."""
    wanted = frozenset(states)
    return wanted if actor.holds_in_course(db, "manage_students", course) else wanted & _SEEN_BY_ALL


def enrollments_seen(
    db: Connection, actor: Actor, course: CourseRef, user_ids: Collection[int]
) -> dict[int, list[EnrollmentRecord]]:
    """By user id, these people's enrollments in the course that the actor may see, oldest first."""
    records = records_by_user(db, course.id, list(user_ids))
    states = states_seen(db, actor, course, {record.state for some in records.values() for record in some})
    visible = visible_sections(db, actor, course)
    return {
        id: [
            record
            for record in records.get(id, ())
            if record.state in states and (visible is None or record.course_section_id in visible)
        ]
        for id in user_ids
    }


def sees_all_grades(db: Connection, actor: Actor, course: CourseRef) -> bool:
    """Whether the actor may see everybody's grades in the course; people see their own, and observers, without it."""
    return any(actor.holds_in_course(db, name, course) for name in ("view_all_grades", "manage_grades"))


def observed_in(db: Connection, actor: Actor, course: CourseRef) -> frozenset[int]:
    """The students whom the actor observes in the course now."""
    roles = actor.course_roles(db, course)
    return frozenset(
        role.associated_user_id for role in roles if role.associated_user_id and role.state == EnrollmentState.ACTIVE
    )


def require_add(db: Connection, actor: Actor, course: CourseRef, type_: str, section_id: int) -> None:
    """Raise NotAllowed unless the actor may enroll people of this type into this section.

    Staff whose course is over is told so: Refused.
    """
    if any(role.is_past and role.type not in LEARNERS for role in actor.course_roles(db, course)):
        raise Refused(CONCLUDED)
    _require(db, actor, course, f"add_{_kind(type_)}_to_course", section_id)


def require_known(db: Connection, actor: Actor, course: CourseRef, user_id: int) -> None:
    """Raise NotFound unless the person is in the course, or the actor may see them elsewhere.

    An observer's enrollment shows whom it observes, and must not show people whom its maker does not know.
    """
    if enrollments_seen(db, actor, course, [user_id])[user_id] or can_show(db, actor, user_id):
        return
    raise NotFound("user")


def limit_of_new(
    db: Connection, actor: Actor, course: CourseRef, wanted: bool | UnsetType
) -> tuple[bool | UnsetType, bool]:
    """Whether somebody whom the actor enrolls is limited to the section: as was said, and where it is a new enrollment.

    Who is limited brings nobody in who sees more, not even themselves, and changes nobody's limit. Raises NotAllowed.
    """
    if visible_sections(db, actor, course) is None:
        return wanted, False
    if wanted is False:
        raise NotAllowed("limit_privileges_to_course_section")
    return UNSET, True


def require_remove(db: Connection, actor: Actor, enrollment: EnrollmentRecord) -> None:
    """Raise NotAllowed unless the actor may end this enrollment."""
    right = f"remove_{_kind(enrollment.type)}_from_course"
    _require(db, actor, enrollment.course_ref, right, enrollment.course_section_id)


def can_remove(db: Connection, actor: Actor, course: CourseRef, type_: str) -> bool:
    return actor.holds_in_course(db, f"remove_{_kind(type_)}_from_course", course)


def _require(db: Connection, actor: Actor, course: CourseRef, right: str, section_id: int) -> None:
    actor.require_in_course(db, right, course)
    visible = visible_sections(db, actor, course)
    if visible is not None and section_id not in visible:
        raise NotAllowed(right)


def _kind(type_: str) -> str:
    return type_.removesuffix("Enrollment").lower()
