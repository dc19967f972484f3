"""The courses of an account (learning-resources.md §1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.canvas.courses.course_json import CourseJson, RestrictedCourseJson, course_json
from homeroom.canvas.people.users import enrollment_types_of
from homeroom.school.courses.courses import listing
from homeroom.school.courses.courses.account_filter import AccountFilter
from homeroom.school.courses.courses.details import details_of
from homeroom.school.courses.terms import find_term
from homeroom.school.people.users.search import read_term
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import RecordNumber
from homeroom.wire.routing.routes import Params, Routes
from homeroom.wire.serving.call import Call

route = Routes("courses")
_SORTS = frozenset(get_args(listing.CourseSort))


class ListAccountCourses(Struct):
    search_term: str | None = None
    published: bool | None = None
    state: frozenset[str] = frozenset()
    search_by: Literal["course", "teacher"] = "course"
    enrollment_type: list[str] = []
    enrollment_workflow_state: frozenset[str] = frozenset()
    with_enrollments: bool | None = None
    hide_enrollmentless_courses: bool = False
    completed: bool | None = None
    public: bool | None = None
    starts_before: datetime | None = None
    ends_after: datetime | None = None
    blueprint: bool | None = None
    blueprint_associated: bool | None = None
    homeroom: bool = False
    enrollment_term_id: list[str] = []
    by_teachers: frozenset[RecordNumber] = frozenset()
    by_subaccounts: frozenset[RecordNumber] = frozenset()
    sort: str | None = None
    order: Literal["asc", "desc"] = "asc"
    include: frozenset[str] = frozenset()


@route.get("/accounts/:account_id/courses", right="read_course_list")
def list_account_courses(
    account: AccountContext, params: Params[ListAccountCourses], paging: Paging, call: Call
) -> Page[CourseJson | RestrictedCourseJson]:
    """List active courses in an account."""
    sort: Any = params.sort if params.sort in _SORTS else None
    which = _of_account(call.db, call.actor, params)
    found = listing.courses_in_account(call.db, call.actor, account, which, sort, descending=params.order == "desc")
    page = paging.of(call.db, found)
    details = details_of(call.db, call.actor, page.items, params.include)
    return page.map(lambda course: course_json(course, call.actor, call.request.base_url, details, params.include))


def _of_account(db: Connection, actor: Actor, params: ListAccountCourses) -> AccountFilter:
    terms = [term for term in params.enrollment_term_id if term]
    return AccountFilter(
        term=read_term(params.search_term),
        search_by=params.search_by,
        published=params.published,
        states=params.state,
        enrollment_types=enrollment_types_of(params.enrollment_type),
        enrollment_states=_stored_states(params.enrollment_workflow_state),
        with_enrollments=True if params.hide_enrollmentless_courses else params.with_enrollments,
        completed=params.completed,
        public=params.public,
        starts_before=params.starts_before,
        ends_after=params.ends_after,
        blueprint=params.blueprint,
        blueprint_associated=params.blueprint_associated,
        homeroom=params.homeroom,
        term_ids=[find_term(db, actor, parse_id("term", term)).id for term in terms],
        teacher_ids=params.by_teachers,
        account_ids=params.by_subaccounts,
    )


def _stored_states(names: frozenset[str]) -> frozenset[str]:
    """The documents' "pending" is stored under two names."""
    return names | {"invited", "creation_pending"} if "pending" in names else names
