"""What `homeroom doctor` looks at. Each check changes nothing that lasts, and says what it found."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from homeroom import clock
from homeroom.cli.errors import reason, shown
from homeroom.cli.external_checks import check_mail, check_storage
from homeroom.cli.open_school import TOKEN_FILE, is_open_to_others, own_files
from homeroom.db import Database
from homeroom.db.migrate import current_revision, newest_revision, revisions
from homeroom.school.apps.vault_check import count_sealed
from homeroom.school.ground.invariants import INVARIANTS, violations
from homeroom.school.ground.vault import open_vault
from homeroom.school.jobs.leases import leases_named
from homeroom.school.jobs.registry import Jobs
from homeroom.school.schema import DirectoryEntry, MovedClock
from homeroom.school.seed import demo
from homeroom.school.seed.first_start import is_empty
from homeroom.settings import VARIABLES, Settings

# Two clocks further apart than this make tokens expire and codes fail at the wrong time.
_APART = timedelta(seconds=5)
_OLDEST_POSTGRESQL = 13
_LITTLE_SPACE = 200 * 1024 * 1024
# Not settings of a server: what `serve` tells its children, and what the tests read.
_OURS = ("HOMEROOM_SUPERVISOR", "HOMEROOM_TEST_")


class Finding(NamedTuple):
    """``note`` is worth knowing, ``problem`` is to be mended; ``advice`` says how."""

    check: str
    state: Literal["ok", "note", "problem"]
    found: str
    advice: str = ""


def all_of(settings: Settings) -> Iterator[Finding]:
    """Every check, in an order in which the first problem explains the next."""
    yield check_python()
    yield check_settings(os.environ)
    yield check_folder(settings.data)
    yield from check_files(settings)
    yield check_token_file(settings.data / TOKEN_FILE)
    yield from check_database(settings)
    yield Finding("storage", *check_storage(settings))
    yield Finding("mail", *check_mail(settings))


def check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"Python {version}, SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < (3, 35):
        return Finding("python", "problem", found, "Homeroom needs SQLite 3.35 or newer; use a newer Python build.")
    return Finding("python", "ok", found)


def check_settings(environ: Mapping[str, str]) -> Finding:
    """The values were read before; what is left are names that nothing reads."""
    given = {name for name in environ if name.startswith("HOMEROOM_") and not name.startswith(_OURS)}
    if unknown := sorted(given - VARIABLES.keys()):
        return Finding("settings", "problem", f"{', '.join(unknown)}: no such setting", "See docs/operations.md.")
    return Finding("settings", "ok", ", ".join(sorted(given)) or "all as they come")


def check_folder(folder: Path) -> Finding:
    if not folder.exists():
        above = next(parent for parent in folder.absolute().parents if parent.exists())
        if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
            return Finding("data folder", "problem", f"{folder} cannot be made in {above}", "Choose another one.")
        return Finding("data folder", "note", f"{folder} does not exist yet", "`homeroom serve` makes it.")
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data folder", "problem", f"{folder} cannot be written to", "Give it to the user who serves.")
    if is_open_to_others(folder):
        return Finding("data folder", "note", f"{folder} is open to other users of this machine", f"chmod 700 {folder}")
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        return Finding("data folder", "problem", f"{folder} has {free // 1024**2} MiB left", "Make space.")
    return Finding("data folder", "ok", f"{folder}, {free // 1024**3} GiB free")


def check_files(settings: Settings) -> Iterator[Finding]:
    """The database and the queue; the token has a line of its own."""
    for file in own_files(settings):
        if file.name != TOKEN_FILE and is_open_to_others(file):
            found = f"others can read {file} (mode {stat.S_IMODE(file.stat().st_mode):04o})"
            yield Finding("files", "problem", found, f"chmod 600 {file}")


def check_token_file(file: Path) -> Finding:
    if not file.exists():
        return Finding("admin-token", "ok", "not kept in the data folder")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return Finding("admin-token", "problem", f"others can read it (mode {mode:04o})", f"chmod 600 {file}")
    return Finding("admin-token", "ok", f"{file}, only for its owner")


def check_database(settings: Settings) -> Iterator[Finding]:
    file = settings.database_file
    if file is not None and not file.exists():
        # To connect would make it.
        if file.parent.exists() or file.absolute().parent == settings.data.absolute():
            yield Finding("database", "note", f"{file} does not exist yet", "`homeroom serve` makes it.")
        else:
            yield Finding("database", "problem", f"there is no folder {file.parent}", "Make it, or choose another.")
        return
    database = Database(settings.url, pool_size=1, secret_key=settings.secret_key)
    try:
        with database.engine.connect() as db:
            yield check_server(db, settings)
            current = current_revision(db)
        yield check_tables(current)
        if current == newest_revision():
            with database.read() as db:
                yield from check_school(db, settings)
            yield check_queue(database, settings)
    except DBAPIError as error:
        yield Finding(
            "database", "problem", f"{shown(settings.url)}: {reason(error)}", "Is it running, and the URL right?"
        )
    finally:
        database.close()


def check_server(db: Connection, settings: Settings) -> Finding:
    if db.dialect.name == "sqlite":
        mode = db.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        return Finding("database", "ok", f"{shown(settings.url)}, journal mode {mode}")
    version = str(db.exec_driver_sql("SHOW server_version").scalar_one())
    if int(version.split(".")[0]) < _OLDEST_POSTGRESQL:
        return Finding("database", "problem", f"PostgreSQL {version}", f"Homeroom needs {_OLDEST_POSTGRESQL} or newer.")
    encoding = db.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        return Finding("database", "problem", f"its encoding is {encoding}", "Make a database with ENCODING 'UTF8'.")
    return Finding("database", "ok", f"PostgreSQL {version} at {shown(settings.url)}")


def check_tables(current: str | None) -> Finding:
    newest = newest_revision()
    if current == newest:
        return Finding("tables", "ok", f"at revision {newest}")
    if current is None:
        return Finding("tables", "note", "none yet", "`homeroom serve` makes them.")
    if current not in revisions():
        return Finding(
            "tables", "problem", f"at revision {current}, of a newer Homeroom", "Install that version again."
        )
    return Finding(
        "tables", "problem", f"at revision {current}, and this version needs {newest}", "Run `homeroom migrate`."
    )


def check_school(db: Connection, settings: Settings) -> Iterator[Finding]:
    """What the tables say, once they are there."""
    if is_empty(db):
        yield Finding("school", "note", "not set up yet", "`homeroom serve` does it on its first start.")
    else:
        yield check_secrets(db, settings)
        if demo.is_open(db):
            found = "everybody knows the tokens and passwords of the demo people"
            yield Finding("demo school", "note", found, "`homeroom demo retire` before real people come.")
        yield check_invariants(db)
    yield check_search(db)
    yield check_clock(db)
    yield check_worker(db)


def check_secrets(db: Connection, settings: Settings) -> Finding:
    sealed, closed = count_sealed(db, open_vault(db))
    if closed:
        advice = "Give the HOMEROOM_SECRET_KEY that they were sealed with."
        return Finding("secrets", "problem", f"{closed} of {sealed} do not open", advice)
    return Finding("secrets", "ok", f"{sealed} sealed, all open")


def check_invariants(db: Connection) -> Finding:
    broken = [f"{rule}: not so for {', '.join(map(str, ids))}" for rule, ids in violations(db)]
    if broken:
        return Finding("invariants", "problem", "\n".join(broken), "Homeroom has a fault: please report it.")
    return Finding("invariants", "ok", f"{len(INVARIANTS)} rules between rows hold")


def check_search(db: Connection) -> Finding:
    if db.dialect.name == "sqlite":
        missing = not db.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'directory_search'").first()
        if not missing:
            db.exec_driver_sql(
                "SELECT rowid FROM directory_search WHERE directory_search MATCH '\"abc\"' LIMIT 1"
            ).all()
    else:
        indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'directory' AND indexdef LIKE '%gin_trgm_ops%'"
        missing = db.execute(text(indexes)).scalar_one() == 0
    if missing:
        return Finding("search", "problem", "the trigram index is gone", "Restore a backup, or make the index again.")
    people = db.execute(select(DirectoryEntry.c.user_id).limit(1)).first()
    return Finding("search", "ok", "by trigrams" if people else "by trigrams; nobody is there yet")


def check_clock(db: Connection) -> Finding:
    if db.dialect.name == "postgresql":
        there: datetime = db.execute(text("SELECT clock_timestamp()")).scalar_one()
        apart = abs(there - clock.real_now())
        if apart > _APART:
            return Finding(
                "clock", "problem", f"{apart.total_seconds():.0f} s from the database's", "Run an NTP client."
            )
    if db.execute(select(MovedClock.c.id)).first():
        return Finding(
            "clock", "note", "Homeroom's time is moved", "It counts with HOMEROOM_DEV only; DELETE /homeroom/v1/clock."
        )
    return Finding("clock", "ok", f"{clock.real_now():%Y-%m-%d %H:%M:%S} UTC")


def check_worker(db: Connection) -> Finding:
    leases = leases_named(db, "worker")
    alive = [lease.holder.rsplit(":", 1)[0] for lease in leases if lease.live and _may_live(lease.holder)]
    if alive:
        return Finding("worker", "ok", f"alive: {', '.join(alive)}")
    # One that stops says so; what is left is of one that could not.
    if leases:
        return Finding("worker", "problem", "it stopped reporting", "Look at the log of `homeroom serve`.")
    return Finding("worker", "note", "none is running now", "`homeroom serve` starts one.")


def _may_live(holder: str) -> bool:
    """Whether nothing speaks against it: of a process on this machine we see whether it is there."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        # There is one, of somebody else.
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: str) -> bool:
    """Whether the process has ended and nobody has taken note: in a container without an init, it may stay so."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state in ("Z", "X")


def check_queue(database: Database, settings: Settings) -> Finding:
    jobs = Jobs(database, settings)
    try:
        waiting = jobs.queue.size()
    except Exception as error:  # whatever its library raises, the finding is the same
        return Finding("job queue", "problem", f"it cannot be used: {error}", "Jobs wait until it can.")
    finally:
        jobs.close()
    return Finding("job queue", "ok", f"{waiting} waiting")
