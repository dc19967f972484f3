"""Nicknames get the keys that they are sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.school.people.names import sort_key

revision = "0030"
down_revision = "0029"
_CHUNK = 1000


def upgrade() -> None:
    nicknames = sa.table(
        "course_nicknames", sa.column("id", sa.BigInteger), sa.column("nickname"), sa.column("sort_key")
    )
    key = sa.update(nicknames).where(nicknames.c.id == sa.bindparam("of")).values(sort_key=sa.bindparam("key"))
    db, last = op.get_bind(), 0
    while True:
        rows = sa.select(nicknames.c.id, nicknames.c.nickname).where(nicknames.c.id > last)
        found = db.execute(rows.order_by(nicknames.c.id).limit(_CHUNK)).all()
        if not found:
            return
        db.execute(key, [{"of": row.id, "key": sort_key(row.nickname)} for row in found])
        last = found[-1].id
