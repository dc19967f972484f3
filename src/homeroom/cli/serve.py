"""``homeroom serve``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from homeroom.cli.address import Address, free_address
from homeroom.cli.demo import introduce_people, load_demo
from homeroom.cli.opening import TOKEN_FILE, make_ready, opened
from homeroom.cli.options import of_a_school
from homeroom.cli.problems import settings_from
from homeroom.cli.supervisor import supervise
from homeroom.school.setup import FirstAdmin
from homeroom.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 or :: for all.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), help="Number of web processes.")
@of_a_school
@click.option("--demo", is_flag=True, help="Fill an empty school with demo people and courses; turns HOMEROOM_DEV on.")
def serve(host: str, port: int, workers: int, data: Path | None, database: str | None, demo: bool) -> None:
    """Start a server. It runs until it is stopped.

    The first start makes the school: a root account and a site admin, whose login is printed once; on a terminal the
    password and the token too. The token is also in the file admin-token of the data folder.
    Later starts bring the tables up to date. A worker process for jobs runs beside the web processes.

    \b
    Examples
      homeroom serve --demo
      homeroom serve --host 0.0.0.0 --port 80 --workers 2 --data /var/lib/homeroom
      homeroom serve --database postgresql+psycopg://homeroom@db/homeroom
    """
    settings = settings_from(data=data, database_url=database, dev=True if demo else None)
    address = free_address(host, port)
    with opened(settings, make=True) as school:
        admin = make_ready(school, settings)
        if demo:
            load_demo(school)
    if admin is not None:
        introduce(admin, address, settings)
    if demo:
        introduce_people(address.url)
    supervise(settings, address, workers)


def introduce(admin: FirstAdmin, address: Address, settings: Settings) -> None:
    """Say how to get in: to a person at a terminal. What goes into a file or a log keeps no secret."""
    token_file = settings.data / TOKEN_FILE
    if sys.stdout.isatty():
        told = f"  Password  {admin.password}\n  Token     {admin.token}  (also in {token_file})\n"
    else:
        told = (
            f"  Password  is shown on a terminal only; `homeroom user password {admin.login}` sets another\n"
            f"  Token     is in {token_file}\n"
        )
    click.echo(
        f"Homeroom made a new school. This is shown once:\n\n"
        f"  Address   {address.url}\n"
        f"  Login     {admin.login}\n{told}"
    )
