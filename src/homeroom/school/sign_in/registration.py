"""Behind ``/register/:nonce``: confirms an address, and lets a new person finish the registration (homeroom.md §4)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, or_, select, update

from homeroom import clock
from homeroom.db import digest_of, lock
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.people import account_notices, directory
from homeroom.school.people.communication_channels.channels import WAITS, confirm, confirmable
from homeroom.school.people.names import search_key
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import CommunicationChannel, ConfirmationLink, Login, User
from homeroom.school.security.events import record
from homeroom.school.sign_in import attempts, link_mails

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
    # Whether the person had the address from the start. If not, they alone can confirm it, and are signed in for that.
    trusted: bool
    # The login that has no password yet; None when there is nothing to choose.
    login_id: int | None
    unique_id: str

    @property
    def is_new(self) -> bool:
        """Whether somebody finishes a registration here; otherwise an address is confirmed and no more."""
        return self.trusted and (self.state == "pre_registered" or self.login_id is not None)

    def needs_terms(self, settings: AccountSettings) -> bool:
        return self.is_new and settings.require_terms and not self.terms_accepted


def find_invitation(db: Connection, nonce: str, by: Actor) -> Invitation:
    """The invitation whose link this is, for who opens it. Raises NotFound when it was used, is too old, or never was.

    The link proves who reads the mail, and whoever added the address may be an administrator who reads it: one that
    the person did not have from the start is theirs to confirm. Raises NotSignedIn, and NotAllowed for others.
    """
    invitation = _find(db, nonce)
    if not invitation.trusted:
        by.require_signed_in()
        if not by.is_(invitation.user_id) or by.is_masquerading:
            raise NotAllowed("confirm somebody else's address")
    return invitation


def _find(db: Connection, nonce: str) -> Invitation:
    row = db.execute(
        select(
            CommunicationChannel.id,
            CommunicationChannel.address,
            User.id,
            User.name,
            User.state,
            User.terms_accepted_at.is_not(None),
            CommunicationChannel.trusted,
            Login.id,
            Login.unique_id,
        )
        .join(ConfirmationLink, ConfirmationLink.communication_channel_id == CommunicationChannel.id)
        .join(User, User.id == CommunicationChannel.user_id)
        .outerjoin(
            Login,
            # Who signs in elsewhere, or has signed in already, chooses nothing here; nor by an address that came later.
            (Login.user_id == User.id)
            & CommunicationChannel.trusted
            & (Login.state == "active")
            & Login.password_hash.is_(None)
            & (Login.provider_key == 0)
            & (Login.login_count == 0),
        )
        .where(
            ConfirmationLink.digest == digest_of(nonce),
            ConfirmationLink.expires_at > clock.now(),
            WAITS,
            User.state != "deleted",
        )
        .order_by(Login.position, Login.id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFound("invitation")
    return Invitation(*row)


def accept(db: Connection, nonce: str, by: Actor, *, password_hash: str | None, terms: bool) -> Invitation:
    """Confirm the address and finish the registration; the link is used up. Raises as ``find_invitation`` does.

    ``password_hash`` was made before the transaction, for the invitation as it was then.
    """
    invitation = find_invitation(db, nonce, by)
    lock(db, User, [invitation.user_id])
    now = clock.now()
    # Of two who come at once, one finds it; and what was to be chosen must not have changed meanwhile.
    if not confirm(db, invitation.channel_id) or (password_hash is None) != (invitation.login_id is None):
        raise NotFound("invitation")
    if invitation.login_id is not None:
        db.execute(update(Login).where(Login.id == invitation.login_id).values(password_hash=password_hash))
        account_notices.tell_of_first_password(db, invitation.user_id, invitation.channel_id)
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
    """Send a link that confirms this address of the person once more; False when that was asked for too often.

    Raises NotFound for an address that does not wait to be confirmed, and TooManyMails.
    """
    if not attempts.count(db, f"confirmation of channel {channel_id}", MAILS_PER_CHANNEL):
        return False
    channel = confirmable(db, user_id, channel_id)
    if channel is None:
        raise NotFound("communication channel")
    row = db.execute(
        select(User.state, CommunicationChannel.trusted)
        .join(CommunicationChannel, CommunicationChannel.user_id == User.id)
        .where(CommunicationChannel.id == channel_id)
    ).one()
    is_new = row.trusted and row.state == "pre_registered"
    link_mails.send(db, "registration" if is_new else "account", channel, school, base_url)
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
            CommunicationChannel.trusted,
        )
        .distinct()
        .order_by(CommunicationChannel.id)
        .limit(_MOST_INVITATIONS)
    ).all()
    for row in rows:
        send_again(db, row.user_id, row.id, school, base_url)


def sweep(db: Connection) -> None:
    """Forget the links that are too old."""
    db.execute(delete(ConfirmationLink).where(ConfirmationLink.expires_at <= clock.now()))
