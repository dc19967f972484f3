"""JSON Schemas of what routes take and answer, from their Structs; and how brackets write them in a query or form."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec

from homeroom.wire.answers import Answer
from homeroom.wire.paging import Page
from homeroom.wire.params import Upload

Schema = dict[str, Any]
_PREFIX = "#/components/schemas/"
_FILE: Schema = {"type": "string", "format": "binary"}


class Field(NamedTuple):
    """One name of a query or form: ``user[name]``, ``include[]``."""

    name: str
    schema: Schema
    required: bool


class Schemas:
    """The schemas of these types; ``components`` are those that have a name."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        wanted = list(dict.fromkeys(plain for kind in kinds for plain in parts_of(kind)))
        found, components = msgspec.json.schema_components(
            wanted, schema_hook=_anything, ref_template=f"{_PREFIX}{{name}}"
        )
        self.components: dict[str, Schema] = components
        self._by_kind: dict[Any, Schema] = dict(zip(wanted, found, strict=True))
        self._file = f"{_PREFIX}{Upload.__name__}"
        self.components.pop(Upload.__name__, None)
        for schema in self.components.values():
            _describe(schema)

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
        elif any("$ref" in choice or choice.get("type") == "array" for choice in choices):
            for choice in choices:
                yield from self._flat(choice, name, required=False, above=above)
        else:
            yield Field(name, {**schema, "anyOf": choices}, required)


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


def _describe(schema: Schema) -> None:
    """A class's docstring speaks to programmers; its first sentence is for readers too."""
    if "description" in schema:
        schema["description"] = schema["description"].split("\n\n")[0].replace("\n", " ")
    schema.pop("title", None)
