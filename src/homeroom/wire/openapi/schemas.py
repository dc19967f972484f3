"""JSON Schemas of parameters and answers, from their Structs, and their bracketed names in a query or form."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import UnsetType, inspect

from homeroom.wire.http.answers import Answer
from homeroom.wire.params.paging import Page
from homeroom.wire.params.parsing import Upload

Schema = dict[str, Any]
_PREFIX = "#/components/schemas/"
_TYPES = {str: "string", int: "integer", bool: "boolean"}
_FILE: Schema = {"type": "string", "format": "binary"}


class Field(NamedTuple):
    """One name of a query or form: ``user[name]``, ``include[]``."""

    name: str
    schema: Schema
    required: bool


class Schemas:
    """The schemas of parameters and answers; ``components`` are the named ones."""

    def __init__(self, taken: Iterable[Any], answered: Iterable[Any] = ()) -> None:
        taken, answered = _parts(taken), _parts(answered)
        wanted = list(dict.fromkeys((*taken, *answered)))
        found, components = msgspec.json.schema_components(
            wanted, schema_hook=_anything, ref_template=f"{_PREFIX}{{name}}"
        )
        components.pop(Upload.__name__, None)
        given = _structs(taken)
        for kind in _structs(wanted):
            _complete(components[_name_in(components, kind)], kind, always_whole=kind not in given)
        for schema in (*found, *components.values()):
            _renamed(schema)
        self.components: dict[str, Schema] = {_short(name): schema for name, schema in components.items()}
        self._by_kind: dict[Any, Schema] = dict(zip(wanted, found, strict=True))
        self._file = f"{_PREFIX}{Upload.__name__}"

    def of(self, kind: Any) -> Schema:
        """The schema of what a handler returns: a Struct, a page, several of them, or anything."""
        schemas = [self._of_one(one) for one in _alternatives(kind)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas} if schemas else {}

    def _of_one(self, kind: Any) -> Schema:
        if get_origin(kind) is Page:
            return {"type": "array", "items": self.of(get_args(kind)[0])}
        return self._by_kind.get(kind, {})

    def takes_files(self, kind: Any) -> bool:
        return any(field.schema == _FILE for field in self.fields(kind))

    def fields(self, kind: Any) -> list[Field]:
        """The names that a query or form has for this Struct."""
        return list(self._flat(self._by_kind[kind], "", required=True))

    def _flat(self, schema: Schema, name: str, *, required: bool, above: tuple[str, ...] = ()) -> Iterator[Field]:
        reference = schema.get("$ref", "")
        if reference == self._file:
            yield Field(name, _FILE, required)
        elif reference in above:
            return  # A Struct that holds itself: deeper names are like these.
        elif reference:
            named = self.components[reference.removeprefix(_PREFIX)]
            yield from self._flat(named, name, required=required, above=(*above, reference))
        elif "anyOf" in schema:
            yield from self._flat_choice(schema, name, required=required, above=above)
        elif "properties" in schema:
            for key, inner in schema["properties"].items():
                needed = required and key in schema.get("required", ())
                yield from self._flat(inner, f"{name}[{key}]" if name else key, required=needed, above=above)
        elif schema.get("type") == "array":
            for item in self._flat(schema.get("items") or {}, f"{name}[]", required=False, above=above):
                plain = item.schema if item.schema.get("type") != "array" else item.schema["items"]
                yield Field(item.name, {"type": "array", "items": plain}, required)
        else:
            yield Field(name, schema, required)

    def _flat_choice(self, schema: Schema, name: str, *, required: bool, above: tuple[str, ...]) -> Iterator[Field]:
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        if len(choices) == 1:
            yield from self._flat(choices[0], name, required=required, above=above)
        elif composed := [choice for choice in choices if "$ref" in choice or choice.get("type") == "array"]:
            # Text that may stand for a list is left out: `a` and `a[]` are one name to generators of clients.
            for choice in composed:
                yield from self._flat(choice, name, required=False, above=above)
        else:
            yield Field(name, {**schema, "anyOf": choices}, required)


def _parts(kinds: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(part for kind in kinds if kind is not None for part in parts_of(kind)))


def parts_of(kind: Any) -> Iterator[Any]:
    """The types of which a schema can be made: a page's items, each of a union's members."""
    for one in _alternatives(kind):
        if get_origin(one) is Page:
            yield from parts_of(get_args(one)[0])
        else:
            yield one


def _alternatives(kind: Any) -> list[Any]:
    if kind is None or kind is type(None):
        return []
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return [member for member in members if member is not Answer]


def _anything(kind: type) -> Schema:
    if kind is object:
        return {"description": "Any value."}
    raise NotImplementedError


def _structs(kinds: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """Every Struct that is one of these types or within one."""
    found: set[type[msgspec.Struct]] = set()

    def look_at(part: Any) -> None:
        if isinstance(part, tuple):
            for inner in part:
                look_at(inner)
        elif isinstance(part, inspect.StructType):
            if part.cls not in found:
                found.add(part.cls)
                look_at(part.fields)
        elif isinstance(part, inspect.Field | inspect.Type):
            look_at(tuple(getattr(part, name) for name in part.__struct_fields__))

    look_at(inspect.multi_type_info(kinds))
    return found


def _complete(schema: Schema, kind: type[msgspec.Struct], *, always_whole: bool) -> None:
    """Add what msgspec leaves out: the format of times, and the keys that an answer always has."""
    # A class's docstring speaks to programmers; its first sentence is for readers too.
    if "description" in schema:
        schema["description"] = schema["description"].split("\n\n")[0].replace("\n", " ")
    schema.pop("title", None)
    fields = msgspec.structs.fields(kind)
    for field in fields:
        property = schema["properties"][field.encode_name]
        if datetime in (field.type, *get_args(field.type)):
            for choice in property.get("anyOf", (property,)):
                if choice.get("type") == "string":
                    choice["format"] = "date-time"
        # That null is the same as nothing is not worth saying, and a Struct's default is no value that can be sent.
        if always_whole or property.get("default", {}) is None or isinstance(property.get("default"), dict):
            property.pop("default", None)
    if always_whole:
        schema["required"] = [field.encode_name for field in fields if UnsetType not in get_args(field.type)]


def _name_in(components: dict[str, Schema], kind: type) -> str:
    """The name that msgspec gives: the class's own, or a long one where another class has the same."""
    long = re.sub(r"[^a-zA-Z0-9.\-_]", "_", f"{kind.__module__}.{kind.__qualname__}")
    return long if long in components else kind.__name__


def _short(name: str) -> str:
    """``homeroom.canvas.people.profiles.CalendarJson`` is ``ProfilesCalendarJson``."""
    *_, module, last = ["", *name.split(".")]
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", module)) + last


def _renamed(schema: Any) -> None:
    """Give every reference within its short name, and every choice its type, without which generators guess."""
    if isinstance(schema, list):
        for inner in schema:
            _renamed(inner)
    elif isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            schema["$ref"] = _PREFIX + _short(reference.removeprefix(_PREFIX))
        if isinstance(choices := schema.get("enum"), list):
            kinds = {_TYPES.get(type(choice)) for choice in choices}
            if len(kinds) == 1 and None not in kinds:
                schema.setdefault("type", *kinds)
        for inner in schema.values():
            _renamed(inner)
