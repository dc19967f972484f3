"""The OpenAPI 3.1 document, made from the route table (homeroom.md §3)."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, get_args

from homeroom import __version__
from homeroom.wire.openapi.schemas import Field, Schema, Schemas
from homeroom.wire.params.ids import PathId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import (
    ANONYMOUS,
    PUBLIC,
    SELF_ONLY,
    FromContext,
    FromRequest,
    Route,
    is_context,
    mark_of,
    params_type,
    value_of_context,
)
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.throttle import too_many

_IN_THE_QUERY = ("GET", "DELETE")
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_PARAMETER = re.compile(r"[:*](\w+)")
_ERRORS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}
_INFO = """\
Call with `Authorization: Bearer TOKEN`. Lists come in pages; the `Link` header leads to the next one.

- Text in brackets is nested: `user[name]=Ada`, `include[]=email`. Bodies may be forms or JSON.
- `Accept: application/json+canvas-string-ids` makes every id a string.
- With `as_user_id` a call is made as another user, if the caller has the right to.
- Ids in a path may be SIS ids: `sis_user_id:A1`, `sis_login_id:ada`, `sis_account_id:main`.
"""


class Operation(NamedTuple):
    """One documented route at one of its paths."""

    face: Face
    route: Route
    path: str

    @property
    def tag(self) -> str:
        return self.route.resource.replace("_", " ").capitalize()


def document(faces: Sequence[Face], base_url: str) -> dict[str, Any]:
    """The document of every documented face, for a server at ``base_url``."""
    operations = [
        operation
        for face in faces
        if face.documented
        for route in face.routes
        for operation in _operations(face, route)
    ]
    schemas = Schemas(
        [params_type(operation.route) for operation in operations],
        [operation.route.returns for operation in operations],
    )
    names = _names(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation, name in zip(operations, names, strict=True):
        paths.setdefault(_PARAMETER.sub(r"{\1}", operation.path), {})[operation.route.method.lower()] = {
            "operationId": name,
            **_operation(operation, schemas),
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Homeroom", "version": __version__, "description": _INFO},
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": _components(schemas),
    }


def _operations(face: Face, route: Route) -> Iterator[Operation]:
    """``/custom_data(/*scope)`` is two paths."""
    base, bracket, optional = (face.prefix + route.path).rstrip(")").partition("(")
    yield Operation(face, route, base)
    if bracket:
        yield Operation(face, route, base + optional)


def _names(operations: Sequence[Operation]) -> list[str]:
    """The handlers' names, told apart by their face, or by the optional end of their path."""
    first = Counter(operation.route.name for operation in operations)
    names = []
    for operation in operations:
        name = operation.route.name
        if first[name] > 1 and "(" not in operation.route.path:
            name = f"{operation.face.name.lower()}_{operation.route.resource}_{name}"
        elif "(" in operation.route.path and "*" in operation.path:
            name += "_at_" + operation.path.rpartition("*")[2]
        names.append(name)
    return names


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    route = operation.route
    rest = inspect.cleandoc(route.handler.__doc__ or "").partition("\n")[2]
    if route.scope and operation.face.scoped:
        rest += f"\n\nScope: `{operation.face.scope_text(route)}`"
    found: dict[str, Any] = {
        "summary": route.summary,
        "description": rest.strip(),
        "tags": [operation.tag],
        "parameters": [*_path_parameters(operation), *_query_parameters(route, schemas)],
        "requestBody": None if route.method in _IN_THE_QUERY else _body(operation, schemas),
        "responses": _responses(operation, schemas),
        "security": [] if route.right == ANONYMOUS else [{}, {"bearer": []}] if route.right == PUBLIC else None,
    }
    return {key: value for key, value in found.items() if value or (key == "security" and value is not None)}


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    needs = {**operation.route.prepare_needs, **operation.route.needs}
    contexts = {
        value_of_context(operation.route.path, name, mark_of(hint)): hint
        for name, hint in needs.items()
        if is_context(hint)
    }
    for name in _PARAMETER.findall(operation.path):
        hint = contexts.get(name) or needs.get(name)
        mark = mark_of(hint)
        kind = mark.kind if isinstance(mark, PathId | FromContext) else ""
        found: dict[str, Any] = {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
        if kind in _EXAMPLES:
            found["description"] = f"Its id, or {_EXAMPLES[kind]}."
        yield found


_EXAMPLES = {
    "user": "`self`, or a form such as `sis_user_id:A1`",
    "account": "`self`, `default`, or a form such as `sis_account_id:main`",
    "course": "a form such as `sis_course_id:BIO-101`",
    "section": "a form such as `sis_section_id:BIO-101-1`",
    "term": "`default`, `current`, or a form such as `sis_term_id:autumn`",
    "group": "a form such as `sis_group_id:chess`",
}


def _query_parameters(route: Route, schemas: Schemas) -> Iterator[dict[str, Any]]:
    kind = params_type(route)
    if kind is not None and route.method in _IN_THE_QUERY:
        for field in schemas.fields(kind):
            found = {"name": field.name, "in": "query", "required": field.required, "schema": field.schema}
            yield found | ({"style": "deepObject"} if _is_map(field) else {})
    if Paging in route.needs.values():
        default, largest = route.paged
        size = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
        yield {
            "name": "page",
            "in": "query",
            "schema": {"type": "string"},
            "description": "A number from 1, or a bookmark.",
        }
        yield {"name": "per_page", "in": "query", "schema": size}


def _is_map(field: Field) -> bool:
    return field.schema.get("type") == "object"


def _body(operation: Operation, schemas: Schemas) -> dict[str, Any] | None:
    route, kind = operation.route, params_type(operation.route)
    if kind is None:
        takes_anything = any(isinstance(mark_of(hint), FromRequest) for hint in route.needs.values())
        return {"content": {"application/json": {"schema": {"type": "object"}}}} if takes_anything else None
    fields = schemas.fields(kind)
    if not fields:
        return None
    form: Schema = {"type": "object", "properties": {field.name: field.schema for field in fields}}
    if needed := [field.name for field in fields if field.required]:
        form["required"] = needed
    encoding = {field.name: {"style": "deepObject", "explode": True} for field in fields if _is_map(field)}
    media = {"schema": form, **({"encoding": encoding} if encoding else {})}
    if schemas.takes_files(kind):
        return {"content": {_MULTIPART: media}, "required": bool(needed)}
    json = {"application/json": {"schema": schemas.of(kind)}}
    return {"content": {_FORM: media, **json} if operation.face.takes_forms else json, "required": bool(needed)}


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {
        str(status): _success(operation.route, status, schemas) for status in _successes(operation.route)
    }
    for status, name in _ERRORS.items():
        if _can_answer(operation, status):
            found[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return {**found, "default": {"$ref": "#/components/responses/Error"}}


def _successes(route: Route) -> tuple[int, ...]:
    return (route.status, *route.also)


def _success(route: Route, status: int, schemas: Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Success"}
    # A redirect has no body either.
    if status == 204 or 300 <= status < 400:
        return success
    schema = schemas.of(route.returns)
    if route.page_key is not None:
        schema = {"type": "object", "properties": {route.page_key: schema}, "required": [route.page_key]}
    if _is_paged(route.returns):
        success["headers"] = {"Link": {"$ref": "#/components/headers/Link"}}
    return {**success, "content": {"application/json": {"schema": schema}}}


def _is_paged(returns: Any) -> bool:
    return any(getattr(kind, "__origin__", kind) is Page for kind in (returns, *get_args(returns)))


def _can_answer(operation: Operation, status: int) -> bool:
    route = operation.route
    match status:
        case 401:
            return route.right != ANONYMOUS
        case 403:
            return route.right not in (ANONYMOUS, PUBLIC, SELF_ONLY)
        case 404:
            return ":" in route.path or Paging in route.needs.values()
        case 429:
            return operation.face.throttled
    return True


def _components(schemas: Schemas) -> dict[str, Any]:
    return {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An access token of a user."}
        },
        "headers": {
            "Link": {
                "description": "Addresses of other pages by `rel`: current, next, prev, first, last.",
                "schema": {"type": "string"},
            }
        },
        "responses": {
            "BadRequest": _refusal("What was sent cannot be read or breaks a rule", "user is missing", *_BARE),
            "Unauthorized": _refusal("Nobody is signed in, or the token is not good", "Invalid access token."),
            "Forbidden": _refusal("The caller may not do this", "user not authorized to perform that action"),
            "NotFound": _refusal(
                "There is no such thing, or the caller may not know of it", "The specified resource does not exist."
            ),
            "TooManyRequests": {
                "description": "The caller asks too much, and should wait (a 403 before October 2025)",
                "content": {"text/plain": {"schema": {"type": "string"}, "example": _TOO_MANY}},
            },
            "Error": _refusal("Another refusal", "An error occurred."),
        },
        "schemas": {**schemas.components, "Error": _ERROR},
    }


_TOO_MANY = too_many("429", with_header=False).body.decode()


_MESSAGES: Schema = {"type": "array", "items": {"type": "object", "properties": {"message": {"type": "string"}}}}
# Some 400s come without the object around them: `null`, or a list of messages (identity.md §4).
_BARE: tuple[Schema, ...] = ({"type": "null"}, {**_MESSAGES, "minItems": 1})


def _refusal(description: str, message: str, *others: Schema) -> dict[str, Any]:
    """An error answer; ``others`` are further shapes of it."""
    error: Schema = {"$ref": "#/components/schemas/Error"}
    schema: Schema = {"anyOf": [error, *others]} if others else error
    media = {"schema": schema, "example": {"errors": [{"message": message}]}}
    return {"description": description, "content": {"application/json": media}}


_ERROR: Schema = {
    "type": "object",
    "description": "What is wrong: a list of messages, or messages by attribute, or one message.",
    "properties": {
        "errors": {"anyOf": [_MESSAGES, {"type": "object"}, {"type": "string"}]},
        "message": {"type": "string"},
        "status": {"type": "string"},
    },
}
