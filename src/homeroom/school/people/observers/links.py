"""Observers: people who are linked to a student, and see what the student sees (identity.md §9).

``school/courses`` listens to the events and keeps the enrollments.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select, update

from homeroom import clock
from homeroom.db import insert_or_update, lock
from homeroom.school.ground.errors import NotAllowed, NotFound, SchoolError
from homeroom.school.ground.events import announce
from homeroom.school.ground.listing import Listing, Order, leading
from homeroom.school.people.events import ObservationBegan, ObservationEnded
from homeroom.school.people.users.policy import courses_shared, observes
from homeroom.school.people.users.queries import PERSON_COLUMNS, Person, accounts_of, hold_users
from homeroom.school.rights.actor import AccountRef, Actor, chain_of, has_all_rights_of
from homeroom.school.rights.permissions import STUDENT
from homeroom.school.schema import (
    Account,
    Course,
    DirectoryEntry,
    Enrollment,
    Login,
    ObserverLink,
    User,
)
from homeroom.school.states import EnrollmentState, LoginState, UserState

_PAIRING_RIGHT = "generate_observer_pairing_code"
_LEARNING = (EnrollmentState.ACTIVE, EnrollmentState.INVITED, EnrollmentState.CREATION_PENDING)


class ObserveeRefused(SchoolError):
    """There is no proof that the student agrees to be observed; ``message`` is the documented message."""

    def __init__(self, message: str, *, status: int = 422) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def can_see_links_of(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor may see the person's links: the person, and admins with ``manage_user_observers``."""
    return actor.is_(user_id) or can_manage_links_of(db, actor, user_id)


def can_manage_links_of(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor is an admin with the right in one of the person's accounts."""
    return bool(actor.roles) and actor.holds_anywhere("manage_user_observers", accounts_of(db, user_id))


def can_make_pairing_codes_for(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor is the student, or has the right as an admin or as staff of a shared course. Only for students.

    An observer follows the student into every course. So an admin needs the right wherever the student studies:
    a student of elsewhere who was enrolled in a course of theirs is not theirs. Nobody pairs somebody with more rights.
    """
    if not is_student(db, user_id):
        return False
    if actor.is_(user_id):
        return True
    if not has_all_rights_of(db, actor, user_id):
        return False
    if actor.roles and all(actor.holds(_PAIRING_RIGHT, account) for account in _studies_in(db, user_id)):
        return True
    shared = courses_shared(db, actor.id, user_id)
    return any(actor.holds_in_course(db, _PAIRING_RIGHT, course) for course, _ in shared)


def _studies_in(db: Connection, user_id: int) -> list[AccountRef]:
    """The accounts of the courses in which the person is a student."""
    rows = db.execute(
        select(Account.c.id, Account.c.ancestry)
        .join(Course, Course.c.account_id == Account.c.id)
        .join(Enrollment, Enrollment.c.course_id == Course.c.id)
        .where(Enrollment.c.user_id == user_id, Enrollment.c.type == STUDENT, Enrollment.c.state.in_(_LEARNING))
        .distinct()
    )
    return [AccountRef(row.id, chain_of(row.ancestry)) for row in rows]


def is_student(db: Connection, user_id: int) -> bool:
    """Whether the person is a student in a course, invited ones included."""
    rows = select(Enrollment.c.id).where(
        Enrollment.c.user_id == user_id, Enrollment.c.type == STUDENT, Enrollment.c.state.in_(_LEARNING)
    )
    return db.execute(rows.limit(1)).first() is not None


def observees_of(user_id: int) -> Listing[Person]:
    """The people that this person observes, by sortable name."""
    return _people(ObserverLink.c.student_id, ObserverLink.c.observer_id == user_id)


def observers_of(user_id: int) -> Listing[Person]:
    """The observers of this person, by sortable name."""
    return _people(ObserverLink.c.observer_id, ObserverLink.c.student_id == user_id)


def _people(which: ColumnElement[int], of: ColumnElement[bool]) -> Listing[Person]:
    rows = (
        select(*PERSON_COLUMNS, DirectoryEntry.c.sort_key)
        .join(DirectoryEntry, DirectoryEntry.c.user_id == User.c.id)
        .join(ObserverLink, which == User.c.id)
        .where(ObserverLink.c.state == "active", User.c.state != UserState.DELETED, of)
    )
    return Listing(rows, Order(DirectoryEntry.c.sort_key, User.c.id), leading(Person, len(PERSON_COLUMNS)))


def require_link(db: Connection, observer_id: int, student_id: int) -> None:
    """Raise NotFound unless the observer observes the student."""
    if not observes(db, observer_id, student_id):
        raise NotFound("observee")


def link(db: Connection, root_id: int, observer_id: int, student_id: int) -> None:
    """Link the observer to the student, in all courses of the student, now and later. Can safely run twice. Raises
    NotAllowed for oneself, and NotFound if one of them was deleted meanwhile.
    """
    if observer_id == student_id:
        raise NotAllowed("observe")
    hold_users(db, observer_id, student_id)
    if observes(db, observer_id, student_id):
        return
    now = clock.now()
    row = {
        "observer_id": observer_id,
        "student_id": student_id,
        "root_account_id": root_id,
        "state": "active",
        "created_at": now,
        "updated_at": now,
    }
    # Two calls at the same time make one link with the same enrollments.
    insert_or_update(
        db, ObserverLink, [row], key=["observer_id", "student_id"], live="state <> 'deleted'", update=["updated_at"]
    )
    announce(db, ObservationBegan(observer_id, student_id))


def unlink(db: Connection, observer_id: int, student_id: int) -> None:
    """End it, in all courses. Raises NotFound when the one does not observe the other."""
    # Whoever changes an enrollment of the student holds both too, and so does not follow a link that is ending.
    lock(db, User, [observer_id, student_id])
    ended = db.execute(
        update(ObserverLink)
        .where(
            ObserverLink.c.observer_id == observer_id,
            ObserverLink.c.student_id == student_id,
            ObserverLink.c.state == "active",
        )
        .values(state="deleted", updated_at=clock.now())
    ).rowcount
    if not ended:
        raise NotFound("observee")
    announce(db, ObservationEnded(observer_id, student_id))


def share_root_account(db: Connection, root_id: int, *user_ids: int) -> bool:
    """Whether each of them has a login in the root account."""
    rows = select(Login.c.user_id).where(
        Login.c.user_id.in_(user_ids), Login.c.account_id == root_id, Login.c.state != LoginState.DELETED
    )
    return set(db.execute(rows).scalars()) == set(user_ids)
