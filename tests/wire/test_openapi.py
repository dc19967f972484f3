"""The OpenAPI document: valid, whole, and true (homeroom.md §3). The page it is shown on is in tests/web."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Raw, Struct, UnsetType
from tests.conftest import School
from tests.support.cast import token_of
from tests.support.client import Reply
from tests.support.document import DOCUMENT, fault_of_operation, written

from homeroom.app import FACES
from homeroom.wire.openapi.document import document
from homeroom.wire.openapi.schemas import Schemas
from homeroom.wire.params.parsing import Upload
from homeroom.wire.routing.routes import PUBLIC, Params, Routes
from homeroom.wire.serving.face import Face

OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def operation(path: str, method: str = "get") -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method]
    return found


# --- valid and whole


def test_the_document_is_valid() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1")


@pytest.mark.spec("homeroom.md#3")
def test_every_documented_route_is_one_operation() -> None:
    routes = {
        (written(face.prefix + path), route.method.lower())
        for face in FACES
        if face.documented
        for route in face.routes
        for path in [route.path.partition("(")[0], re.sub("[()]", "", route.path)]
    }
    assert {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods} == routes


@pytest.mark.spec("homeroom.md#3")
def test_paths_are_the_documented_literals() -> None:
    paths = DOCUMENT["paths"]
    assert {"get", "put", "delete"} == set(paths["/api/v1/users/{user_id}/custom_data"])
    assert {"get", "put", "delete"} == set(paths["/api/v1/users/{user_id}/custom_data/{scope}"])
    assert "/api/v1/users/self/bookmarks" in paths


def test_no_two_paths_differ_in_their_names_only() -> None:
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in DOCUMENT["paths"]]
    assert len(shapes) == len(set(shapes))


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [one["operationId"] for methods in DOCUMENT["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_says_what_it_does(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"] and not operation["summary"].endswith(".")
    assert len(operation["tags"]) == 1
    names = [(parameter["in"], parameter["name"]) for parameter in operation.get("parameters", ())]
    assert len(names) == len(set(names))
    assert [name for kind, name in names if kind == "path"] == re.findall(r"\{(\w+)\}", path)
    assert (method in ("post", "put")) >= ("requestBody" in operation)
    assert "default" in operation["responses"]


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    def leads_somewhere(reference: str) -> bool:
        here: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            here = here.get(part, {})
        return bool(here)

    found = set(references(DOCUMENT))
    assert found
    assert [reference for reference in found if not leads_somewhere(reference)] == []


# --- what it says


def test_a_scope_and_the_tokens_are_told() -> None:
    assert "url:GET|/api/v1/users/:id" in operation("/api/v1/users/{id}")["description"]
    assert DOCUMENT["security"] == [{"bearer": []}]
    assert DOCUMENT["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert operation("/homeroom/v1/health")["security"] == [{}, {"bearer": []}]
    assert operation("/api/v1/accounts/{account_id}/self_registration", "post").get("security") == []


def test_a_list_is_an_array_with_pages() -> None:
    found = operation("/api/v1/accounts/{account_id}/users")
    success = found["responses"]["200"]
    assert success["content"]["application/json"]["schema"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/UserJson"},
    }
    assert success["headers"] == {"Link": {"$ref": "#/components/headers/Link"}}
    parameters = {parameter["name"]: parameter for parameter in found["parameters"]}
    assert parameters["per_page"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
    assert parameters["page"]["in"] == "query"
    assert parameters["include[]"]["schema"]["type"] == "array"


def schemas_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from schemas_in(inner)


def test_generators_find_what_they_need() -> None:
    for name in DOCUMENT["components"]["schemas"]:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", name), name
    for schema in schemas_in(DOCUMENT):
        assert schema.get("type") != "array" or "items" in schema, schema
        assert "enum" not in schema or "type" in schema or None in schema["enum"], schema


def test_a_key_that_every_answer_has_is_required_and_a_time_is_a_time() -> None:
    course = DOCUMENT["components"]["schemas"]["CourseJson"]
    assert {"id", "blueprint", "start_at"} <= set(course["required"])
    assert "term" not in course["required"]
    assert course["properties"]["blueprint"] == {"type": "boolean"}
    assert {"type": "string", "format": "date-time"} in course["properties"]["start_at"]["anyOf"]
    dates = operation("/api/v1/courses/{course_id}/enrollments", "post")["requestBody"]["content"]
    form = dates["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert form["enrollment[start_at]"]["format"] == "date-time"


def test_parameters_whose_names_are_data_are_told_too() -> None:
    provider = operation("/api/v1/accounts/{account_id}/authentication_providers", "post")["requestBody"]["content"]
    form = provider["application/x-www-form-urlencoded"]["schema"]
    assert {"auth_type", "client_id", "auth_base", "federated_attributes"} <= set(form["properties"])
    assert form["required"] == ["auth_type"]
    # The control routes take JSON alone.
    clock = operation("/homeroom/v1/clock", "put")["requestBody"]["content"]
    assert clock == {"application/json": {"schema": {"$ref": "#/components/schemas/ClockChange"}}}
    for path, methods in DOCUMENT["paths"].items():
        for method in methods.keys() & {"put", "post"}:
            for media in methods[method].get("requestBody", {"content": {}})["content"].values():
                assert media["schema"] != {"type": "object"}, path


def test_a_field_that_its_handler_refuses_is_told_as_it_should_be() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    editor = schemas["TextEditorPreference"]["properties"]["text_editor_preference"]
    assert (editor["type"], set(editor["enum"])) == ("string", {"", "rce", "block_editor"})
    assert schemas["UpdateColor"]["properties"]["hexcode"]["type"] == "string"
    assert schemas["UpdateDashboardPositions"]["properties"]["dashboard_positions"]["type"] == "object"


def test_every_status_of_success_is_told() -> None:
    stored = operation("/api/v1/users/{user_id}/custom_data", "put")["responses"]
    assert stored["200"] == stored["201"]
    assert operation("/pandata/events", "post")["responses"]["204"] == {"description": "Success"}


def test_who_asks_too_much_is_told_so_in_plain_text() -> None:
    assert operation("/api/v1/users/{id}")["responses"]["429"] == {"$ref": "#/components/responses/TooManyRequests"}
    assert list(DOCUMENT["components"]["responses"]["TooManyRequests"]["content"]) == ["text/plain"]
    assert "429" not in operation("/homeroom/v1/health")["responses"]


JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(200, JSON, b'{"now": "2026-01-31T10:00:00Z", "frozen": false}'), None),
        (Reply(200, JSON, b'{"now": "2026-01-31T10:00:00Z"}'), '"frozen" is a required property'),
        (Reply(200, JSON, b'{"now": null, "frozen": false, "x": 1}'), "Additional properties"),
        (Reply(200, {"content-type": "text/html"}, b""), "text/html"),
        (Reply(202, JSON, b"{}"), "202"),
        (Reply(403, JSON, b'{"errors": [{"message": ""}], "status": "unauthorized"}'), None),
        (Reply(409, JSON, b'{"message": ""}'), None),
    ],
)
def test_an_answer_that_the_document_does_not_know_is_found(reply: Reply, fault: str | None) -> None:
    found = fault_of_operation(operation("/homeroom/v1/clock"), reply)
    assert (found is None) if fault is None else (fault in (found or ""))


def test_a_change_takes_a_form_with_brackets_or_json() -> None:
    content = operation("/api/v1/users/{id}", "put")["requestBody"]["content"]
    form = content["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert {"user[name]", "user[avatar][token]"} <= set(form)
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/UpdateUser"}


class Inner(Struct, frozen=True):
    name: str
    kinds: list[str] = []


class Everything(Struct):
    needed: str
    count: int | None = None
    maybe: bool | UnsetType = UNSET
    names: frozenset[str] = frozenset()
    inner: Inner | UnsetType = UNSET
    must: Inner = Inner("")
    items: list[Inner] = []
    colors: dict[str, str] = {}
    either: int | str = 0
    anything: object = None
    raw: Raw | UnsetType = UNSET
    file: Upload | None = None
    tree: Everything | None = None


def everything(params: Params[Everything]) -> Everything:
    """Take everything.

    And give it back.
    """
    raise NotImplementedError


def made(method: str) -> dict[str, Any]:
    routes = Routes()
    getattr(routes, method)("/things/:name(/*rest)", right=PUBLIC)(everything)
    face = Face("Test", "/test", (routes,), lambda error, request: None)  # type: ignore[arg-type, return-value]
    found: dict[str, Any] = document((face,), "http://x")["paths"]
    assert list(found) == ["/test/things/{name}", "/test/things/{name}/{rest}"]
    operation: dict[str, Any] = found["/test/things/{name}"][method]
    return operation


FLAT = {
    "needed": "string", "count": "integer", "maybe": "boolean", "names[]": "array", "inner[name]": "string",
    "inner[kinds][]": "array", "must[name]": "string", "must[kinds][]": "array", "items[][name]": "array",
    "items[][kinds][]": "array", "colors": "object", "either": None, "anything": None, "raw": None, "file": "string",
}  # fmt: skip


def test_structs_become_names_in_brackets() -> None:
    parameters = {parameter["name"]: parameter for parameter in made("get")["parameters"] if parameter["in"] == "query"}
    kinds = {name: parameter["schema"].get("type") for name, parameter in parameters.items()}
    assert kinds == FLAT  # a Struct within itself is left out
    assert [name for name, parameter in parameters.items() if parameter["required"]] == ["needed"]
    assert parameters["colors"]["style"] == "deepObject"


def test_a_struct_with_a_file_is_a_multipart_form() -> None:
    body = made("post")["requestBody"]
    assert list(body["content"]) == ["multipart/form-data"]
    schema = body["content"]["multipart/form-data"]["schema"]
    assert schema["properties"]["file"] == {"type": "string", "format": "binary"}
    assert schema["required"] == ["needed"]
    assert body["required"] is True


def test_the_docstring_is_the_summary_and_the_description() -> None:
    found = made("get")
    assert (found["summary"], found["description"]) == ("Take everything", "And give it back.")


def test_two_structs_of_one_name_are_told_apart() -> None:
    class UserJson(Struct):
        other: int

    from homeroom.canvas.people.user_json import UserJson as Real

    schemas = Schemas([], [UserJson, Real])
    assert schemas.of(UserJson) != schemas.of(Real)
    assert schemas.of(Real) == {"$ref": "#/components/schemas/UserJsonUserJson"}


# --- true: what schemathesis makes of the document meets no failure, and answers have the schema that was said


@pytest.fixture
def kinds(school: School) -> dict[str, list[str]]:
    """Ids that exist, by the name of a path's parameter."""
    users = ["self", str(school.id("student")), str(school.id("teacher")), "sis_user_id:sis-student"]
    return {
        "account_id": ["1", "self", str(school.id("northern"))],
        "user_id": users,
        "course_id": [str(school.id("biology"))],
    }


Sent = tuple[bytes, list[tuple[bytes, bytes]], bytes]


def sent(case: Any, ids: dict[str, list[str]], choose: Callable[[list[str]], str]) -> Sent:
    """The target, headers and body of a case, mostly with ids that exist."""
    for name in case.path_parameters or {}:
        known = ids.get(name) or ids["user_id" if "/users/{id}" in case.path else "account_id"]
        case.path_parameters[name] = choose([*known, str(case.path_parameters[name])])
    try:
        made = requests.Request(**case.as_transport_kwargs(base_url="http://school.test")).prepare()
    except (ValueError, requests.RequestException):
        assume(False)
    body = made.body if isinstance(made.body, bytes) else str(made.body or "").encode()
    headers = [(b"content-length", b"%d" % len(body))]
    if content_type := made.headers.get("content-type"):
        headers.append((b"content-type", str(content_type).encode()))
    return quote(made.path_url, safe="/?&=%+[]:@!$'()*,;~").encode(), headers, body


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_the_document_is_true(
    school: School, kinds: dict[str, list[str]], path: str, method: str, operation: dict[str, Any]
) -> None:
    dev = school.with_settings(dev=True)
    client = dev.with_token(token_of("site_admin"))
    cases = schemathesis.openapi.from_dict(DOCUMENT)[path][method.upper()].as_strategy()

    @settings(
        max_examples=8, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases, st.randoms(use_true_random=False))
    def run(case: Any, random: Any) -> None:
        target, headers, body = sent(case, kinds, random.choice)
        reply = client.send(method.upper(), target, headers, [body])
        assert reply is not None
        assert reply.status < 500, (target, body, reply)
        fault = fault_of_operation(operation, reply)
        assert fault is None, (target, body, reply, fault)

    run()
