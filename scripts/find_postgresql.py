#!/usr/bin/env python3
"""Print the URL of a PostgreSQL on which tests may create databases, or exit with status 3 and say why there is none.

Looked for, in this order: HOMEROOM_TEST_POSTGRESQL_URL or the PG* variables, a server on 127.0.0.1:5432, the cluster
that an earlier call started, and PostgreSQL's programs, from which a throw-away cluster is started. `--stop` ends it.
"""

import argparse
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

REMEMBERED = Path(__file__).resolve().parent.parent / ".tools" / "pg" / "cluster.json"
NOT_FOUND = 3
MAY_CREATE = "select rolcreatedb or rolsuper from pg_roles where rolname = current_user"
HAS_TRIGRAMS = "select exists (select from pg_available_extensions where name = 'pg_trgm')"


class NotFound(Exception):
    """No PostgreSQL is to be had; the message says why."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stop", action="store_true", help="end the throw-away cluster, if there is one")
    if parser.parse_args().stop:
        stop()
        return 0
    try:
        print(find())
    except NotFound as reason:
        print(reason, file=sys.stderr)
        return NOT_FOUND
    return 0


def find() -> str:
    if url := asked_for():
        if problem := problem_with(url):
            raise NotFound(f"The PostgreSQL that the environment names is not usable: {problem}")
        return url
    for url in likely_urls():
        if problem_with(url) is None:
            return url
    return start()


def asked_for() -> str | None:
    """The server named by the environment: then it is that one or none."""
    if url := os.environ.get("HOMEROOM_TEST_POSTGRESQL_URL"):
        return url
    if not any(os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE")):
        return None
    return url_of(
        user=os.environ.get("PGUSER", me()),
        password=os.environ.get("PGPASSWORD"),
        host=os.environ.get("PGHOST", "127.0.0.1"),
        port=os.environ.get("PGPORT", "5432"),
        database=os.environ.get("PGDATABASE", "postgres"),
    )


def likely_urls() -> Iterator[str]:
    if REMEMBERED.exists():
        yield json.loads(REMEMBERED.read_text())["url"]
    if listens("127.0.0.1", 5432):
        for user in dict.fromkeys([me(), "postgres", "root"]):
            yield url_of(user=user)


def url_of(
    *, user: str, password: str | None = None, host: str = "127.0.0.1", port: str = "5432", database: str = "postgres"
) -> str:
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    if host.startswith("/"):
        return f"postgresql+psycopg://{login}@/{quote(database)}?{urlencode({'host': host, 'port': port})}"
    return f"postgresql+psycopg://{login}@{host}:{port}/{quote(database)}"


def me() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


# Whether a server will do


def problem_with(url: str) -> str | None:
    """None if tests can create databases there; otherwise what is in the way."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        may_create, has_trigrams = answers(plain, [MAY_CREATE, HAS_TRIGRAMS])
    except Unanswered as error:
        return str(error)
    if not may_create:
        return "its role may not create databases."
    if not has_trigrams:
        return "it lacks the extension pg_trgm (Debian: postgresql; elsewhere often postgresql-contrib)."
    return None


class Unanswered(Exception):
    """The server did not answer, or there is no client here to ask it with."""


def answers(url: str, questions: list[str]) -> list[bool]:
    try:
        import psycopg
    except ImportError:
        return answers_by_psql(url, questions)
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return [bool((connection.execute(question.encode()).fetchone() or [False])[0]) for question in questions]
    except psycopg.Error as error:
        raise Unanswered(str(error)) from error


def answers_by_psql(url: str, questions: list[str]) -> list[bool]:
    psql = shutil.which("psql")
    if psql is None:
        raise Unanswered("there is neither psycopg nor psql here to ask it with; run `make setup` first.")
    command = [psql, "--no-psqlrc", "--no-password", "-qAt", *(f"-c{question}" for question in questions), url]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PGCONNECT_TIMEOUT": "5"})
    if done.returncode != 0:
        raise Unanswered(done.stderr.strip())
    return [line == "t" for line in done.stdout.splitlines()]


# The throw-away cluster


class Owner(NamedTuple):
    """Who runs the server: PostgreSQL refuses to be run by root."""

    user: str
    run_as: dict[str, object]


def start() -> str:
    programs = find_programs()
    if programs is None:
        raise NotFound(
            "There is no PostgreSQL: nothing usable answers on 127.0.0.1:5432, and initdb and pg_ctl are not installed "
            "(Debian and Ubuntu: apt-get install postgresql)."
        )
    stop()
    owner = find_owner()
    folder = Path(tempfile.mkdtemp(prefix="homeroom-postgresql-"))
    shutil.chown(folder, owner.user)
    password, port = secrets.token_hex(16), free_port()
    url = url_of(user="homeroom", password=password, port=str(port))
    remember({"url": url, "folder": str(folder), "pg_ctl": str(programs / "pg_ctl"), "user": owner.user})
    try:
        make_cluster(programs, folder, password, owner)
        # It is thrown away: what a power cut would lose does not matter, and speed does.
        settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories=''"
        settings += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
        log = folder / "server.log"
        run([programs / "pg_ctl", "start", "-w", "-D", folder / "data", "-l", log, "-o", settings], owner)
        if problem := problem_with(url):
            raise NotFound(f"A throw-away PostgreSQL was started, but {problem}")
    except NotFound:
        stop()
        raise
    return url


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl; the newest, where Debian has several."""

    def version(folder: Path) -> float:
        try:
            return float(folder.parent.name)
        except ValueError:
            return 0

    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def find_owner() -> Owner:
    if os.getuid() != 0:
        return Owner(me(), {})
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(name, {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []})
    raise NotFound("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as.")


def make_cluster(programs: Path, folder: Path, password: str, owner: Owner) -> None:
    secret = folder / "password"
    secret.write_text(password)
    shutil.chown(secret, owner.user)
    initdb: list[str | Path] = [programs / "initdb", "-D", folder / "data", "-U", "homeroom", "-E", "UTF8", "--no-sync"]
    initdb += ["--auth=scram-sha-256", f"--pwfile={secret}"]
    # Not plain C: there trigrams know no letters beyond ASCII.
    for locale in ("C.UTF-8", "en_US.UTF-8"):
        try:
            run([*initdb, f"--locale={locale}"], owner)
        except NotFound:
            shutil.rmtree(folder / "data", ignore_errors=True)
        else:
            return
    run([*initdb, "--locale=C"], owner)


def run(command: list[str | Path], owner: Owner) -> None:
    # A file and not a pipe: the server keeps what it inherits open, and a pipe would be read for ever.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            **owner.run_as,  # type: ignore[call-overload]
        )
        output.seek(0)
        said = output.read().strip()
    if done.returncode != 0:
        raise NotFound(f"{Path(command[0]).name} failed: {said or 'it said nothing.'}")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def remember(cluster: dict[str, str]) -> None:
    REMEMBERED.parent.mkdir(parents=True, exist_ok=True)
    REMEMBERED.touch(mode=0o600)
    REMEMBERED.write_text(json.dumps(cluster))


def stop() -> None:
    if not REMEMBERED.exists():
        return
    cluster = json.loads(REMEMBERED.read_text())
    folder = Path(cluster["folder"])
    if (folder / "data" / "postmaster.pid").exists():
        command: list[str | Path] = [cluster["pg_ctl"], "stop", "-m", "immediate", "-w", "-D", folder / "data"]
        try:
            run(command, find_owner())
        except NotFound as problem:
            print(problem, file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    REMEMBERED.unlink()


if __name__ == "__main__":
    sys.exit(main())
