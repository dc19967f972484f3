"""What follows when the database undid a transaction so that another one could go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

log = logging.getLogger("homeroom.db")

T = TypeVar("T")

# PostgreSQL's serialization_failure and deadlock_detected. SQLite's writers queue and are never chosen.
_CHOSEN = ("40001", "40P01")


def once_more(work: Callable[[], T], forget: Callable[[], object] | None = None) -> T:
    """Do the work, which is one transaction; do it again if the database chose it as the victim of a deadlock.

    ``forget`` runs before the second try, for what the first one left outside the database. There is no third try: the
    order of locks (docs/decisions/0014) makes deadlocks rare, and a second one is a fault to hear of.
    """
    try:
        return work()
    except DBAPIError as error:
        if not was_chosen(error):
            raise
    log.warning("The database undid a transaction in favour of another; it is run once more.")
    if forget is not None:
        forget()
    return work()


def was_chosen(error: DBAPIError) -> bool:
    """Whether nothing is wrong with the statement, but two transactions stood in each other's way."""
    return getattr(error.orig, "sqlstate", None) in _CHOSEN
