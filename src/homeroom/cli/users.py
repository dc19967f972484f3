"""``homeroom user``."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click
from sqlalchemy import Connection, select

from homeroom.cli.errors import Problem, settings_from
from homeroom.cli.open_school import opened, require_school
from homeroom.cli.options import of_a_school
from homeroom.cli.tokens import find_owner
from homeroom.school.people.logins.actions import change_login
from homeroom.school.people.logins.queries import login_with_id
from homeroom.school.people.names import search_key
from homeroom.school.people.passwords import hash_password, message_of, problem_with
from homeroom.school.schema import (
    Login,
)
from homeroom.school.sign_in import second_factors
from homeroom.school.sign_in.credentials import find_root
from homeroom.school.states import LoginState


@click.group()
def user() -> None:
    """People who cannot get in."""


@user.command(short_help="Give a login a new password.")
@click.argument("login")
@click.option("--generate", is_flag=True, help="Make a password up and print it.")
@of_a_school
def password(login: str, generate: bool, data: Path | None, database: str | None) -> None:
    """Give LOGIN a new password, and sign its owner out everywhere. Their second factor stays.

    The password is asked for; where standard input is not a terminal, it is the first line there.

    \b
    Examples
      homeroom user password admin@homeroom.example
      homeroom user password admin@homeroom.example --generate
      homeroom user password admin@homeroom.example < secret-file
    """
    settings = settings_from(data=data, database_url=database)
    with opened(settings) as school:
        require_school(school)
        with school.read() as db:
            login_id = find_login_id(db, login)
            unique_id = login_with_id(db, login_id).unique_id
            least = find_root(db).settings.password_min_length
        text = secrets.token_urlsafe(max(12, least)) if generate else read_password()
        if problem := problem_with(text, unique_id, least):
            raise Problem(f"The password {message_of(problem, least)}.")
        password_hash = hash_password(text)
        with school.write() as db:
            change_login(
                db, login_with_id(db, login_id), {}, None, password_hash, respect_stickiness=False, session_id=None
            )
    click.echo(text if generate else f"{unique_id} has a new password.")


@user.command("reset-second-factor", short_help="Take somebody's second factor away.")
@click.argument("login")
@of_a_school
def reset_second_factor(login: str, data: Path | None, database: str | None) -> None:
    """Take the second factor of whoever signs in as LOGIN away, and sign them out everywhere.

    For somebody who has lost both their phone and their recovery codes. They sign in with their password then.
    """
    settings = settings_from(data=data, database_url=database)
    with opened(settings) as school:
        require_school(school)
        with school.write() as db:
            owner = find_owner(db, login)
            if second_factors.state_of(db, owner).since is None:
                raise Problem(f"{login} has no second factor.")
            second_factors.reset(db, owner)
    click.echo(f"{login} has no second factor any more.")


def find_login_id(db: Connection, login: str) -> int:
    """The active login that a password of ours can open. Raises Problem."""
    found = db.execute(
        select(Login.c.id)
        .where(
            Login.c.unique_id_key == search_key(login), Login.c.state == LoginState.ACTIVE, Login.c.provider_key == 0
        )
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise Problem(f"Nobody signs in as {login!r} with a password.")
    return int(found)


def read_password() -> str:
    """What is typed, twice and unseen; or the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("New password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
