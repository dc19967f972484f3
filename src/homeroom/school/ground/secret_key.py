"""The installation's secret: every link, seal and signature of Homeroom's is made from it."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, select

from homeroom.db.engine import SECRET_KEY
from homeroom.db.prepared import Prepared
from homeroom.school.ground.system_facts import keep_first_fact
from homeroom.school.schema import SystemFact


def given_secret_key(db: Connection) -> str | None:
    """The setting ``HOMEROOM_SECRET_KEY``, which no copy of the database reveals."""
    given: str | None = db.get_execution_options().get(SECRET_KEY)
    return given


def own_secret_key(db: Connection) -> str:
    """The secret that the database made for itself. It holds on every node and after every start."""
    return str(_OWN.first(db).value)


def make_secret_key(db: Connection) -> None:
    """Make the secret of a new database."""
    keep_first_fact(db, _NAME, secrets.token_urlsafe(48))


_NAME = "secret_key"
_OWN = Prepared(select(SystemFact.c.value).where(SystemFact.c.name == _NAME))
