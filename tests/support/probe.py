"""A face of the tests' own, with routes that no product has: they echo, fail and list, so that the frame can be seen
at work. It speaks with Canvas's voice, at ``/api/probe``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, select, update

from homeroom.app import FACES
from homeroom.canvas.errors import render_error
from homeroom.db import after_commit
from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.listing import Listing, Order, as_it_is
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import User
from homeroom.wire.http.answers import Answer, seconds
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import CourseId, UserId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import PUBLIC, SELF_ONLY, Params, Prepared, RawParams, Rest, Routes
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.server import Server
from tests.conftest import School

route = Routes()
woken: list[str] = []


def with_probe(school: School, **changes: Any) -> School:
    """The school behind a server that has the probe's routes too, and these settings."""
    services = (school.with_settings(**changes) if changes else school).server.services
    other = replace(school, server=Server((*FACES, PROBE), services), settings=services.settings, _more=[])
    school._more.append(other)
    return other


@route.get("/echo", right=PUBLIC)
def echo(params: RawParams) -> dict[str, Any]:
    """What the server understood."""
    return {"params": {name: value for name, value in params.items() if name != "access_token"}}


@route.post("/echo", right=PUBLIC, body_limit=20_000_000)
def echo_body(params: RawParams) -> dict[str, Any]:
    return {"params": params}


@route.put("/echo", right=PUBLIC)
def echo_put(params: RawParams) -> dict[str, Any]:
    return {"params": params}


@route.delete("/echo", right=PUBLIC)
def echo_delete(params: RawParams) -> dict[str, Any]:
    return {"params": params}


@route.get("/mirror", right=PUBLIC)
def mirror(request: Request) -> dict[str, Any]:
    return {"url": request.url, "cookie": request.header(b"cookie"), "ip": request.remote_ip}


@route.get("/raise/:kind", right=PUBLIC)
def raise_error(kind: str) -> None:
    raise raising[kind]


raising: dict[str, Exception] = {}


class Rename(Struct):
    name: str = ""


@route.put("/rename/:how", right=SELF_ONLY)
def rename(how: str, params: Params[Rename], actor: Actor, db: Connection) -> Any:
    """Renames the caller, and then does what ``how`` says."""
    db.execute(update(User).where(User.c.id == actor.id).values(name=params.name))
    after_commit(lambda _database: woken.append(params.name))
    if how == "fail":
        raise RuntimeError("the secret reason")
    if how == "refuse":
        raise NotFound("anything")
    return {"cannot": object()} if how == "unencodable" else {"name": params.name}


@route.get("/write", right=SELF_ONLY)
def write_in_a_read(actor: Actor, db: Connection) -> None:
    """A reading route that writes all the same: nothing of it stays."""
    db.execute(update(User).where(User.c.id == actor.id).values(name="Written by a read"))


@route.get("/header", right=PUBLIC)
def header(params: RawParams) -> Answer:
    return Answer(200, {}, [("X-Echo", params["value"])])


@route.get("/empty/:status", right=PUBLIC)
def empty(status: str) -> Answer:
    return Answer(int(status))


@route.get("/users/:id/form", right=PUBLIC)
def user_form(id: UserId) -> dict[str, str]:
    return {"kind": id.kind, "value": id.value}


@route.get("/courses/:id/form", right=PUBLIC)
def course_form(id: CourseId) -> dict[str, str]:
    return {"kind": id.kind, "value": id.value}


@route.get("/texts/:text", right=PUBLIC, free_tail=True)
def free_text(text: str) -> dict[str, str]:
    return {"text": text}


@route.get("/plain/:text", right=PUBLIC)
def plain_text(text: str) -> dict[str, str]:
    return {"text": text}


@route.get("/scopes(/*scope)", right=PUBLIC)
def scopes(scope: Rest) -> dict[str, list[str]]:
    return {"scope": list(scope)}


@route.get("/ids", right=PUBLIC)
def ids() -> dict[str, Any]:
    """Ids everywhere an answer can have them."""
    return {
        "id": 2**53 + 1, "user_id": 7, "ids": [1, "2", None, {"id": 3}], "course_ids": [4], "uuid": 5, "grid": 6,
        "missing_id": None, "named_id": "x", "flag_id": True, "list": [[{"id": 8}]], "deep": {"deeper": {"a_id": 9}},
        "id_of": 10, "float_id": 1.5,
    }  # fmt: skip


def hash_slowly(params: Params[Rename], actor: Actor) -> str:
    return f"{actor.name} wants {params.name}"


@route.post("/prepared", right=SELF_ONLY, prepare=hash_slowly)
def prepared(result: Prepared[str]) -> dict[str, str]:
    return {"result": result}


class ListPeople(Struct):
    by: str = "id"
    descending: bool = False
    counted: bool = False
    bookmarks: bool = False


class PersonJson(Struct):
    id: int
    name: str
    locale: str | None
    created_at: datetime | None


_COLUMNS = {"id": User.c.id, "name": User.c.name, "locale": User.c.locale, "created_at": User.c.created_at}


@route.get("/people", right=SELF_ONLY)
def list_people(params: Params[ListPeople], paging: Paging, db: Connection) -> Page[PersonJson]:
    rows = select(User.c.id, User.c.name, User.c.locale, User.c.created_at)
    order = Order(_COLUMNS[params.by], User.c.id, params.descending, nullable=params.by == "locale")
    found = Listing(rows, order, as_it_is, countable=rows)
    page = paging.of(db, found, counted=params.counted, bookmarks=params.bookmarks)
    return page.map(_person_json)


@route.get("/few", right=PUBLIC)
def list_few(paging: Paging) -> Page[int]:
    return paging.cut(list(range(25)))


def _person_json(row: AnyRow) -> PersonJson:
    return PersonJson(row.id, row.name, row.locale, seconds(row.created_at))


PROBE = Face("Probe", "/api/probe", (route,), render_error, throttled=True)
