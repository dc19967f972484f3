"""The people of a course, and the caller's rights in it (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import CourseContext
from homeroom.canvas.courses.enrollment_json import enrollments_of_users
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.canvas.people.users import enrollment_types_of
from homeroom.school.courses.rosters import (
    Member,
    RosterFilter,
    everybody_in,
    find_person_in_course,
    people_of_course,
)
from homeroom.school.courses.student_view import student_view_student
from homeroom.school.ground.ids import number_in
from homeroom.school.people.users.queries import find_person, find_user_id, user_id_of
from homeroom.school.people.users.search import read_term
from homeroom.school.rights.actor import Actor, CourseRef
from homeroom.school.rights.enrollment_states import CURRENT
from homeroom.school.rights.permissions import PERMISSIONS, STUDENT
from homeroom.school.states import EnrollmentState
from homeroom.wire.params.ids import UserId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import RecordNumber
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()

_STATES = frozenset(("active", "invited", "rejected", "completed", "inactive"))
_SORTS = frozenset(("username", "email", "sis_id", "last_login"))
_INCLUDES = {name: name for name in ("avatar_url", "email", "uuid", "last_login", "time_zone")} | {"bio": "profile"}


class ListCourseUsers(Struct):
    search_term: str | None = None
    sort: str | None = None
    order: Literal["asc", "desc"] = "asc"
    enrollment_type: list[str] = []
    enrollment_role: frozenset[str] = frozenset()
    enrollment_role_id: frozenset[RecordNumber] = frozenset()
    enrollment_state: frozenset[str] = frozenset()
    include_inactive: bool = False
    section_ids: frozenset[RecordNumber] = frozenset()
    user_id: str | None = None
    user_ids: list[str] | None = None
    user_uuids: list[str] | None = None
    include: frozenset[str] = frozenset()


class ListStudents(Struct):
    include: frozenset[str] = frozenset()


class ShowCourseUser(Struct):
    include: frozenset[str] = frozenset()


class AskPermissions(Struct):
    permissions: list[str] | None = None


@route.get("/courses/:course_id/users", right="read_roster")
@route.get(
    "/courses/:course_id/search_users",
    right="read_roster",
    name="search_course_users",
    summary="Search for users in a course: the same list under its older name",
)
def list_course_users(
    course: CourseContext, params: Params[ListCourseUsers], paging: Paging, call: Call
) -> Page[UserJson]:
    """List users in course."""
    which = RosterFilter(
        term=read_term(params.search_term),
        types=enrollment_types_of(params.enrollment_type),
        roles=params.enrollment_role,
        role_ids=params.enrollment_role_id,
        states=_states(params),
        user_ids=_ids(params.user_ids),
        uuids=params.user_uuids,
        section_ids=params.section_ids,
        with_test_student="test_student" in params.include,
    )
    stands_on = user_id_of(call.db, call.actor, parse_id("user", params.user_id)) if params.user_id else None
    descending = params.order == "desc"
    return _page(call, course.ref, which, params.include, paging, params.sort, descending, stands_on)


@route.get("/courses/:course_id/students", right="read_roster")
def list_course_students(course: CourseContext, params: Params[ListStudents], call: Call) -> list[UserJson]:
    """List students: all of them at once, by name."""
    which = RosterFilter(types=(STUDENT,), states=(EnrollmentState.ACTIVE,))
    students = everybody_in(call.db, call.actor, course.ref, which)
    return _rendered(call, course.ref, students, params.include)


@route.get("/courses/:course_id/recent_students", right="manage_students")
def list_recent_students(course: CourseContext, paging: Paging, call: Call) -> Page[UserJson]:
    """List recently logged in students."""
    which = RosterFilter(types=(STUDENT,), states=(EnrollmentState.ACTIVE,))
    include = frozenset(("last_login",))
    return _page(call, course.ref, which, include, paging, "last_login", descending=True)


@route.get("/courses/:course_id/student_view_student", right="manage_course_content_edit", writes=True)
def show_student_view_student(course: CourseContext, call: Call) -> UserJson:
    """Return test student for course: made the first time that it is asked for."""
    user_id = student_view_student(call.db, course.ref, course.record.root_account_id)
    return user_json(find_person(call.db, user_id), UserView.in_course(call, course.ref))


@route.get("/courses/:course_id/users/:id", right="read_roster")
def show_course_user(course: CourseContext, id: UserId, params: Params[ShowCourseUser], call: Call) -> UserJson:
    """Get single user."""
    member = find_person_in_course(call.db, call.actor, course.ref, find_user_id(call.db, call.actor, id))
    return _rendered(call, course.ref, [member], params.include)[0]


@route.get("/courses/:course_id/permissions", right=BY_POLICY)
def show_course_permissions(
    course: CourseContext, params: Params[AskPermissions], actor: Actor, db: Connection
) -> dict[str, bool]:
    """Permissions: those of the caller in the course."""
    asked = sorted(PERMISSIONS) if params.permissions is None else params.permissions
    return {name: name in PERMISSIONS and actor.holds_in_course(db, name, course.ref) for name in asked}


def _states(params: ListCourseUsers) -> frozenset[str] | None:
    if params.enrollment_state:
        return params.enrollment_state & _STATES
    return frozenset((*CURRENT, "inactive")) if params.include_inactive else None


def _ids(given: list[str] | None) -> list[int] | None:
    """Numbers, one by one or several in one text; whatever is none is nobody's."""
    if given is None:
        return None
    texts = [text.strip() for item in given for text in item.split(",")]
    return [number_in(text) for text in texts]


def _page(
    call: Call,
    course: CourseRef,
    which: RosterFilter,
    include: frozenset[str],
    paging: Paging,
    sort: Any = None,
    descending: bool = False,
    stands_on: int | None = None,
) -> Page[UserJson]:
    known = sort if sort in _SORTS else None
    descending = descending and known is not None
    people = people_of_course(call.db, call.actor, course, which, known, descending=descending)
    if stands_on is not None:
        paging.turn_to(call.db, people, stands_on)
    page = paging.of(call.db, people, counted=True)
    return page.with_items(_rendered(call, course, page.items, include))


def _rendered(call: Call, course: CourseRef, members: Sequence[Member], include: frozenset[str]) -> list[UserJson]:
    view = UserView.in_course(call, course)
    of_newcomer = view.of_newcomer()
    # The address is there without being asked for, for those who may read it.
    shown = frozenset(_INCLUDES[name] for name in include if name in _INCLUDES) | {"email"}
    if not call.actor.holds_in_course(call.db, "manage_students", course):
        # When others were here last is not a student's business.
        shown -= {"last_login"}
    found = [user_json(person, of_newcomer if is_newcomer else view, shown) for person, is_newcomer in members]
    if "enrollments" in include:
        enrollments = enrollments_of_users(call, course, [member.person for member in members])
        for user in found:
            user.enrollments = list(enrollments[user.id])
    return found
