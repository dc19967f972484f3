"""Whether an answer is what the OpenAPI document says of it: its status, its kind, and every one of its keys."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from homeroom.app import FACES
from homeroom.wire.http.request import split_path
from homeroom.wire.openapi.document import document
from homeroom.wire.routing.router import Match
from tests.conftest import School
from tests.support.client import Reply

DOCUMENT = document(FACES, "http://school.test")


def fault_of(school: School, method: str, target: str, reply: Reply) -> str | None:
    """What the answer to this request has that the document does not say, or lacks; None when all is as it says."""
    operation = _operation(school, method, target)
    return fault_of_operation(operation, reply) if operation else None


def _operation(school: School, method: str, target: str) -> dict[str, Any] | None:
    found = school.server.router.match(method, split_path(target.partition("?")[0].encode()))
    if not isinstance(found, Match):
        return None
    face, endpoint = found.route
    if not face.documented:
        return None
    base, _, rest = endpoint.route.path.rstrip(")").partition("(")
    path = base + (rest if any(isinstance(value, list) for value in found.values.values()) else "")
    operation: dict[str, Any] = DOCUMENT["paths"][written(face.prefix + path)][method.lower()]
    return operation


def written(path: str) -> str:
    """A route's path as the document writes it: ``/users/{id}``."""
    return re.sub(r"[:*](\w+)", r"{\1}", path)


def fault_of_operation(operation: dict[str, Any], reply: Reply) -> str | None:
    """What the answer has that the document does not say of the operation, or lacks."""
    responses = operation["responses"]
    if str(reply.status) not in responses and reply.status < 400:
        return f"the document knows no {reply.status}"
    content = _resolved(responses.get(str(reply.status), responses["default"])).get("content", {})
    if not content:
        return f"the document says that there is no body, and there is {reply.body!r}" if reply.body else None
    kind = reply.headers["content-type"].partition(";")[0]
    if kind not in content:
        return f"the document says {list(content)}, and the answer is {kind}"
    if kind != "application/json":
        return None
    fault = next(_validator(json.dumps(content[kind]["schema"])).iter_errors(reply.json), None)
    return f"{fault.instance_path}: {fault.message}" if fault else None


def _resolved(response: dict[str, Any]) -> dict[str, Any]:
    name = response.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["responses"][name] if name else response
    return found


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(_closed({**json.loads(schema), "components": DOCUMENT["components"]}))


def _closed(schema: Any) -> Any:
    """The schema, refusing every key that it does not name; errors may have any."""
    if isinstance(schema, list):
        return [_closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: inner if key == "Error" else _closed(inner) for key, inner in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
