"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])


def of_a_school(command: C) -> C:
    """``--data`` and ``--database``: the school that the command works on."""
    data = click.option(
        "--data", type=click.Path(path_type=Path), help="Folder of the school.  [default: ./homeroom-data]"
    )
    database = click.option("--database", metavar="URL", help="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME.")
    return data(database(command))
