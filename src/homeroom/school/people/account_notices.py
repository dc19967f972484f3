"""Mails to a person's addresses when the ways into the account change.

Whoever changes it may not be the person. These mails follow no preference and no limit of how many go to an address:
neither must keep the person from hearing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.ground.events import listen
from homeroom.school.mail.queue import Mailbox, mail_to, send_later
from homeroom.school.people.communication_channels.channels import Channel
from homeroom.school.people.events import PasswordChanged
from homeroom.school.schema import (
    Account,
    CommunicationChannel,
)
from homeroom.school.states import ChannelState

KIND = "Account Security"


def tell_of_address(db: Connection, new: Channel) -> None:
    """The person has a new address: their old ones are told."""
    others = _addresses_of(db, new.user_id, but=new.id)
    _tell(db, others, "A new address in your account", f"A new address was added to it: {new.address}")


def tell_of_removal(db: Connection, gone: AnyRow) -> None:
    """An address was taken away: it is told itself, and so are the person's others."""
    themselves = [gone] if gone.type == "email" else []
    others = _addresses_of(db, gone.user_id, but=gone.id)
    text = f"This address was removed from it: {gone.address}"
    _tell(db, [*themselves, *others], "An address was removed from your account", text)


def tell_of_login(db: Connection, user_id: int, unique_id: str) -> None:
    """Tell the person about a new login."""
    _tell(db, _addresses_of(db, user_id), "A new login in your account", f"One can sign in to it as: {unique_id}")


@listen(PasswordChanged)
def tell_of_password(db: Connection, event: PasswordChanged) -> None:
    """Tell the person that the password was changed."""
    _tell(db, _addresses_of(db, event.user_id), "A new password in your account", "Its password was changed.")


def tell_of_first_password(db: Connection, user_id: int, channel_id: int) -> None:
    """The person has a password now, by the link to this address: the others are told."""
    others = _addresses_of(db, user_id, but=channel_id)
    _tell(db, others, "A new password in your account", "A password was chosen for it.")


def _addresses_of(db: Connection, user_id: int, *, but: int = 0) -> Sequence[AnyRow]:
    """The person's confirmed e-mail addresses; without one, those that they had from the start."""
    rows = db.execute(
        select(
            CommunicationChannel.c.id,
            CommunicationChannel.c.user_id,
            CommunicationChannel.c.address,
            CommunicationChannel.c.state,
        )
        .where(
            CommunicationChannel.c.user_id == user_id,
            CommunicationChannel.c.id != but,
            CommunicationChannel.c.type == "email",
            (CommunicationChannel.c.state == ChannelState.ACTIVE)
            | ((CommunicationChannel.c.state == ChannelState.UNCONFIRMED) & CommunicationChannel.c.trusted),
        )
        .order_by(CommunicationChannel.c.position, CommunicationChannel.c.id)
    ).all()
    return [row for row in rows if row.state == ChannelState.ACTIVE] or rows


def _tell(db: Connection, addresses: Sequence[Mailbox], subject: str, what: str) -> None:
    if not addresses:
        return
    root = select(Account.c.name).where(Account.c.parent_account_id.is_(None), ~Account.c.is_site_admin)
    school = db.execute(root).scalar_one()
    text = (
        f"This is about your account at {school}.\n\n{what}\n\n"
        "If it was not you who asked for that, tell your school at once.\n"
    )
    for address in addresses:
        send_later(db, mail_to(address, KIND, f"{subject} at {school}", text))
