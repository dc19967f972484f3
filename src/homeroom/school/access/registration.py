"""Behind ``/register/:nonce``: an address is confirmed, and who is new finishes the registration (homeroom.md §4)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import digest_of, lock
from homeroom.school.account_settings import AccountSettings
from homeroom.school.errors import NotFound
from homeroom.school.people import directory
from homeroom.school.schema import CommunicationChannel, Login, User


class Invitation(NamedTuple):
    """A link that still works, and whom it is for."""

    channel_id: int
    address: str
    user_id: int
    name: str
    state: str
    terms_accepted: bool
    # The login that has no password yet; None when there is nothing to choose.
    login_id: int | None
    unique_id: str

    @property
    def is_new(self) -> bool:
        """Whether somebody finishes a registration here; otherwise an address is confirmed and no more."""
        return self.state == "pre_registered" or self.login_id is not None

    def needs_terms(self, settings: AccountSettings) -> bool:
        return self.is_new and settings.require_terms and not self.terms_accepted


def find_invitation(db: Connection, nonce: str) -> Invitation:
    """The invitation whose link this is. Raises NotFound when it was used, is too old, or never was."""
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
            # Who signs in elsewhere, or has signed in already, chooses nothing here.
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
    # Of two who come at once, one finds it; and what was to be chosen must not have changed meanwhile.
    if confirmed.rowcount != 1 or (password_hash is None) != (invitation.login_id is None):
        raise NotFound("invitation")
    if invitation.login_id is not None:
        db.execute(update(Login).where(Login.id == invitation.login_id).values(password_hash=password_hash))
    if invitation.is_new:
        values = {"state": "registered", "updated_at": now}
        if terms and not invitation.terms_accepted:
            values["terms_accepted_at"] = now
        db.execute(update(User).where(User.id == invitation.user_id).values(**values))
    directory.refresh(db, [invitation.user_id])
    return invitation
