"""Mail as rows, and what jobs do about it, without delivering any."""

from __future__ import annotations

import re

from sqlalchemy import select

from homeroom.db.types import AnyRow
from homeroom.school.jobs.registry import Tools
from homeroom.school.people.account_notices import KIND
from homeroom.school.schema import MailMessage, PasswordResetRequest
from homeroom.school.sign_in.password_resets import answer_request
from tests.conftest import School


def answer_requests(school: School) -> None:
    """Find out whom those meant who asked for a new password."""
    tools = Tools(school.server.services.database, school.settings)
    for request_id in school.read(lambda db: db.execute(select(PasswordResetRequest.c.id)).scalars().all()):
        answer_request(tools, request_id=request_id)


def mails_of(school: School, *, security: bool = False) -> list[AnyRow]:
    """The mails so far; either all but those about one's account, or these alone."""
    rows = select(MailMessage).where((MailMessage.c.notification == KIND) == security).order_by(MailMessage.c.id)
    return list(school.read(lambda db: db.execute(rows).all()))


def told(school: School) -> list[tuple[str, str]]:
    """Who was told what about their account: address and subject."""
    return [(mail.recipient, mail.subject) for mail in mails_of(school, security=True)]


def link_in(mail: AnyRow) -> str:
    """The path of the link that confirms an address or leads to a new password."""
    match = re.search(r"(/(?:register|login/canvas/reset)/[\w-]{43})\s", mail.text_body)
    assert match is not None, mail.text_body
    return match[1]
