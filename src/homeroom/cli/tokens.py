"""``homeroom token``."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import Connection, select

from homeroom.cli.errors import Problem, settings_from
from homeroom.cli.open_school import opened, require_school
from homeroom.cli.options import of_a_school
from homeroom.school.apps.access_tokens.actions import make_token
from homeroom.school.people.names import search_key
from homeroom.school.schema import (
    Login,
)
from homeroom.school.states import LoginState


@click.group()
def token() -> None:
    """Access tokens."""


@token.command(short_help="Create a token for somebody.")
@click.argument("login")
@click.option(
    "--purpose",
    default="Made at the command line",
    show_default=True,
    help="What the token is for. Its owner sees this text.",
)
@of_a_school
def create(login: str, purpose: str, data: Path | None, database: str | None) -> None:
    """Create an access token for the person with this LOGIN, and print it.

    The token does not expire. It is shown once: only its digest is stored.

    \b
    Examples
      homeroom token create admin@homeroom.example
      TOKEN=$(homeroom token create teacher@school.example --purpose "Nightly export")
    """
    settings = settings_from(data=data, database_url=database)
    if not purpose.strip():
        raise Problem("A token needs a purpose.")
    with opened(settings) as school:
        require_school(school)
        with school.write() as db:
            _, text = make_token(
                db, find_owner(db, login), purpose=purpose, expires_at=None, scopes=(), active=True, real_user_id=None
            )
    click.echo(text)


def find_owner(db: Connection, login: str) -> int:
    """The user with this active login. Raises Problem."""
    found = db.execute(
        select(Login.c.user_id)
        .where(Login.c.unique_id_key == search_key(login), Login.c.state == LoginState.ACTIVE)
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise Problem(f"Nobody signs in as {login!r}.")
    return int(found)
