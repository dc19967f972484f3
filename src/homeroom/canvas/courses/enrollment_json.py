"""The Canvas Enrollment object (learning-resources.md §3), and the data that it needs. Making it reads nothing from the
database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.courses.enrollments.policy import can_remove, enrollments_seen, observed_in, sees_all_grades
from homeroom.school.courses.enrollments.queries import EnrollmentRecord
from homeroom.school.courses.newcomers import PENDING, newcomers_among
from homeroom.school.people.users.queries import Person
from homeroom.school.rights.actor import CourseRef
from homeroom.school.rights.permissions import COURSE_ROLES, STUDENT
from homeroom.school.states import EnrollmentState
from homeroom.wire.http.answers import seconds
from homeroom.wire.serving.call import Call


class GradesJson(Struct):
    html_url: str
    current_score: float | None = None
    current_grade: str | None = None
    final_score: float | UnsetType | None = None
    final_grade: str | UnsetType | None = None
    unposted_current_score: float | UnsetType | None = UNSET
    unposted_current_grade: str | UnsetType | None = UNSET
    unposted_final_score: float | UnsetType | None = UNSET
    unposted_final_grade: str | UnsetType | None = UNSET


class EnrollmentJson(Struct):
    """Somebody's enrollment. Keys whose condition fails are absent, not null."""

    id: int
    user_id: int
    course_id: int
    course_section_id: int
    root_account_id: int
    type: str
    role: str
    role_id: int
    enrollment_state: str
    limit_privileges_to_course_section: bool
    associated_user_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    start_at: datetime | None
    end_at: datetime | None
    last_activity_at: datetime | None
    last_attended_at: datetime | None
    total_activity_time: int
    html_url: str
    user: UserJson | UnsetType = UNSET
    grades: GradesJson | UnsetType = UNSET
    observed_user: UserJson | UnsetType = UNSET
    can_be_removed: bool | UnsetType = UNSET
    sis_account_id: str | UnsetType | None = UNSET
    sis_course_id: str | UnsetType | None = UNSET
    course_integration_id: str | UnsetType | None = UNSET
    sis_section_id: str | UnsetType | None = UNSET
    section_integration_id: str | UnsetType | None = UNSET
    sis_user_id: str | UnsetType | None = UNSET
    sis_import_id: int | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class EnrollmentView:
    """Decides what the actor may see of enrollments in one course.

    ``removable`` only where an include asks for it. ``newcomers``: the people shown who have not accepted an
    enrollment yet.
    """

    people: UserView
    grades: bool
    activity: bool
    observed: frozenset[int]
    removable: frozenset[str]
    newcomers: frozenset[int] = frozenset()

    @classmethod
    def in_course(cls, call: Call, course: CourseRef, include: Collection[str] = ()) -> EnrollmentView:
        return cls(
            people=UserView.in_course(call, course),
            grades=sees_all_grades(call.db, call.actor, course),
            activity=call.actor.holds_in_course(call.db, "read_reports", course),
            observed=observed_in(call.db, call.actor, course),
            removable=frozenset(
                type_
                for type_ in (COURSE_ROLES if "can_be_removed" in include else ())
                if can_remove(call.db, call.actor, course, type_)
            ),
        )

    def of_person(self, user_id: int) -> UserView:
        """What to show of this person."""
        return self.people.of_newcomer() if user_id in self.newcomers else self.people


def views_of(
    call: Call, records: Sequence[EnrollmentRecord], include: Collection[str] = ()
) -> dict[int, EnrollmentView]:
    """By course id, for all of these enrollments; at most two statements."""
    courses = {record.course_id: record.course_ref for record in records}
    call.actor.load_courses(call.db, courses.values())
    newcomers = newcomers_among(call.db, _perhaps_newcomers(records, include))
    return {
        id: replace(
            EnrollmentView.in_course(call, course, include),
            newcomers=frozenset(user_id for course_id, user_id in newcomers if course_id == id),
        )
        for id, course in courses.items()
    }


def _perhaps_newcomers(records: Sequence[EnrollmentRecord], include: Collection[str]) -> set[tuple[int, int]]:
    """The (course, person) shown whose enrollments here do not tell that the person came in."""
    shown = {(record.course_id, record.user_id) for record in records}
    if "observed_users" in include:
        return shown | {
            (record.course_id, record.associated_user_id) for record in records if record.associated_user_id
        }
    return shown - {
        (record.course_id, record.user_id)
        for record in records
        if record.state not in (*PENDING, EnrollmentState.DELETED)
    }


def enrollment_json(
    record: EnrollmentRecord,
    view: EnrollmentView,
    people: dict[int, Person],
    include: frozenset[str] = frozenset(),
    *,
    in_user: bool = False,
) -> EnrollmentJson:
    """The object; ``people`` has its user and, where it is to be shown, the observed student.

    ``in_user``: it stands in a User object, and does not show the user again.
    """
    actor, page = view.people.actor, f"{view.people.base_url}/courses/{record.course_id}"
    # An observer knows of the student's activity and grades, and so does the person.
    close = actor.is_(record.user_id) or record.user_id in view.observed
    knows = view.activity or close
    json = EnrollmentJson(
        id=record.id,
        user_id=record.user_id,
        course_id=record.course_id,
        course_section_id=record.course_section_id,
        root_account_id=record.root_account_id,
        type=record.type,
        role=record.role,
        role_id=record.role_id,
        enrollment_state=record.state_shown,
        limit_privileges_to_course_section=record.limit_privileges_to_course_section,
        associated_user_id=record.associated_user_id,
        created_at=seconds(record.created_at),
        updated_at=seconds(record.updated_at),
        start_at=seconds(record.start_at),
        end_at=seconds(record.end_at),
        last_activity_at=seconds(record.last_activity_at) if knows else None,
        last_attended_at=seconds(record.last_attended_at) if knows else None,
        total_activity_time=record.total_activity_time if knows else 0,
        html_url=f"{page}/users/{record.user_id}",
    )
    if record.type == STUDENT and (view.grades or close):
        json.grades = _grades_json(f"{page}/grades/{record.user_id}", all_grades=view.grades)
    if "can_be_removed" in include:
        json.can_be_removed = record.type in view.removable
    _add_sis_ids(json, record, view, people.get(record.user_id))
    if not in_user:
        _add_people(json, record, view, people, include)
    return json


def enrollments_of_users(call: Call, course: CourseRef, people: Sequence[Person]) -> dict[int, list[EnrollmentJson]]:
    """By user id, these people's enrollments in the course that the actor may see, for their User objects."""
    by_id = {person.id: person for person in people}
    records = enrollments_seen(call.db, call.actor, course, by_id)
    view = EnrollmentView.in_course(call, course)
    return {id: [enrollment_json(record, view, by_id, in_user=True) for record in records[id]] for id in by_id}


def _grades_json(html_url: str, *, all_grades: bool) -> GradesJson:
    json = GradesJson(html_url)
    if all_grades:
        json.unposted_current_score = json.unposted_current_grade = None
        json.unposted_final_score = json.unposted_final_grade = None
    return json


def _add_sis_ids(json: EnrollmentJson, record: EnrollmentRecord, view: EnrollmentView, user: Person | None) -> None:
    if view.people.sis:
        json.sis_account_id, json.sis_course_id = record.sis_account_id, record.sis_course_id
        json.course_integration_id = record.course_integration_id
        json.sis_section_id, json.section_integration_id = record.sis_section_id, record.section_integration_id
        json.sis_user_id = user.sis_user_id if user else None
    if view.people.sis_import:
        json.sis_import_id = record.sis_import_id


def _add_people(
    json: EnrollmentJson,
    record: EnrollmentRecord,
    view: EnrollmentView,
    people: dict[int, Person],
    include: frozenset[str],
) -> None:
    shown = include & {"avatar_url", "uuid"}
    if user := people.get(record.user_id):
        json.user = user_json(user, view.of_person(user.id), shown)
    if "observed_users" in include and record.associated_user_id and (student := people.get(record.associated_user_id)):
        json.observed_user = user_json(student, view.of_person(student.id), shown)
