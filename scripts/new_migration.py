"""Write the next migration: what the tables in school/schema have and the end of the chain has not.

    PYTHONPATH=src .venv/bin/python scripts/new_migration.py "Tokens remember their device"

Read it before you commit it: a renamed column comes out as one dropped and one added, and what only one database has
(an index with ddl_if, a trigger) is yours to write.
"""

import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import BigInteger, String

from homeroom.db import Database
from homeroom.db.chain import config_for, upgrade
from homeroom.db.migrate import revisions
from homeroom.db.types import Time
from homeroom.school.schema import METADATA

# Virtual tables of SQLite, and those that they make for themselves.
_NOT_OURS = ("directory_search", "directory_trigrams")


def main(message: str) -> int:
    number = f"{len(revisions()) + 1:04d}"
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'chain.db'}")
        with database.alter() as db:
            upgrade(db)
        with database.alter() as db, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = config_for(db)
            config.attributes["options"] = {
                "target_metadata": METADATA,
                "render_item": render_type,
                "include_object": lambda _object, name, *_rest: not name or not name.startswith(_NOT_OURS),
            }
            config.set_main_option("file_template", f"{number}_{slug}")
            command.revision(config, message, autogenerate=True, rev_id=number)
        database.close()
    return 0


def render_type(kind: str, value: Any, _context: Any) -> Any:
    if kind != "type":
        return False
    if isinstance(value, Time):
        return "Time()"
    if isinstance(value, BigInteger):
        return "Id"
    return "Key" if isinstance(value, String) and "postgresql" in value._variant_mapping else False


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
