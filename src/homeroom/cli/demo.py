"""``homeroom demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from sqlalchemy import select

from homeroom.cli.opening import opened, require_school
from homeroom.cli.options import of_a_school
from homeroom.cli.problems import Problem, settings_from
from homeroom.db import Database
from homeroom.school import demo as demo_school
from homeroom.school.demo.load import is_loaded
from homeroom.school.schema import User


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


def load_demo(school: Database) -> int:
    """Fill an empty school. Returns the number of people added. Raises Problem for a school with people of its own.

    The tokens of the demo people are public, an admin's among them.
    """
    with school.read() as db:
        if not is_loaded(db) and db.execute(select(User.id).offset(1).limit(1)).first():
            raise Problem("There are people in this school; the demo school is for an empty one.")
    with Console(file=sys.stderr).status("Filling the school ..."):
        return demo_school.load(school)


def introduce_people(url: str) -> None:
    """Print the people to try the server with, and three commands to paste."""
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
