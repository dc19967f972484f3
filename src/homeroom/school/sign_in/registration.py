"""Behind ``/register/:nonce``: confirms an address, and lets a new person finish the registration (homeroom.md §4)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from homeroom import clock
from homeroom.db import digest_of, lock
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.people import directory
from homeroom.school.people.communication_channels.channels import WAITS, confirm, confirmable
from homeroom.school.people.logins.passwords import choose_first_password
from homeroom.school.people.names import search_key
from homeroom.school.people.terms_of_use import accept_terms
from homeroom.school.people.users.creation import finish_registration
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import (
    CommunicationChannel,
    ConfirmationLink,
    Login,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.sign_in import attempts, link_mails
from homeroom.school.states import ChannelState, LoginState, UserState

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
        """Whether the link finishes a registration; otherwise it only confirms an address."""
        return self.trusted and (self.state == "pre_registered" or self.login_id is not None)

    def needs_terms(self, settings: AccountSettings) -> bool:
        return self.is_new and settings.require_terms and not self.terms_accepted


def find_invitation(db: Connection, nonce: str, by: Actor) -> Invitation:
    """The invitation of this link. Raises NotFound if the link is unknown, used or too old.

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
            CommunicationChannel.c.id,
            CommunicationChannel.c.address,
            User.c.id,
            User.c.name,
            User.c.state,
            User.c.terms_accepted_at.is_not(None),
            CommunicationChannel.c.trusted,
            Login.c.id,
            Login.c.unique_id,
        )
        .join(ConfirmationLink, ConfirmationLink.c.communication_channel_id == CommunicationChannel.c.id)
        .join(User, User.c.id == CommunicationChannel.c.user_id)
        .outerjoin(
            Login,
            # Who signs in elsewhere, or has signed in already, chooses nothing here; nor by an address that came later.
            (Login.c.user_id == User.c.id)
            & CommunicationChannel.c.trusted
            & (Login.c.state == LoginState.ACTIVE)
            & Login.c.password_hash.is_(None)
            & (Login.c.provider_key == 0)
            & (Login.c.login_count == 0),
        )
        .where(
            ConfirmationLink.c.digest == digest_of(nonce),
            ConfirmationLink.c.expires_at > clock.now(),
            WAITS,
            User.c.state != UserState.DELETED,
        )
        .order_by(Login.c.position, Login.c.id)
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
    # Of two who come at once, one finds it; and what was to be chosen must not have changed meanwhile.
    if not confirm(db, invitation.channel_id) or (password_hash is None) != (invitation.login_id is None):
        raise NotFound("invitation")
    if invitation.login_id is not None and password_hash is not None:
        choose_first_password(db, invitation.user_id, invitation.login_id, password_hash, invitation.channel_id)
    if invitation.is_new:
        finish_registration(db, invitation.user_id)
        if terms:
            accept_terms(db, invitation.user_id)
    record(db, "address_confirmed", user_id=invitation.user_id, object=("communication_channel", invitation.channel_id))
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
        select(User.c.state, CommunicationChannel.c.trusted)
        .join(CommunicationChannel, CommunicationChannel.c.user_id == User.c.id)
        .where(CommunicationChannel.c.id == channel_id)
    ).one()
    is_new = row.trusted and row.state == UserState.PRE_REGISTERED
    link_mails.send(db, "registration" if is_new else "account", channel, school, base_url)
    return True


def invite_again(db: Connection, typed: str, school: str, base_url: str) -> None:
    """Send the link again to people with this login or address who have not finished their registration."""
    rows = db.execute(
        select(CommunicationChannel.c.id, CommunicationChannel.c.user_id)
        .join(User, User.c.id == CommunicationChannel.c.user_id)
        .join(Login, Login.c.user_id == User.c.id)
        .where(
            or_(
                Login.c.unique_id_key == search_key(typed.strip()),
                CommunicationChannel.c.address_key == address_key(typed.strip()),
            ),
            User.c.state == UserState.PRE_REGISTERED,
            Login.c.state == LoginState.ACTIVE,
            # People who sign in through a provider choose no password here.
            Login.c.provider_key == 0,
            CommunicationChannel.c.type == "email",
            CommunicationChannel.c.state == ChannelState.UNCONFIRMED,
            CommunicationChannel.c.trusted,
        )
        .distinct()
        .order_by(CommunicationChannel.c.id)
        .limit(_MOST_INVITATIONS)
    ).all()
    for row in rows:
        send_again(db, row.user_id, row.id, school, base_url)
