"""Enrollments: list, show, enroll, accept, end (learning-resources.md §3)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext, CourseContext, SectionContext
from homeroom.canvas.courses.enrollment_json import EnrollmentJson, enrollment_json, views_of
from homeroom.canvas.courses.enrollment_params import EnrollmentValues, new_enrollment
from homeroom.canvas.people.users import enrollment_types_of
from homeroom.school.courses.courses.queries import FoundCourse, find_course
from homeroom.school.courses.enrollments import actions, listing, policy
from homeroom.school.courses.enrollments.listing import EnrollmentFilter
from homeroom.school.courses.enrollments.notices import tell_of_enrollment
from homeroom.school.courses.enrollments.queries import EnrollmentRecord, find_enrollment
from homeroom.school.courses.enrollments.roles import require_known_roles
from homeroom.school.courses.terms import find_term
from homeroom.school.ground.errors import NotAllowed, NotFound, Refused
from homeroom.school.ground.ids import IdForm
from homeroom.school.ground.listing import Listing
from homeroom.school.people.users.queries import find_user, people_with_ids, user_id_of
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.ids import RecordId, UserId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import RecordNumber
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


class ListEnrollments(Struct):
    type: list[str] = []
    role: frozenset[str] = frozenset()
    role_id: frozenset[RecordNumber] = frozenset()
    state: frozenset[str] = frozenset()
    user_id: str | None = None
    sis_account_id: frozenset[str] = frozenset()
    sis_course_id: frozenset[str] = frozenset()
    sis_section_id: frozenset[str] = frozenset()
    sis_user_id: frozenset[str] = frozenset()
    enrollment_term_id: str | None = None
    include: frozenset[str] = frozenset()


class ShowEnrollment(Struct):
    include: frozenset[str] = frozenset()


class Enroll(Struct):
    enrollment: EnrollmentValues | UnsetType = UNSET
    include: frozenset[str] = frozenset()


class EndEnrollment(Struct):
    task: str = "conclude"


@route.get("/courses/:course_id/enrollments", right=BY_POLICY)
def list_course_enrollments(
    course: CourseContext, params: Params[ListEnrollments], paging: Paging, call: Call
) -> Page[EnrollmentJson]:
    """List enrollments of a course."""
    found = listing.enrollments_in_course(call.db, call.actor, course.ref, _filter(call.db, call.actor, params))
    return _page(call, found, paging, params.include)


@route.get("/sections/:section_id/enrollments", right=BY_POLICY)
def list_section_enrollments(
    section: SectionContext, params: Params[ListEnrollments], paging: Paging, call: Call
) -> Page[EnrollmentJson]:
    """List enrollments of a section."""
    which = _filter(call.db, call.actor, params)
    found = listing.enrollments_in_course(call.db, call.actor, section.ref, which, section_id=section.id)
    return _page(call, found, paging, params.include)


@route.get("/users/:user_id/enrollments", right=BY_POLICY)
def list_user_enrollments(
    user_id: UserId, params: Params[ListEnrollments], paging: Paging, call: Call
) -> Page[EnrollmentJson]:
    """List enrollments of a user."""
    person = find_user(call.db, call.actor, user_id)
    found = listing.enrollments_of_user(call.db, call.actor, person.id, _filter(call.db, call.actor, params))
    return _page(call, found, paging, params.include)


@route.get("/accounts/:account_id/enrollments/:id", right="read_roster")
def show_enrollment(
    account: AccountContext, id: RecordId, params: Params[ShowEnrollment], call: Call
) -> EnrollmentJson:
    """Enrollment by ID."""
    record = find_enrollment(call.db, id)
    if account.id not in record.course_ref.chain:
        raise NotFound("enrollment")
    return _render(call, record, params.include)


@route.post("/courses/:course_id/enrollments", right=BY_POLICY)
def enroll_in_course(course: CourseContext, params: Params[Enroll], call: Call) -> EnrollmentJson:
    """Enroll a user in a course."""
    return _enroll(call, course, None, params)


@route.post("/sections/:section_id/enrollments", right=BY_POLICY)
def enroll_in_section(section: SectionContext, params: Params[Enroll], call: Call) -> EnrollmentJson:
    """Enroll a user in a section."""
    course = find_course(call.db, call.actor, IdForm("id", str(section.course_id)))
    return _enroll(call, course, section.id, params)


class SuccessJson(Struct):
    success: bool


@route.post("/courses/:course_id/enrollments/:id/accept", right=BY_POLICY)
def accept_invitation(course: CourseContext, id: RecordId, actor: Actor, db: Connection) -> SuccessJson | Answer:
    """Accept Course Invitation."""
    return _answer_invitation(db, _own_in_course(db, actor, course, id), actions.accept)


@route.post("/courses/:course_id/enrollments/:id/reject", right=BY_POLICY)
def reject_invitation(course: CourseContext, id: RecordId, actor: Actor, db: Connection) -> SuccessJson | Answer:
    """Reject Course Invitation."""
    return _answer_invitation(db, _own_in_course(db, actor, course, id), actions.reject)


@route.delete("/courses/:course_id/enrollments/:id", right=BY_POLICY)
def end_enrollment(course: CourseContext, id: RecordId, params: Params[EndEnrollment], call: Call) -> EnrollmentJson:
    """Conclude, deactivate, or delete an enrollment."""
    record = _in_course(call.db, call.actor, course, id)
    policy.require_remove(call.db, call.actor, record)
    _TASKS.get(params.task, actions.conclude)(call.db, record)
    return _render(call, actions.find_record(call.db, record.id), frozenset())


_ROSTER = "read_roster"
_TASKS = {
    "conclude": actions.conclude,
    "delete": actions.remove,
    "deactivate": actions.deactivate,
    "inactivate": actions.deactivate,
}


@route.put("/courses/:course_id/enrollments/:id/reactivate", right=BY_POLICY)
def reactivate_enrollment(course: CourseContext, id: RecordId, call: Call) -> EnrollmentJson | Answer:
    """Re-activate an enrollment."""
    record = _in_course(call.db, call.actor, course, id)
    policy.require_add(call.db, call.actor, course.ref, record.type, record.course_section_id)
    try:
        actions.reactivate(call.db, record)
    except Refused as refused:
        return _error(refused)
    return _render(call, actions.find_record(call.db, record.id), frozenset())


def _filter(db: Connection, actor: Actor, params: ListEnrollments) -> EnrollmentFilter:
    require_known_roles(db, params.role)
    # A user who does not exist has no enrollments.
    user_id = user_id_of(db, actor, parse_id("user", params.user_id)) or 0 if params.user_id else None
    term = params.enrollment_term_id
    return EnrollmentFilter(
        types=enrollment_types_of(params.type),
        roles=params.role,
        role_ids=params.role_id,
        states=params.state,
        sis_account_ids=params.sis_account_id,
        sis_course_ids=params.sis_course_id,
        sis_section_ids=params.sis_section_id,
        sis_user_ids=params.sis_user_id,
        term_ids=frozenset((find_term(db, actor, parse_id("term", term)).id,)) if term else frozenset(),
        user_id=user_id,
    )


def _page(
    call: Call, found: Listing[EnrollmentRecord], paging: Paging, include: frozenset[str]
) -> Page[EnrollmentJson]:
    page = paging.of(call.db, found)
    return page.with_items(_rendered(call, list(page.items), include))


def _render(call: Call, record: EnrollmentRecord, include: frozenset[str]) -> EnrollmentJson:
    return _rendered(call, [record], include)[0]


def _rendered(call: Call, records: list[EnrollmentRecord], include: frozenset[str]) -> list[EnrollmentJson]:
    ids = {record.user_id for record in records}
    if "observed_users" in include:
        ids |= {record.associated_user_id for record in records if record.associated_user_id is not None}
    people = people_with_ids(call.db, sorted(ids))
    views = views_of(call, records, include)
    return [enrollment_json(record, views[record.course_id], people, include) for record in records]


def _in_course(db: Connection, actor: Actor, course: FoundCourse, id: IdForm) -> EnrollmentRecord:
    """Raises NotFound. Callers who may not read the roster get NotAllowed, whether there is such an enrollment or
    not.
    """
    try:
        return _found_in(db, course, id)
    except NotFound:
        actor.require_in_course(db, _ROSTER, course.ref)
        raise


def _found_in(db: Connection, course: FoundCourse, id: IdForm) -> EnrollmentRecord:
    record = find_enrollment(db, id)
    if record.course_id != course.id:
        raise NotFound("enrollment")
    return record


def _own_in_course(db: Connection, actor: Actor, course: FoundCourse, id: IdForm) -> EnrollmentRecord:
    """Raises NotFound for an enrollment that does not exist. Also for somebody else's, if the caller may not read the
    roster.
    """
    record = _found_in(db, course, id)
    if actor.is_(record.user_id):
        return record
    if actor.holds_in_course(db, _ROSTER, course.ref):
        raise NotAllowed("accept")
    raise NotFound("enrollment")


def _answer_invitation(db: Connection, record: EnrollmentRecord, answer: Any) -> SuccessJson | Answer:
    try:
        answer(db, record)
    except Refused as refused:
        return _error(refused)
    return SuccessJson(success=True)


def _error(refused: Refused) -> Answer:
    return Answer(400, {"error": refused.message})


def _enroll(call: Call, course: FoundCourse, section_id: int | None, params: Enroll) -> EnrollmentJson:
    new = new_enrollment(call.db, call.actor, course, section_id, params.enrollment)
    record = actions.find_record(call.db, actions.enroll(call.db, new))
    if params.enrollment and params.enrollment.notify:
        tell_of_enrollment(call.db, record, call.actor.root.name, call.request.address_for_mail)
    return _render(call, record, params.include)
