"""Removes a person from the school (homeroom.md §3)."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from homeroom import clock
from homeroom.school.ground.events import EnrollmentChanged, LoginsClosed, UserDeleted, announce
from homeroom.school.people import directory
from homeroom.school.people.communication_channels import channels
from homeroom.school.people.notifications.summaries import forget_waiting
from homeroom.school.people.users.queries import hold_users
from homeroom.school.schema import (
    AccessToken,
    Account,
    AccountAdmin,
    ChannelState,
    CommunicationChannel,
    Enrollment,
    EnrollmentState,
    Login,
    LoginState,
    ObserverLink,
    TokenState,
    User,
    UserState,
)
from homeroom.school.security.events import record


def remove_from_root_account(db: Connection, root_id: int, user_id: int) -> None:
    """Delete the person's logins and account roles in this root account. Without a login left the person is deleted.
    Raises NotFound if the person was deleted meanwhile.
    """
    hold_users(db, user_id)
    now = clock.now()
    below = select(Account.c.id).where(or_(Account.c.id == root_id, Account.c.root_account_id == root_id))
    logins = update(Login).where(
        Login.c.user_id == user_id, Login.c.account_id == root_id, Login.c.state != LoginState.DELETED
    )
    closed = db.execute(logins.values(state=LoginState.DELETED, deleted_at=now, updated_at=now).returning(Login.c.id))
    announce(db, LoginsClosed(user_id, tuple(closed.scalars())))
    roles = update(AccountAdmin).where(AccountAdmin.c.user_id == user_id, AccountAdmin.c.account_id.in_(below))
    db.execute(roles.values(state="deleted", updated_at=now))
    has_another = select(Login.c.id).where(Login.c.user_id == user_id, Login.c.state != LoginState.DELETED).limit(1)
    if db.execute(has_another).first() is None:
        delete_user(db, user_id)
    else:
        directory.refresh(db, [user_id])
        directory.associate(db, [user_id])


def delete_user(db: Connection, user_id: int) -> None:
    """Delete a person without logins, with everything that could sign somebody in or show the person."""
    now = clock.now()
    gone = update(User).where(User.c.id == user_id)
    db.execute(gone.values(state=UserState.DELETED, deleted_at=now, last_logged_out_at=now, updated_at=now))
    roles = update(AccountAdmin).where(AccountAdmin.c.user_id == user_id)
    db.execute(roles.values(state="deleted", updated_at=now))
    tokens = update(AccessToken).where(or_(AccessToken.c.user_id == user_id, AccessToken.c.real_user_id == user_id))
    db.execute(tokens.values(state=TokenState.DELETED, updated_at=now))
    forget_waiting(db, CommunicationChannel.c.user_id == user_id)
    addresses = update(CommunicationChannel).where(CommunicationChannel.c.user_id == user_id)
    retired = addresses.values(state=ChannelState.RETIRED, updated_at=now).returning(CommunicationChannel.c.id)
    channels.forget_links(db, *db.execute(retired).scalars().all())
    links = update(ObserverLink).where(or_(ObserverLink.c.observer_id == user_id, ObserverLink.c.student_id == user_id))
    db.execute(links.values(state="deleted", updated_at=now))
    observers = _delete_enrollments(db, user_id)
    directory.refresh(db, [user_id])
    directory.associate(db, {user_id, *observers})
    announce(db, UserDeleted(user_id))
    record(db, "user_deleted", user_id=user_id)


def _delete_enrollments(db: Connection, user_id: int) -> set[int]:
    """Delete the person's enrollments and those of their observers. Returns the ids of the people."""
    theirs = or_(Enrollment.c.user_id == user_id, Enrollment.c.associated_user_id == user_id)
    live = (theirs, Enrollment.c.state != EnrollmentState.DELETED)
    rows = db.execute(select(Enrollment.c.id, Enrollment.c.user_id, Enrollment.c.course_id).where(*live)).all()
    db.execute(update(Enrollment).where(*live).values(state=EnrollmentState.DELETED, updated_at=clock.now()))
    for row in rows:
        announce(db, EnrollmentChanged(row.id, row.user_id, row.course_id))
    return {row.user_id for row in rows}
