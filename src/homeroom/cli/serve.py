"""``homeroom serve``."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import click

from homeroom import clock
from homeroom.cli.address import Address, free_address
from homeroom.cli.demo import introduce_people, load_demo, require_retired
from homeroom.cli.errors import Problem, settings_from
from homeroom.cli.open_school import TOKEN_FILE, make_ready, opened
from homeroom.cli.options import of_a_school
from homeroom.cli.supervisor import supervise
from homeroom.db.engine import read_shift
from homeroom.school.seed.demo import is_open
from homeroom.school.seed.first_start import FirstAdmin
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
@click.option("--dev-on-any-address", is_flag=True, help="Allow HOMEROOM_DEV where other machines reach it.")
def serve(
    host: str, port: int, workers: int, data: Path | None, database: str | None, demo: bool, dev_on_any_address: bool
) -> None:
    """Start a server. It runs until it is stopped.

    The first start makes the school: a root account and a site admin, whose login and token are printed once; on a
    terminal the password too. The token is also in the file admin-token of the data folder.
    Later starts bring the tables up to date. A worker process for jobs runs beside the web processes.

    \b
    Examples
      homeroom serve --demo
      homeroom serve --host 0.0.0.0 --port 80 --workers 2 --data /var/lib/homeroom
      homeroom serve --database postgresql+psycopg://homeroom@db/homeroom
    """
    settings = settings_from(data=data, database_url=database, dev=True if demo else None)
    address = free_address(host, port)
    if settings.dev:
        require_private(settings, address, allowed=dev_on_any_address)
    with opened(settings, make=True) as school:
        admin = make_ready(school, settings)
        if demo:
            load_demo(school)
        else:
            require_retired(school)
        with school.read() as db:
            demo_is_open = demo and is_open(db)
            shift = read_shift(db) if settings.dev else clock.NO_SHIFT
    if admin is not None:
        introduce(admin, address, settings)
    if demo:
        introduce_people(demo_is_open, address.url)
    if settings.dev:
        tell_of_development(settings, address, demo_is_open)
        tell_of_the_clock(settings, address, shift)
    supervise(settings, address, workers)


def require_private(settings: Settings, address: Address, *, allowed: bool) -> None:
    """Raise Problem for a server under development that other machines reach."""
    if allowed or not (where := reached_from(settings, address)):
        return
    raise Problem(
        f"HOMEROOM_DEV is on (or --demo), and {where} is reached by other machines: they could move the clock, and the "
        "demo school's tokens and passwords are public. Give --dev-on-any-address to start anyway."
    )


def reached_from(settings: Settings, address: Address) -> str:
    """The address by which other machines reach this server; empty when only this one does."""
    if not ip_address(address.ip.partition("%")[0]).is_loopback:
        return address.host
    public = urlsplit(settings.public_url or "").hostname or ""
    return public if public and public not in ("localhost", "127.0.0.1", "::1") else ""


def tell_of_development(settings: Settings, address: Address, demo_is_open: bool) -> None:
    click.echo("Development is on: the clock can be moved, jobs run on demand, site admins read the outbox.")
    if where := reached_from(settings, address):
        known = " Everybody knows the demo school's tokens and passwords." if demo_is_open else ""
        click.echo(f"WARNING: {where} is reached by other machines.{known} Never with real people's data.")


def tell_of_the_clock(settings: Settings, address: Address, shift: clock.Shift) -> None:
    if shift == clock.NO_SHIFT:
        return
    now = shift.frozen_at or clock.real_now() + shift.offset
    stands = "stands still at" if shift.frozen_at else "is moved: it is"
    token, url = settings.data / TOKEN_FILE, f"{address.url}/homeroom/v1/clock"
    click.echo(f"Homeroom's clock {stands} {now:%Y-%m-%d %H:%M} UTC. To return to real time:\n")
    click.echo(f'  curl -X DELETE -H "Authorization: Bearer $(cat {token})" {url}\n')


def introduce(admin: FirstAdmin, address: Address, settings: Settings) -> None:
    """Print address, login and token. The password is for a terminal only: elsewhere it would stay in a log."""
    password = admin.password
    if not sys.stdout.isatty():
        password = f"is shown on a terminal only; `homeroom user password {admin.login}` sets another"
    click.echo(
        f"Homeroom made a new school. This is shown once:\n\n"
        f"  Address   {address.url}\n"
        f"  Login     {admin.login}\n"
        f"  Password  {password}\n"
        f"  Token     {admin.token}  (also in {settings.data / TOKEN_FILE})\n"
    )
