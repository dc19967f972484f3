"""The limit: what Python can do at best. A WSGI app written by hand for a few routes: the SQL that Homeroom runs,
straight through ``sqlite3``, and msgspec; served by granian in one thread. It checks nothing and offers nothing else.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec

from benchmarks.recording import ready

_plan = msgspec.json.decode(Path(os.environ["BENCHMARK_PLAN"]).read_bytes())
_db = sqlite3.connect(_plan["file"], check_same_thread=False, isolation_level=None, cached_statements=512)
for _pragma in ("journal_mode = WAL", "synchronous = FULL", "mmap_size = 268435456", "cache_size = -16000"):
    _db.execute(f"PRAGMA {_pragma}")
_show, _list, _put = (ready(_plan[name]) for name in ("show", "list", "put"))
_replayed = {url: ready(recorded["statements"]) for url, recorded in _plan["replayed"].items()}
_answers = {url: recorded["answer"] for url, recorded in _plan["replayed"].items()}
_name = _plan["name"]
_encode = msgspec.json.Encoder().encode
_SILHOUETTE = "http://127.0.0.1/images/messages/avatar-50.png"

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def app(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    digest = hashlib.sha256(environ.get("HTTP_AUTHORIZATION", "")[7:].encode()).digest()
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "PUT":
        body = _change(digest, environ["wsgi.input"].read())
    elif path.endswith("/users/self"):
        body = _one(digest)
    elif path.endswith("/accounts/1/users"):
        body = _many(digest)
    else:
        body = _again(f"{path}?{environ['QUERY_STRING']}", digest)
    start("200 OK", [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


def _authenticate(statement: tuple[str, list[Any]], digest: bytes) -> None:
    sql, values = statement
    assert _db.execute(sql, [digest if isinstance(value, bytes) else value for value in values]).fetchone()


def _one(digest: bytes) -> bytes:
    _authenticate(_show[0], digest)
    return _encode(_user(_db.execute(*_show[1]).fetchone(), whole=True))


def _many(digest: bytes) -> bytes:
    _authenticate(_list[0], digest)
    for sql, values in _list[1:-1]:
        _db.execute(sql, values).fetchall()
    return _encode([_user(row, whole=False) for row in _db.execute(*_list[-1])])


def _again(url: str, digest: bytes) -> bytes:
    """The same statements, every row fetched, and the same answer encoded."""
    first, *others = _replayed[url]
    _authenticate(first, digest)
    for sql, values in others:
        _db.execute(sql, values).fetchall()
    return _encode(_answers[url])


def _change(digest: bytes, form: bytes) -> bytes:
    name = parse_qs(form.decode())["user[name]"][0]
    _db.execute("BEGIN IMMEDIATE")
    _authenticate(_put[0], digest)
    row: Any = None
    for sql, values in _put[1:]:
        found = _db.execute(sql, [name if value == _name else value for value in values]).fetchall()
        row = found[0] if found and len(found[0]) > 20 else row
    _db.execute("COMMIT")
    return _encode(_user(row, whole=True))


_AT = {name: at for at, name in enumerate(_plan["columns"])}
_LISTED = [
    (name, _AT[name])
    for name in (
        "id",
        "name",
        "created_at",
        "sortable_name",
        "short_name",
        "sis_user_id",
        "integration_id",
        "sis_import_id",
    )
]
_LOGIN, _EMAIL, _LOCALE, _SORTABLE = (_AT[name] for name in ("login_id", "email", "locale", "sortable_name"))


def _user(row: Any, *, whole: bool) -> dict[str, Any]:
    user = {name: row[at] for name, at in _LISTED}
    user["created_at"] = user["created_at"][:19] + "Z"
    user["login_id"] = row[_LOGIN]
    if whole:
        last, _, first = row[_SORTABLE].partition(", ")
        user |= {
            "first_name": first,
            "last_name": last,
            "avatar_url": _SILHOUETTE,
            "email": row[_EMAIL],
            "locale": row[_LOCALE],
            "effective_locale": "en",
            "permissions": {"can_update_name": True, "can_update_avatar": True, "limit_parent_app_web_access": False},
        }
    return user
