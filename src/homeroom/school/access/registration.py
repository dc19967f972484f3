"""Behind ``/register/:nonce``: confirms an address, and lets a new person finish the registration (homeroom.md §4)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, or_, select, update

from homeroom import clock
from homeroom.db import digest_of, lock
from homeroom.school.access import attempts
from homeroom.school.access.credentials import secret_key
from homeroom.school.account_settings import AccountSettings
from homeroom.school.addresses import address_key
from homeroom.school.errors import NotFound
from homeroom.school.people import directory
from homeroom.school.people.channels import confirmable
from homeroom.school.people.names import search_key
from homeroom.school.people.users.notices import send_notice
from homeroom.school.schema import CommunicationChannel, Login, User
from homeroom.school.security_events import record

# Within attempts.WINDOW: enough for a person who does not find the mail, too few to fill a mailbox.
MAILS_PER_CHANNEL = 3
# Families share an address.
_MOST_INVITATIONS = 5


class Invitation(NamedTuple):
    """A link that still works, and its person."""

    channel_id: int
    address: str
    user_id: int
    name: str
    state: str
    terms_accepted: bool
    # The login that has no password yet; None if there is no password to choose.
    login_id: int | None
    unique_id: str

    @property
    def is_new(self) -> bool:
        """Whether this finishes a registration; otherwise it only confirms an address."""
        return self.state == "pre_registered" or self.login_id is not None

    def needs_terms(self, settings: AccountSettings) -> bool:
        return self.is_new and settings.require_terms and not self.terms_accepted


def find_invitation(db: Connection, nonce: str) -> Invitation:
    """The invitation of this link. Raises NotFound if it was used, has expired, or never existed."""
    row = db.execute(
        select(
            CommunicationChannel.id,
            CommunicationChannel.address,
            User.id,
            User.name,
            User.state,
            User.terms_accepted_at.is_not(None),
            Login.id,
            Login.unique_id,
        )
        .join(User, User.id == CommunicationChannel.user_id)
        .outerjoin(
            Login,
            # People who sign in through a provider, or have signed in before, choose no password here.
            (Login.user_id == User.id)
            & (Login.state == "active")
            & Login.password_hash.is_(None)
            & (Login.provider_key == 0)
            & (Login.login_count == 0),
        )
        .where(
            CommunicationChannel.confirmation_digest == digest_of(nonce),
            CommunicationChannel.confirmation_expires_at > clock.now(),
            CommunicationChannel.state == "unconfirmed",
            User.state != "deleted",
        )
        .order_by(Login.position, Login.id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFound("invitation")
    return Invitation(*row)


def accept(db: Connection, nonce: str, *, password_hash: str | None, terms: bool) -> Invitation:
    """Confirm the address and finish the registration; the link is used up. Raises NotFound.

    ``password_hash`` was made before the transaction, for the invitation as it was then.
    """
    invitation = find_invitation(db, nonce)
    lock(db, User, [invitation.user_id])
    now = clock.now()
    confirmed = db.execute(
        update(CommunicationChannel)
        .where(CommunicationChannel.id == invitation.channel_id, CommunicationChannel.state == "unconfirmed")
        .values(state="active", confirmation_digest=None, confirmation_expires_at=None, updated_at=now)
    )
    # Of two requests at the same time only one finds it. The choices must not have changed meanwhile.
    if confirmed.rowcount != 1 or (password_hash is None) != (invitation.login_id is None):
        raise NotFound("invitation")
    if invitation.login_id is not None:
        db.execute(update(Login).where(Login.id == invitation.login_id).values(password_hash=password_hash))
    if invitation.is_new:
        values = {"state": "registered", "updated_at": now}
        if terms and not invitation.terms_accepted:
            values["terms_accepted_at"] = now
        db.execute(update(User).where(User.id == invitation.user_id).values(**values))
    record(db, "address_confirmed", user_id=invitation.user_id, object=("communication_channel", invitation.channel_id))
    if invitation.login_id is not None:
        record(
            db, "password_changed", user_id=invitation.user_id, object=("login", invitation.login_id), by="invitation"
        )
    directory.refresh(db, [invitation.user_id])
    return invitation


def send_again(db: Connection, user_id: int, channel_id: int, school: str, base_url: str) -> bool:
    """Send the link that confirms this address again; False after too many requests.

    Raises NotFound if the address is not waiting to be confirmed.
    """
    if not attempts.count(db, f"confirmation of channel {channel_id}", MAILS_PER_CHANNEL):
        return False
    channel = confirmable(db, secret_key(db), user_id, channel_id)
    if channel is None:
        raise NotFound("communication channel")
    is_new = db.execute(select(User.state).where(User.id == user_id)).scalar() == "pre_registered"
    send_notice(db, "registration" if is_new else "account", channel, school, base_url)
    return True


def invite_again(db: Connection, typed: str, school: str, base_url: str) -> None:
    """Send the link again to people with this login or address who have not finished their registration."""
    rows = db.execute(
        select(CommunicationChannel.id, CommunicationChannel.user_id)
        .join(User, User.id == CommunicationChannel.user_id)
        .join(Login, Login.user_id == User.id)
        .where(
            or_(
                Login.unique_id_key == search_key(typed.strip()),
                CommunicationChannel.address_key == address_key(typed.strip()),
            ),
            User.state == "pre_registered",
            Login.state == "active",
            # People who sign in through a provider choose no password here.
            Login.provider_key == 0,
            CommunicationChannel.type == "email",
            CommunicationChannel.state == "unconfirmed",
        )
        .distinct()
        .order_by(CommunicationChannel.id)
        .limit(_MOST_INVITATIONS)
    ).all()
    for row in rows:
        send_again(db, row.user_id, row.id, school, base_url)
