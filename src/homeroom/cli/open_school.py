"""Opening a school from the command line: its folder, its tables, its first admin."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from homeroom.cli.errors import Problem, told_in_a_sentence
from homeroom.db import Database
from homeroom.db.migrate import current_revision, migrate, newest_revision, revisions
from homeroom.school import listeners as listeners
from homeroom.school.schema import METADATA
from homeroom.school.seed import first_start as setup
from homeroom.settings import Settings

TOKEN_FILE = "admin-token"


@contextmanager
def opened(settings: Settings, *, pool_size: int = 2, make: bool = False) -> Iterator[Database]:
    """The school's database for the time of a command. Raises Problem for what can go wrong in it.

    Only with ``make`` are a data folder and a database file made: a mistyped path leaves nothing behind, and neither
    does a first start that failed.
    """
    file = settings.database_file
    made = [] if file is None or file.exists() else [file, settings.data / TOKEN_FILE]
    folders = [] if settings.data.exists() else [settings.data]
    if make:
        prepare_folder(settings.data)
        for own in own_files(settings):
            close_to_others(own)
    elif made:
        raise Problem(f"There is no school at {file}; `homeroom serve` makes one.")
    try:
        with told_in_a_sentence(settings):
            database = Database(settings.url, dev=settings.dev, pool_size=pool_size, secret_key=settings.secret_key)
            try:
                yield database
            finally:
                database.close()
    except Exception:
        _remove(made, folders)
        raise


def _remove(made: list[Path], folders: list[Path]) -> None:
    for file in made:
        for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            path.unlink(missing_ok=True)
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def prepare_folder(folder: Path) -> None:
    """Make the data folder, for its owner alone. Raises Problem when it cannot be written to."""
    if folder.exists() and not folder.is_dir():
        raise Problem(f"{folder} cannot be the data folder: it is a file.")
    probe = folder / ".writable"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Problem(f"The data folder {folder} cannot be written to: {error.strerror}.") from None


def own_files(settings: Settings) -> list[Path]:
    """The files of the school that are there: whoever reads one reads people's data, or gets in."""
    files = [settings.data / TOKEN_FILE]
    for database in (settings.database_file, settings.data / "jobs.db"):
        if database is not None:
            files += [database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))]
    return [file for file in files if file.is_file()]


def is_open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def close_to_others(file: Path) -> None:
    """Take what others may do with a file that an older version or another umask left open."""
    # Somebody else's file stays as it is; `homeroom doctor` says so.
    if is_open_to_others(file) and file.stat().st_uid == os.getuid():
        file.chmod(stat.S_IMODE(file.stat().st_mode) & 0o700)


def require_current(database: Database) -> None:
    """Raise Problem unless the tables are as this version needs them."""
    with database.engine.connect() as db:
        current = current_revision(db)
        if current is None:
            raise Problem("There is no school yet; `homeroom serve` makes it.")
        if current not in revisions():
            raise Problem(f"The database is at revision {current}, which only a newer Homeroom knows.")
        if current != newest_revision():
            raise Problem("The tables are not those of this version; run `homeroom migrate` first.")


def require_school(database: Database) -> None:
    """Raise Problem unless the tables are up to date and the school was set up."""
    require_current(database)
    with database.read() as db:
        if setup.is_empty(db):
            raise Problem("There is no school yet; `homeroom serve` makes it.")


def make_ready(database: Database, settings: Settings) -> setup.FirstAdmin | None:
    """Bring the tables up to date and, on the first start, set the school up: whom to let in, None afterwards."""
    migrate(database, METADATA)
    admin = setup.first_start(
        database, token=settings.admin_token, keep=lambda made: keep_token(settings.data, made.token)
    )
    if admin is None and settings.admin_token:
        setup.honour_token(database, settings.admin_token)
        if not (settings.data / TOKEN_FILE).exists():
            # Another node's folder, or a new one over a database that was there.
            keep_token(settings.data, settings.admin_token)
    return admin


def keep_token(folder: Path, token: str) -> None:
    """Write the token where only the owner of the folder reads it."""
    file = folder / TOKEN_FILE
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(f"{token}\n")
        stream.flush()
        os.fsync(descriptor)
