"""Courses: list, show, create, change, delete (learning-resources.md §1)."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.canvas.courses.course_json import CourseJson, RestrictedCourseJson, course_json
from homeroom.canvas.courses.course_params import CourseValues, columns_of, place_of
from homeroom.canvas.people.users import enrollment_types_of
from homeroom.school.accounts.accounts.queries import FoundAccount, find_account
from homeroom.school.courses.courses import actions, listing
from homeroom.school.courses.courses.details import details_of
from homeroom.school.courses.courses.listing import OwnFilter
from homeroom.school.courses.courses.policy import access_to_courses
from homeroom.school.courses.courses.queries import (
    CourseRecord,
    FoundCourse,
    find_any_course,
    find_course,
)
from homeroom.school.courses.courses.rights import require_changes, require_event
from homeroom.school.courses.enrollments.actions import enroll_as_teacher
from homeroom.school.courses.terms import default_term_id
from homeroom.school.ground.errors import NotAllowed, NotFound, Refused
from homeroom.school.ground.ids import IdForm
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import CourseId, UserId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import RecordNumber
from homeroom.wire.routing.routes import BY_POLICY, PUBLIC, SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()
AnyCourseJson = CourseJson | RestrictedCourseJson


class ListCourses(Struct):
    enrollment_type: list[str] = []
    enrollment_role: frozenset[str] = frozenset()
    enrollment_role_id: frozenset[RecordNumber] = frozenset()
    enrollment_state: Literal["active", "invited_or_pending", "completed"] | None = None
    state: frozenset[str] = frozenset()
    account_id: str | None = None
    homeroom: bool = False
    sort: str | None = None
    exclude: frozenset[str] = frozenset()
    include: frozenset[str] = frozenset()


class ShowCourse(Struct):
    include: frozenset[str] = frozenset()
    teacher_limit: int | None = None


class CreateCourse(Struct):
    course: CourseValues | UnsetType = UNSET
    offer: bool = False
    enroll_me: bool = False
    enable_sis_reactivation: bool = False
    include: frozenset[str] = frozenset()


class ChangeCourse(Struct):
    course: CourseValues | UnsetType = UNSET
    offer: bool = False
    override_sis_stickiness: bool = True
    include: frozenset[str] = frozenset()


class DeleteCourse(Struct):
    event: str = ""


@route.get("/courses", right=SELF_ONLY)
def list_courses(params: Params[ListCourses], paging: Paging, call: Call) -> Page[AnyCourseJson]:
    """List your courses."""
    which = _own(call.db, call.actor, params)
    return render_courses_of(call, call.actor.id, which, params.include, paging, params.exclude)


@route.get("/users/:user_id/courses", right=BY_POLICY)
def list_courses_of_user(
    user_id: UserId, params: Params[ListCourses], paging: Paging, call: Call
) -> Page[AnyCourseJson]:
    """List courses for a user."""
    person = find_user(call.db, call.actor, user_id)
    policy.require(policy.can_read, call.db, call.actor, person.id)
    which = _own(call.db, call.actor, params)
    return render_courses_of(call, person.id, which, params.include, paging, params.exclude)


@route.get("/courses/:id", right=PUBLIC)
def show_course(id: CourseId, params: Params[ShowCourse], call: Call) -> AnyCourseJson:
    """Get a single course."""
    return _show(call, find_course(call.db, call.actor, id), params)


@route.get("/accounts/:account_id/courses/:id", right=PUBLIC)
def show_course_of_account(
    account: AccountContext, id: CourseId, params: Params[ShowCourse], call: Call
) -> AnyCourseJson:
    """Get a single course."""
    course = find_course(call.db, call.actor, id)
    if account.id not in course.ref.chain:
        raise NotFound("course")
    return _show(call, course, params)


@route.post("/accounts/:account_id/courses", right="manage_courses_add")
def create_course(account: AccountContext, params: Params[CreateCourse], call: Call) -> AnyCourseJson:
    """Create a new course."""
    given = params.course or CourseValues()
    values, place = columns_of(given, call.actor), place_of(call.db, call.actor, given)
    if "storage_quota_mb" in values:
        call.actor.require("manage_storage_quotas", account.ref)
    course_id = None
    if params.enable_sis_reactivation and values.get("sis_course_id"):
        course_id = _revived(call.db, call.actor, values, place, offer=params.offer)
    if course_id is None:
        course_id = actions.create_course(
            call.db,
            account_id=account.id,
            root_account_id=call.actor.root.id,
            term_id=place.get("enrollment_term_id") or default_term_id(call.db, call.actor.root.id),
            values=values,
            offer=params.offer or given.event == "offer",
        )
    if params.enroll_me:
        course = find_any_course(call.db, call.actor, IdForm("id", str(course_id)))
        enroll_as_teacher(call.db, call.actor.id, course.ref, course.record.root_account_id)
    return shown_course(call, course_id, params.include)


@route.put("/courses/:id", right=BY_POLICY)
def update_course(id: CourseId, params: Params[ChangeCourse], call: Call) -> AnyCourseJson:
    """Update a course."""
    given = params.course or CourseValues()
    event = "offer" if params.offer and not given.event else given.event
    course = (find_any_course if event == "undelete" else find_course)(call.db, call.actor, id)
    values = _changed(course.record, {**columns_of(given, call.actor), **place_of(call.db, call.actor, given)})
    if event:
        require_event(call.db, call.actor, course.record, event)
    if values or not event:
        require_changes(call.db, call.actor, course.record, values)
    if "account_id" in values:
        call.actor.require("manage_courses_add", _account(call.db, call.actor, values["account_id"]).ref)
    if event:
        actions.change_state(call.db, course.id, event)
    if values:
        respect = not params.override_sis_stickiness
        actions.update_course(call.db, course.record, values, respect_stickiness=respect)
    return shown_course(call, course.id, params.include)


@route.delete("/courses/:id", right=BY_POLICY)
def delete_course(id: CourseId, params: Params[DeleteCourse], actor: Actor, db: Connection) -> dict[str, bool]:
    """Delete/Conclude a course."""
    course = find_course(db, actor, id)
    event: Any = params.event
    require_event(db, actor, course.record, event if event == "delete" else "conclude")
    if event not in ("conclude", "delete"):
        raise Refused("The event must be 'delete' or 'conclude'.")
    actions.change_state(db, course.id, event)
    return {event: True}


def _own(db: Connection, actor: Actor, params: ListCourses) -> OwnFilter:
    account = find_account(db, actor, parse_id("account", params.account_id)) if params.account_id else None
    return OwnFilter(
        types=enrollment_types_of(params.enrollment_type),
        role_names=params.enrollment_role,
        role_ids=params.enrollment_role_id,
        enrollment_state=params.enrollment_state,
        states=params.state,
        below=account.row.ancestry if account else "",
        homeroom=params.homeroom,
    )


def render_courses_of(
    call: Call,
    user_id: int,
    which: OwnFilter,
    include: frozenset[str],
    paging: Paging,
    exclude: frozenset[str] = frozenset(),
) -> Page[AnyCourseJson]:
    """A page of a person's courses by the viewer's names of them, with the enrollments that brought them into it."""
    page = paging.of(call.db, listing.courses_of(call.db, call.actor, user_id, which), counted=True)
    ids = [course.id for course in page.items]
    shows_enrollments = "enrollments" not in exclude
    enrollments = listing.enrollments_in(call.db, user_id, which, ids) if shows_enrollments else None
    details = details_of(call.db, call.actor, page.items, include, enrollments=enrollments)
    return page.map(lambda course: course_json(course, call.actor, call.request.base_url, details, include))


def _show(call: Call, course: FoundCourse, params: ShowCourse) -> AnyCourseJson:
    if access_to_courses(call.db, call.actor, [course.id])[course.id] == "none":
        call.actor.require_signed_in()
        raise NotAllowed("read")
    json = _render(call, course.record, params.include)
    limit = params.teacher_limit
    if limit is not None and isinstance(json, CourseJson) and json.teachers and len(json.teachers) > limit:
        json.teacher_count, json.teachers = len(json.teachers), UNSET
    return json


def shown_course(call: Call, course_id: int, include: frozenset[str]) -> AnyCourseJson:
    """The course as it is after a change."""
    course = find_any_course(call.db, call.actor, IdForm("id", str(course_id)))
    return _render(call, course.record, include)


def _render(call: Call, course: CourseRecord, include: frozenset[str]) -> AnyCourseJson:
    mine = (
        listing.enrollments_in(call.db, call.actor.id, OwnFilter(states=frozenset(("all",))), [course.id])
        if call.actor.is_signed_in
        else {}
    )
    details = details_of(call.db, call.actor, [course], include, enrollments=mine or None)
    return course_json(course, call.actor, call.request.base_url, details, include)


def _changed(course: CourseRecord, values: dict[str, Any]) -> dict[str, Any]:
    """The values that differ from the course's. Unchanged values need no permission."""
    return {name: value for name, value in values.items() if getattr(course, name, UNSET) != value}


def _revived(db: Connection, actor: Actor, values: dict[str, Any], place: dict[str, int], *, offer: bool) -> int | None:
    course_id = actions.revive_course(db, actor.root.id, values["sis_course_id"])
    if course_id is not None:
        course = find_any_course(db, actor, IdForm("id", str(course_id)))
        require_event(db, actor, course.record, "undelete")
        place.pop("account_id", None)
        actions.update_course(db, course.record, {**values, **place})
        if offer:
            actions.change_state(db, course_id, "offer")
    return course_id


def _account(db: Connection, actor: Actor, account_id: int) -> FoundAccount:
    return find_account(db, actor, IdForm("id", str(account_id)))
