"""Custom data (custom-data-files-sis.md §1): an application's own JSON about a person, at a scope of a namespace."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.errors import NotFound, Refused
from homeroom.school.ground.ids import IdForm
from homeroom.school.people.custom_data import documents
from homeroom.school.people.custom_data.documents import Document, Room
from homeroom.school.people.users import policy
from homeroom.school.people.users.policy import Rule
from homeroom.school.people.users.queries import find_user_id
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import UserId
from homeroom.wire.params.parsing import is_json, raw_json_member
from homeroom.wire.routing.routes import BY_POLICY, Params, RawParams, Rest, Routes
from homeroom.wire.serving.call import Call

route = Routes()
_NAMESPACE_LIMIT = 255


class CustomDataJson(Struct):
    """The value at the scope: any JSON, with numbers in the form in which they came."""

    data: msgspec.Raw


class Namespace(Struct):
    ns: str = ""


class StoreCustomData(Namespace):
    data: Any = None


@route.put("/users/:user_id/custom_data(/*scope)", right=BY_POLICY, also=(201,))
def store_custom_data(
    user_id: UserId, scope: Rest, params: Params[StoreCustomData], given: RawParams, call: Call
) -> CustomDataJson | Answer:
    """Store custom data: 201 where there was none."""
    document = _find(call.db, call.actor, user_id, params.ns, policy.can_manage, must_exist=False)
    value = _value(given, call.request)
    room = Room(call.request.settings.max_custom_data, call.request.settings.max_custom_data_per_person)
    was_empty = documents.write(call.db, document, _path(scope), value, room)
    return Answer(201, CustomDataJson(value)) if was_empty else CustomDataJson(value)


@route.get("/users/:user_id/custom_data(/*scope)", right=BY_POLICY)
def load_custom_data(
    user_id: UserId, scope: Rest, params: Params[Namespace], actor: Actor, db: Connection
) -> CustomDataJson:
    """Load custom data."""
    return CustomDataJson(documents.read(db, _find(db, actor, user_id, params.ns, policy.can_read), _path(scope)))


@route.delete("/users/:user_id/custom_data(/*scope)", right=BY_POLICY)
def delete_custom_data(
    user_id: UserId, scope: Rest, params: Params[Namespace], actor: Actor, db: Connection
) -> CustomDataJson:
    """Delete custom data."""
    return CustomDataJson(documents.remove(db, _find(db, actor, user_id, params.ns, policy.can_manage), _path(scope)))


def _find(
    db: Connection, actor: Actor, user_id: IdForm, namespace: str, rule: Rule, *, must_exist: bool = True
) -> Document:
    """The checks in their documented order: namespace, user, anything there, right."""
    if not namespace.strip() or len(namespace) > _NAMESPACE_LIMIT:
        raise Refused("invalid namespace")
    document = documents.find_document(db, find_user_id(db, actor, user_id), namespace)
    if document is None:
        raise NotFound("user")
    if must_exist and not document.exists:
        raise Refused("no data for scope")
    policy.require(rule, db, actor, document.user_id)
    return document


def _path(scope: Rest) -> list[str]:
    """The keys that lead into the document. Generated clients send ``%2F`` for every slash, so it is one."""
    return "/".join(scope).split("/") if scope else []


def _value(given: dict[str, Any], request: Request) -> msgspec.Raw:
    """The ``data`` that was sent. JSON stays as it was written; a form makes strings and objects of strings."""
    raw = raw_json_member(request.body, "data") if is_json(request.content_type) else None
    if raw is None and "data" in given:
        raw = msgspec.Raw(msgspec.json.encode(given["data"]))
    if raw is None or bytes(raw).strip() == b"null":
        raise Refused("no data specified")
    return raw
