"""Rights on a user (users-core.md §1.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from homeroom.school.ground.errors import NotAllowed
from homeroom.school.people.users.queries import accounts_of, accounts_of_each
from homeroom.school.rights.actor import AccountRef, Actor, CourseRef, chain_of, has_all_rights_of
from homeroom.school.rights.enrollment_states import LEARNERS
from homeroom.school.rights.permissions import INSTRUCTORS, TEACHER
from homeroom.school.rights.reading import may_give_sis_ids, may_read, may_read_in_course
from homeroom.school.schema import (
    Account,
    Course,
    Enrollment,
    Login,
    ObserverLink,
)
from homeroom.school.states import CourseState, EnrollmentState, LoginState

Rule = Callable[[Connection, Actor, int], bool]


def require(rule: Rule, db: Connection, actor: Actor, user_id: int) -> None:
    """Raise NotAllowed unless the rule allows it."""
    if not rule(db, actor, user_id):
        raise NotAllowed(rule.__name__)


def can_show(db: Connection, actor: Actor, user_id: int) -> bool:
    """``api_show_user``. Not for teachers: they see their students in courses."""
    if actor.is_(user_id):
        return True
    accounts = _accounts(db, actor, user_id)
    return any(actor.holds_anywhere(name, accounts) for name in ("manage_user_logins", "read_roster"))


def can_read(db: Connection, actor: Actor, user_id: int) -> bool:
    """``read``: settings, colors, positions."""
    return (
        actor.is_(user_id)
        or actor.holds_anywhere("manage_user_logins", _accounts(db, actor, user_id))
        or observes(db, actor.id, user_id)
    )


def readable_users(db: Connection, actor: Actor, user_ids: Collection[int]) -> frozenset[int]:
    """The users whom the actor may ``read``; at most two statements, however many there are."""
    linked = select(ObserverLink.c.student_id).where(
        ObserverLink.c.observer_id == actor.id,
        ObserverLink.c.student_id.in_(user_ids),
        ObserverLink.c.state == "active",
    )
    readable = {user_id for user_id in user_ids if actor.is_(user_id)} | set(db.execute(linked).scalars())
    if actor.roles:
        for user_id, accounts in accounts_of_each(db, user_ids).items():
            if actor.holds_anywhere("manage_user_logins", accounts):
                readable.add(user_id)
    return frozenset(readable)


def can_read_profile(db: Connection, actor: Actor, user_id: int) -> bool:
    """``read_profile``."""
    if _is_self_or_admin_of(db, actor, user_id):
        return True
    shared = courses_shared(db, actor.id, user_id, or_invited=True)
    actor.load_courses(db, [course for course, _ in shared])
    return any(is_instructor or actor.holds_in_course(db, "read_reports", course) for course, is_instructor in shared)


def can_read_login_in_profile(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor knows the person by more than an invitation to a course."""
    return _is_self_or_admin_of(db, actor, user_id) or bool(courses_shared(db, actor.id, user_id))


def _is_self_or_admin_of(db: Connection, actor: Actor, user_id: int) -> bool:
    if actor.is_(user_id):
        return True
    accounts = _accounts(db, actor, user_id)
    return any(actor.holds_anywhere(name, accounts) for name in ("manage_students", "manage_user_logins"))


def can_manage(db: Connection, actor: Actor, user_id: int) -> bool:
    """``manage`` or ``manage_user_details``: change preferences."""
    return actor.is_(user_id) or can_manage_details(db, actor, user_id)


def can_manage_details(db: Connection, actor: Actor, user_id: int) -> bool:
    """``manage_user_details``: ``manage_user_logins`` in an account of the user, and every right that the user has."""
    return actor.holds_anywhere("manage_user_logins", _accounts(db, actor, user_id)) and has_all_rights_of(
        db, actor, user_id
    )


def can_update_avatar(db: Connection, actor: Actor, user_id: int) -> bool:
    return actor.is_(user_id) or can_manage_details(db, actor, user_id)


class EditingRights(NamedTuple):
    """The attributes of a user that the actor may change, and whether as an admin."""

    attributes: frozenset[str]
    manages: bool


def editing_rights(db: Connection, actor: Actor, user_id: int) -> EditingRights:
    """The attributes of PUT /users/:id that the actor may change (users-core.md §6); none without any right."""
    settings, own, manages = actor.root.settings, actor.is_(user_id), can_manage_details(db, actor, user_id)
    open_to_them: set[str] = set()
    if own:
        open_to_them |= {"terms_of_use"}
    if manages:
        open_to_them |= {"email", "event"}
    if manages or (own and settings.users_can_edit_name):
        open_to_them |= {"name", "short_name", "sortable_name"}
    if manages or own:
        open_to_them |= {"time_zone", "locale", "avatar"}
        if settings.pronouns:
            open_to_them |= {"pronouns"}
    if settings.profiles and (manages or (own and settings.users_can_edit_profile)):
        open_to_them |= {"title", "bio", "pronunciation"} if settings.name_pronunciation else {"title", "bio"}
    return EditingRights(frozenset(open_to_them), manages)


def can_remove(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor may remove the user from the root account (homeroom.md §3)."""
    root = actor.root.ref
    if not actor.holds("manage_user_logins", root) or not has_all_rights_of(db, actor, user_id):
        return False
    if may_give_sis_ids(actor):
        return True
    # Deleting a login with a SIS id needs a SIS right (identity.md §6).
    from_sis = select(Login.c.id).where(
        Login.c.user_id == user_id, Login.c.state != LoginState.DELETED, Login.c.sis_user_id.is_not(None)
    )
    return db.execute(from_sis.limit(1)).first() is None


def can_read_emails_of(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whether the actor may see the user's addresses: as the user, by an admin's right, or by a shared course."""
    if actor.is_(user_id) or any(may_read(actor, account, "email") for account in _accounts(db, actor, user_id)):
        return True
    shared = courses_shared(db, actor.id, user_id)
    actor.load_courses(db, [course for course, _ in shared])
    return any(may_read_in_course(db, actor, course, "email") for course, _ in shared)


def observes(db: Connection, observer_id: int, student_id: int) -> bool:
    """Whether they are linked as observer and student."""
    return bool(
        db.execute(
            select(ObserverLink.c.id).where(
                ObserverLink.c.observer_id == observer_id,
                ObserverLink.c.student_id == student_id,
                ObserverLink.c.state == "active",
            )
        ).first()
    )


def courses_shared(
    db: Connection, actor_id: int, user_id: int, *, or_invited: bool = False
) -> list[tuple[CourseRef, bool]]:
    """Courses in which the actor is active and the user is or was, and whether the actor teaches there.

    Whoever is limited to a section shares the course only with the people of that section; for staff, only their
    enrollments as staff decide. Where logins and addresses are at stake an invitation is not enough: whoever may invite
    could read anybody's.
    """
    states = (
        (EnrollmentState.ACTIVE, EnrollmentState.COMPLETED, EnrollmentState.INVITED)
        if or_invited
        else (EnrollmentState.ACTIVE, EnrollmentState.COMPLETED)
    )
    mine, theirs = Enrollment.alias(), Enrollment.alias()
    rows = db.execute(
        select(
            Course.c.id,
            Account.c.ancestry,
            mine.c.type,
            (
                mine.c.limit_privileges_to_course_section.is_(False)
                | (mine.c.course_section_id == theirs.c.course_section_id)
            ).label("reaches"),
        )
        .select_from(mine)
        .join(theirs, theirs.c.course_id == mine.c.course_id)
        .join(Course, Course.c.id == mine.c.course_id)
        .join(Account, Account.c.id == Course.c.account_id)
        .where(
            mine.c.user_id == actor_id,
            mine.c.state == EnrollmentState.ACTIVE,
            theirs.c.user_id == user_id,
            theirs.c.state.in_(states),
            Course.c.state != CourseState.DELETED,
        )
        .order_by(mine.c.type == TEACHER)
    ).all()
    staff_in = {row.id for row in rows if row.type not in LEARNERS}
    return [
        (CourseRef(row.id, chain_of(row.ancestry)), row.type in INSTRUCTORS)
        for row in rows
        if row.reaches and (row.id not in staff_in or row.type not in LEARNERS)
    ]


def _accounts(db: Connection, actor: Actor, user_id: int) -> list[AccountRef]:
    if not actor.roles:
        # Without an account role the answer is always no, so no statement is needed.
        return []
    # Site admins may still manage people who belong to no account.
    return accounts_of(db, user_id) or ([actor.root.ref] if actor.is_site_admin else [])
