"""Enrollments end with their person."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from homeroom import clock
from homeroom.school.courses.events import EnrollmentChanged
from homeroom.school.ground.events import announce, listen
from homeroom.school.people import directory
from homeroom.school.people.events import UserDeleted
from homeroom.school.schema import Enrollment
from homeroom.school.states import EnrollmentState


@listen(UserDeleted)
def delete_enrollments(db: Connection, event: UserDeleted) -> None:
    """Delete the person's enrollments and those of their observers."""
    theirs = or_(Enrollment.c.user_id == event.user_id, Enrollment.c.associated_user_id == event.user_id)
    live = (theirs, Enrollment.c.state != EnrollmentState.DELETED)
    rows = db.execute(select(Enrollment.c.id, Enrollment.c.user_id, Enrollment.c.course_id).where(*live)).all()
    db.execute(update(Enrollment).where(*live).values(state="deleted", updated_at=clock.now()))
    for row in rows:
        announce(db, EnrollmentChanged(row.id, row.user_id, row.course_id))
    # The person is associated by who announced this.
    directory.associate(db, {row.user_id for row in rows} - {event.user_id})
