"""``homeroom migrate``."""

from __future__ import annotations

from pathlib import Path

import click

from homeroom.cli.errors import settings_from
from homeroom.cli.open_school import opened
from homeroom.cli.options import of_a_school
from homeroom.db.migrate import migrate as bring_up_to_date
from homeroom.db.migrate import newest_revision
from homeroom.school.schema import METADATA


@click.command()
@of_a_school
def migrate(data: Path | None, database: str | None) -> None:
    """Bring the tables up to date, in one transaction.

    `homeroom serve` does this when it starts. With several nodes, run this once before their new version starts.
    Migrations cannot be undone: make a backup first.

    \b
    Example
      homeroom migrate --database postgresql+psycopg://homeroom@db/homeroom
    """
    settings = settings_from(data=data, database_url=database)
    with opened(settings) as school:
        changed = bring_up_to_date(school, METADATA, told=lambda step: click.echo(f"{step}."))
    click.echo(f"The tables are at revision {newest_revision()}{'' if changed else ' already'}.")
