"""Removes a person from the school (homeroom.md §3)."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from homeroom import clock
from homeroom.school.ground.events import announce
from homeroom.school.people import directory
from homeroom.school.people.communication_channels import channels
from homeroom.school.people.events import LoginsClosed, UserDeleted
from homeroom.school.people.notifications.summaries import forget_waiting
from homeroom.school.people.users.queries import hold_with_observers
from homeroom.school.schema import (
    Account,
    AccountAdmin,
    CommunicationChannel,
    Login,
    ObserverLink,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.states import ChannelState, LoginState, UserState


def remove_from_root_account(db: Connection, root_id: int, user_id: int) -> None:
    """Delete the person's logins and account roles in this root account. Without a login left the person is deleted.
    Raises NotFound if the person was deleted meanwhile.
    """
    hold_with_observers(db, user_id)
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
    forget_waiting(db, CommunicationChannel.c.user_id == user_id)
    addresses = update(CommunicationChannel).where(CommunicationChannel.c.user_id == user_id)
    retired = addresses.values(state=ChannelState.RETIRED, updated_at=now).returning(CommunicationChannel.c.id)
    channels.forget_links(db, *db.execute(retired).scalars().all())
    links = update(ObserverLink).where(or_(ObserverLink.c.observer_id == user_id, ObserverLink.c.student_id == user_id))
    db.execute(links.values(state="deleted", updated_at=now))
    # Enrollments and tokens end with this, before the directory is made anew.
    announce(db, UserDeleted(user_id))
    directory.refresh(db, [user_id])
    directory.associate(db, [user_id])
    record(db, "user_deleted", user_id=user_id)
