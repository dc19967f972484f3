"""What a command says when it cannot go on: one sentence, and exit status 1."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from homeroom.db.migrate import CannotMigrate
from homeroom.school.ground.errors import Invalid, Refused
from homeroom.settings import BadSetting, Settings, load_settings


class Problem(click.ClickException):
    """One sentence for the person at the terminal."""


def settings_from(**given: object) -> Settings:
    """The settings of the environment with these options on top. Raises Problem."""
    try:
        return load_settings(os.environ, **given)
    except BadSetting as error:
        raise Problem(str(error)) from None


@contextmanager
def told_in_a_sentence(settings: Settings) -> Iterator[None]:
    """Turn what can go wrong with a database or a request into a Problem; anything else is a fault of ours."""
    try:
        yield
    except DBAPIError as error:
        raise Problem(f"The database {shown(settings.url)} cannot be used: {reason(error)}.") from None
    except sqlite3.Error as error:
        # From where we speak to the driver without SQLAlchemy: transactions, and the job queue.
        raise Problem(f"The database {shown(settings.url)} cannot be used: {str(error).rstrip('.')}.") from None
    except ArgumentError:
        raise Problem("The database URL cannot be read.") from None
    except OSError as error:
        raise Problem(f"{error.filename or settings.data} cannot be used: {error.strerror}.") from None
    except CannotMigrate as error:
        raise Problem(str(error)) from None
    except Refused as error:
        raise Problem(error.message) from None
    except Invalid as error:
        raise Problem("; ".join(f"{fault.attribute} {fault.text}" for fault in error.faults) + ".") from None


def shown(url: str) -> str:
    """A database URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def reason(error: DBAPIError) -> str:
    """The driver's own words, on one line."""
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()]
    return (lines[0] if lines else type(error.orig).__name__).rstrip(".")
