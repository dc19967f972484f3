"""Mails with secret links, of which no address gets many: whoever causes them may be anybody (homeroom.md §4)."""

from __future__ import annotations

from sqlalchemy import Connection

from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.errors import Refused
from homeroom.school.people.communication_channels.channels import Channel
from homeroom.school.people.users.notices import send_notice
from homeroom.school.people.users.sign_up import Notice
from homeroom.school.sign_in import attempts

# In attempts.WINDOW, whoever asks for them.
MAILS_PER_RECIPIENT = 20


class TooManyMails(Refused):
    """The address got too many mails lately. No other is sent to it now."""

    def __init__(self) -> None:
        super().__init__("Too many mails went to this address; try again later.", status=429)


def admit(db: Connection, address: str) -> bool:
    """Count a mail to this address; False if it got too many lately."""
    return attempts.count(db, attempts.about("mail to", address_key(address)), MAILS_PER_RECIPIENT)


def send(db: Connection, notice: Notice, channel: Channel, school: str, base_url: str) -> None:
    """Send the person's new channel what ``notice`` says. Raises TooManyMails."""
    if channel.type != "email":
        return
    if not admit(db, channel.address):
        raise TooManyMails
    send_notice(db, notice, channel, school, base_url)
