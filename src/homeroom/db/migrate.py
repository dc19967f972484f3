"""Bring a database to the shape that this version needs.

A fresh database is made from the metadata and stamped with the newest revision; an older one walks the chain. Either is
one transaction that nobody else can be in, so that processes which start together wait for the first and find it done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select

from homeroom.db.engine import Database

VERSIONS = Path(__file__).parent / "migrations" / "versions"
# The one table that Alembic keeps, as Alembic makes it.
STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class CannotMigrate(Exception):
    """The database is not one that this version can bring up to date; the text is one sentence."""


@cache
def revisions() -> tuple[str, ...]:
    """Every revision, from the first to the newest: the files carry them in their names, and a test holds it so."""
    return tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py")))


def newest_revision() -> str:
    return revisions()[-1]


def current_revision(db: Connection) -> str | None:
    """The revision of this database; None if no version of Homeroom made it."""
    if not inspect(db).has_table(STAMP.name):
        return None
    return db.execute(select(STAMP.c.version_num)).scalar_one_or_none()


def _quietly(_step: str) -> None:
    """Nobody is told."""


def migrate(database: Database, metadata: MetaData, told: Callable[[str], None] = _quietly) -> bool:
    """Make the tables, or bring them up to date. Whether there was anything to do. Raises CannotMigrate.

    ``told`` hears of each step when it is done.
    """
    with database.engine.connect() as db:
        # The usual case asks for no lock.
        if current_revision(db) == newest_revision():
            return False
    with database.alter() as db:
        current = current_revision(db)
        if current == newest_revision():
            return False
        if current is None:
            _create(db, metadata)
            told("The tables are made")
        else:
            _upgrade(db, current, told)
    return True


def _create(db: Connection, metadata: MetaData) -> None:
    if taken := set(inspect(db).get_table_names()) & set(metadata.tables):
        raise CannotMigrate(f"The database has a table {min(taken)!r} that Homeroom has not made.")
    metadata.create_all(db, checkfirst=False)
    STAMP.create(db)
    db.execute(insert(STAMP).values(version_num=newest_revision()))


def _upgrade(db: Connection, current: str, told: Callable[[str], None]) -> None:
    if current not in revisions():
        raise CannotMigrate(f"The database is at revision {current}, which only a newer Homeroom knows.")
    from homeroom.db.chain import upgrade

    upgrade(db, told=told)
