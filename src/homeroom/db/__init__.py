"""The database: engine, transactions at the edge, locks, types and what differs by database."""

from homeroom.db.engine import Database, after_commit
from homeroom.db.statements import (
    begin_ids_anew,
    contains,
    insert_or_change,
    insert_or_update,
    insert_returning_id,
    json_rows,
    lock,
    one_of,
    violated,
)
from homeroom.db.types import digest_of, new_uuid
from homeroom.db.victims import once_more

__all__ = [
    "Database",
    "after_commit",
    "begin_ids_anew",
    "contains",
    "digest_of",
    "insert_or_change",
    "insert_or_update",
    "insert_returning_id",
    "json_rows",
    "lock",
    "new_uuid",
    "once_more",
    "one_of",
    "violated",
]
