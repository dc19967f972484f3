"""``homeroom demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from sqlalchemy import select

from homeroom.cli.errors import Problem, settings_from
from homeroom.cli.open_school import opened, require_school
from homeroom.cli.options import of_a_school
from homeroom.db import Database
from homeroom.school.schema import User
from homeroom.school.seed import demo as demo_school
from homeroom.school.seed.demo.load import is_loaded


@click.group()
def demo() -> None:
    """The demo school."""


@demo.command(short_help="Add the demo people to a school.")
@of_a_school
def load(data: Path | None, database: str | None) -> None:
    """Add the demo school: people, courses, enrollments. The passwords are public, so do not use it for real people.

    \b
    Example
      homeroom demo load --data ./homeroom-data
    """
    settings = settings_from(data=data, database_url=database)
    with opened(settings) as school:
        require_school(school)
        came = load_demo(school)
    click.echo(f"{came} people came." if came else "The demo school was here already.")


@demo.command(short_help="Replace the tokens and passwords that everybody knows.")
@of_a_school
def retire(data: Path | None, database: str | None) -> None:
    """End the tokens of a demo school and replace the passwords that everybody knows. Its people stay.

    Afterwards the school can be served without --demo. Whoever had the demo password gets a new one by a link in a mail
    (/login/canvas/forgot). The first admin is not changed.

    \b
    Example
      homeroom demo retire --data ./homeroom-data
    """
    settings = settings_from(data=data, database_url=database)
    with opened(settings) as school:
        require_school(school)
        with school.read() as db:
            if not demo_school.is_open(db):
                raise Problem("There is no demo school here, or it was retired already.")
        with Console(file=sys.stderr).status("Trying the demo password on every login ..."):
            replaced = demo_school.retire(school)
    click.echo(f"{replaced.tokens} tokens ended, {replaced.passwords} passwords replaced; everybody is signed out.")


def require_retired(school: Database) -> None:
    """Raise Problem where tokens and passwords work that everybody knows."""
    with school.read() as db:
        if demo_school.is_open(db):
            raise Problem(
                "This is a demo school: everybody knows its tokens and passwords. "
                "Serve it with --demo, or replace them first with `homeroom demo retire`."
            )


def load_demo(school: Database) -> int:
    """Fill an empty school. Returns the number of people added. Raises Problem for a school with people of its own.

    The tokens of the demo people are public, an admin's among them.
    """
    with school.read() as db:
        if not is_loaded(db) and db.execute(select(User.c.id).offset(1).limit(1)).first():
            raise Problem("There are people in this school; the demo school is for an empty one.")
    with Console(file=sys.stderr).status("Filling the school ..."):
        return demo_school.load(school)


def introduce_people(school_is_open: bool, url: str) -> None:
    """Whom to try the server as, and three commands to paste."""
    if not school_is_open:
        click.echo("The demo school was retired: its tokens and passwords do not work any more.\n")
        return
    people = {person.role: person for person in demo_school.people_to_try()}
    click.echo(f"The demo school is here. Everybody's password is {demo_school.PASSWORD}; these have tokens too:\n")
    for role, person in people.items():
        click.echo(f"  {role:<8} {person.name:<18} {person.login:<32} {person.token}")
    click.echo("\nThree commands to paste:\n")
    for role, path in (
        ("student", "users/self"),
        ("teacher", "courses?include[]=total_students"),
        ("admin", "accounts/1/users?search_term=petr&include[]=email"),
    ):
        click.echo(f"  curl -g -H 'Authorization: Bearer {people[role].token}' '{url}/api/v1/{path}'")
    click.echo(f"\nOr sign in at {url}/login, and try every route at {url}/api/docs.\n")
