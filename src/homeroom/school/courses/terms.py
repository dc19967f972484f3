"""Terms: finding, listing and changing them (learning-resources.md §14). When a term ends, its enrollments are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import insert_returning_id
from homeroom.school.courses.validation import require_short, sis_id_taken
from homeroom.school.ground.errors import Fault, Invalid, NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, by
from homeroom.school.ground.row_locks import hold
from homeroom.school.ground.sis_stickiness import with_stuck, without_stuck
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import DESIGNER, STUDENT, TA, TEACHER
from homeroom.school.schema import (
    Course,
    EnrollmentTerm,
    EnrollmentTermDates,
)
from homeroom.school.states import CourseState

# What a SIS import sets as well.
_STICKY = frozenset(("name", "start_at", "end_at"))
WITH_DATES_OF_THEIR_OWN = (STUDENT, TEACHER, TA, DESIGNER)


class Term(NamedTuple):
    """The values of a Term object."""

    id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime
    state: str
    sis_term_id: str | None
    integration_id: str | None
    sis_import_id: int | None
    is_default: bool


class Dates(NamedTuple):
    start_at: datetime | None = None
    end_at: datetime | None = None


_COLUMNS = tuple(EnrollmentTerm.c[name] for name in Term._fields)


def terms_of(root_id: int, *, states: Sequence[str] = ("active",), name: str = "") -> Listing[Term]:
    """The terms of a root account, those whose name contains this."""
    rows = select(*_COLUMNS).where(EnrollmentTerm.c.root_account_id == root_id, EnrollmentTerm.c.state.in_(states))
    if name:
        rows = rows.where(EnrollmentTerm.c.name.icontains(name, autoescape=True))
    return Listing(rows, by(EnrollmentTerm.c.id), Term._make)


def terms_with_ids(db: Connection, ids: set[int]) -> dict[int, Term]:
    """These terms by id, deleted ones too."""
    if not ids:
        return {}
    return {row.id: Term(*row) for row in db.execute(select(*_COLUMNS).where(EnrollmentTerm.c.id.in_(ids)))}


def find_term(db: Connection, actor: Actor, form: IdForm) -> Term:
    """The term with this id; ``current`` is the only one active today. Raises NotFound."""
    rows = select(*_COLUMNS).where(
        EnrollmentTerm.c.root_account_id == actor.root.id, EnrollmentTerm.c.state != "deleted"
    )
    match form.kind:
        case "id":
            rows = rows.where(EnrollmentTerm.c.id == number_of(form))
        case "default":
            rows = rows.where(EnrollmentTerm.c.is_default)
        case "current":
            now = clock.now()
            rows = rows.where(
                # A term without dates is never the current one.
                or_(EnrollmentTerm.c.start_at.is_not(None), EnrollmentTerm.c.end_at.is_not(None)),
                or_(EnrollmentTerm.c.start_at.is_(None), EnrollmentTerm.c.start_at <= now),
                or_(EnrollmentTerm.c.end_at.is_(None), EnrollmentTerm.c.end_at > now),
            )
        case "sis_term_id":
            rows = rows.where(EnrollmentTerm.c.sis_term_id == form.value)
        case "sis_integration_id":
            rows = rows.where(EnrollmentTerm.c.integration_id == form.value)
        case _:
            raise NotFound("term")
    found = db.execute(rows.limit(2)).all()
    if len(found) != 1:
        raise NotFound("term")
    return Term(*found[0])


def default_term_id(db: Connection, root_id: int) -> int:
    rows = select(EnrollmentTerm.c.id).where(EnrollmentTerm.c.root_account_id == root_id, EnrollmentTerm.c.is_default)
    return int(db.execute(rows).scalar_one())


def dates_by_type(db: Connection, term_ids: Sequence[int]) -> dict[int, dict[str, Dates]]:
    """For each term the types of enrollment that have dates of their own."""
    table = EnrollmentTermDates
    dates: dict[int, dict[str, Dates]] = {}
    rows = select(table.c.term_id, table.c.type, table.c.start_at, table.c.end_at).where(table.c.term_id.in_(term_ids))
    for row in db.execute(rows.order_by(table.c.type)):
        dates.setdefault(row.term_id, {})[row.type] = Dates(row.start_at, row.end_at)
    return dates


def create_term(db: Connection, root_id: int, values: Mapping[str, Any], own_dates: Mapping[str, Dates]) -> int:
    """Add a term; its id. Raises Invalid."""
    _check(values, own_dates)
    now = clock.now()
    row = {**values, "root_account_id": root_id, "state": "active", "created_at": now, "updated_at": now}
    try:
        term_id = insert_returning_id(db, insert(EnrollmentTerm).values(row))
    except IntegrityError as error:
        raise _taken(error, values) from None
    _set_dates_by_type(db, term_id, own_dates)
    return term_id


def update_term(
    db: Connection,
    term: Term,
    values: Mapping[str, Any],
    own_dates: Mapping[str, Dates] | None,
    *,
    respect_stickiness: bool = False,
) -> None:
    """Change these columns; ``own_dates`` replaces the dates by type unless it is None. Raises Invalid.

    With ``respect_stickiness`` what was edited before stays.
    """
    marks = db.execute(select(EnrollmentTerm.c.stuck_sis_fields).where(EnrollmentTerm.c.id == term.id)).scalar_one()
    if respect_stickiness:
        values = without_stuck(marks, values)
    marks = with_stuck(marks, _STICKY & values.keys())
    _check({**term._asdict(), **values}, own_dates or {})
    statement = update(EnrollmentTerm).where(EnrollmentTerm.c.id == term.id)
    try:
        db.execute(statement.values(**values, stuck_sis_fields=marks, updated_at=clock.now()))
    except IntegrityError as error:
        raise _taken(error, values) from None
    if own_dates is not None:
        db.execute(delete(EnrollmentTermDates).where(EnrollmentTermDates.c.term_id == term.id))
        _set_dates_by_type(db, term.id, own_dates)


def delete_term(db: Connection, term: Term) -> None:
    """Delete a term without courses. Raises Invalid for the default term and for one in use."""
    if term.is_default:
        raise Invalid(Fault("workflow_state", "invalid", "Cannot delete the default term"))
    # Adding a course to the term locks this row too (see courses.actions).
    hold(db, EnrollmentTerm, term.id)
    in_use = (
        select(Course.c.id)
        .where(Course.c.enrollment_term_id == term.id, Course.c.state != CourseState.DELETED)
        .limit(1)
    )
    if db.execute(in_use).first():
        raise Invalid(Fault("workflow_state", "invalid", "Cannot delete a term with active courses"))
    db.execute(
        update(EnrollmentTerm).where(EnrollmentTerm.c.id == term.id).values(state="deleted", updated_at=clock.now())
    )


def _check(values: Mapping[str, Any], own_dates: Mapping[str, Dates]) -> None:
    name = values.get("name")
    if not name or not name.strip():
        raise Invalid(Fault("name", "blank"))
    require_short(name=name, sis_source_id=values.get("sis_term_id"))
    if not own_dates.keys() <= set(WITH_DATES_OF_THEIR_OWN):
        raise Invalid(Fault("overrides", "inclusion", "Invalid enrollment type in overrides"))
    for dates in (Dates(values.get("start_at"), values.get("end_at")), *own_dates.values()):
        if dates.start_at and dates.end_at and dates.end_at < dates.start_at:
            raise Invalid(Fault("end_at", "invalid", "End dates cannot be before start dates"))


def _set_dates_by_type(db: Connection, term_id: int, own_dates: Mapping[str, Dates]) -> None:
    rows = [{"term_id": term_id, "type": type_, **dates._asdict()} for type_, dates in own_dates.items()]
    if rows:
        db.execute(insert(EnrollmentTermDates), rows)


def _taken(error: IntegrityError, values: Mapping[str, Any]) -> Exception:
    return sis_id_taken(error, EnrollmentTerm, {"uq_enrollment_terms_sis_term_id": values.get("sis_term_id")})
