"""The outbox for developers: the newest messages, and one of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.schema import MailMessage

_MOST = 100


def newest_messages(db: Connection) -> Sequence[AnyRow]:
    """The newest messages first."""
    columns = (
        MailMessage.c.id,
        MailMessage.c.recipient,
        MailMessage.c.subject,
        MailMessage.c.state,
        MailMessage.c.created_at,
    )
    return db.execute(select(*columns).order_by(MailMessage.c.id.desc()).limit(_MOST)).all()


def find_message(db: Connection, form: IdForm) -> AnyRow:
    """The message with this id. Raises NotFound."""
    row: AnyRow | None = db.execute(select(MailMessage).where(MailMessage.c.id == number_of(form))).first()
    if row is None:
        raise NotFound("message")
    return row
