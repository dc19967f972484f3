"""Runs migrations with Alembic. Imported only when there are some to run, because the import takes a quarter second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(db: Connection, to: str = "head", told: Callable[[str], None] | None = None) -> None:
    """Walk up, in the transaction of this connection; ``told`` hears of each step."""
    config = config_for(db)
    if told is not None:
        config.attributes["options"] = {"on_version_apply": lambda step, **_: told(_name(step))}
    command.upgrade(config, to)


def _name(step: Any) -> str:
    return f"{step.up_revision_id}: {step.up_revision.doc.rstrip('.')}"


def config_for(db: Connection) -> Config:
    """Alembic's configuration for work on this connection."""
    config = Config(attributes={"connection": db})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
