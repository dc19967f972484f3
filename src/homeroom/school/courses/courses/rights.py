"""A person's rights in a course. Checking the rows of a list needs no statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from homeroom.school.courses.courses.policy import Access, access_by_enrollments
from homeroom.school.courses.courses.queries import CourseRecord
from homeroom.school.ground.errors import NotAllowed
from homeroom.school.rights.actor import Actor, CourseRef
from homeroom.school.rights.reading import may_give_sis_ids, may_read_in_course


class CourseRights(NamedTuple):
    """What the actor may see of one course beyond its public fields."""

    # "restricted" by the dates of the actor's own enrollments alone; admins and others are "full" here.
    access: Access
    reads_sis: bool
    manages_sis: bool
    # Only for includes; False if they were not asked for.
    grades: bool = False
    creates_topics: bool = False
    creates_announcements: bool = False
    changes: bool = False


def rights_in(
    db: Connection, actor: Actor, course: CourseRecord, include: frozenset[str] = frozenset()
) -> CourseRights:
    """What the actor may see of this course. Needs no statement after ``Actor.load_courses``."""
    ref = course.ref

    def holds(permission: str) -> bool:
        return actor.holds_in_course(db, permission, ref)

    manages_sis = may_give_sis_ids(actor)
    shows_permissions = "permissions" in include
    return CourseRights(
        access=_access(db, actor, course, ref),
        reads_sis=manages_sis or may_read_in_course(db, actor, ref, "sis"),
        manages_sis=manages_sis,
        grades="needs_grading_count" in include and (holds("manage_grades") or holds("view_all_grades")),
        creates_topics=shows_permissions and holds("create_forum"),
        creates_announcements=shows_permissions and holds("create_announcement"),
        changes="self_enrollment_code" in include and may_change(db, actor, course),
    )


def may_change(db: Connection, actor: Actor, course: CourseRecord) -> bool:
    """Whether the actor may edit the course: its staff as their roles allow, and admins who manage courses."""
    if actor.holds("manage_courses_admin", course.account_ref):
        return True
    return actor.holds_in_course(db, "manage_course_content_edit", course.ref)


def _access(db: Connection, actor: Actor, course: CourseRecord, ref: CourseRef) -> Access:
    by_enrollments = access_by_enrollments(actor.course_roles(db, ref), course.state)
    if by_enrollments != "restricted" or course.is_public or course.is_public_to_auth_users:
        return "full"
    return "full" if actor.has_role_in(course.account_ref) else "restricted"


# The right that each event of a course needs; deleting and restoring needs a right on the account
# (learning-resources.md §1).
_EVENT_RIGHTS: Mapping[str, str] = {
    "offer": "manage_courses_publish",
    "claim": "manage_courses_publish",
    "conclude": "manage_courses_conclude",
    "delete": "manage_courses_delete",
    "undelete": "undelete_courses",
}
_BY_ACCOUNT_ALONE = frozenset(("delete", "undelete"))
_VISIBILITY = frozenset(("is_public", "is_public_to_auth_users", "public_syllabus", "public_syllabus_to_auth"))
_PLACE = frozenset(("account_id", "enrollment_term_id"))


def require_event(db: Connection, actor: Actor, course: CourseRecord, event: str) -> None:
    """Raise NotAllowed unless the actor may do this to the course."""
    right = _EVENT_RIGHTS[event]
    if actor.holds(right, course.account_ref):
        return
    if event in _BY_ACCOUNT_ALONE or not actor.holds_in_course(db, right, course.ref):
        raise NotAllowed(right)


def require_changes(db: Connection, actor: Actor, course: CourseRecord, attributes: Iterable[str]) -> None:
    """Raise NotAllowed unless the actor may change all of these columns of the course."""
    names = set(attributes)
    if not may_change(db, actor, course):
        raise NotAllowed("manage_course_content_edit")
    if names & _VISIBILITY and not actor.holds_in_course(db, "manage_course_visibility", course.ref):
        raise NotAllowed("manage_course_visibility")
    if names & _PLACE and not actor.holds("manage_courses_admin", course.account_ref):
        raise NotAllowed("manage_courses_admin")
    if "storage_quota_mb" in names and not actor.holds("manage_storage_quotas", course.account_ref):
        raise NotAllowed("manage_storage_quotas")
