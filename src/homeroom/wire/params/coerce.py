"""Converts a dict of parameters to a typed Struct, by Rails' rules for text (basics.md §5).

`converter(Struct)` is made once per type. Every refusal is a BadParameter with the name as the client wrote it:
`user[name]`.
"""

import operator
import re
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NewType, TypeAlias, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from homeroom.wire.params.parsing import shown
from homeroom.wire.params.scalars import (
    SIMPLE,
    BadParameter,
    Kind,
    MissingParameter,
    Read,
    ReadBy,
    text_of,
)

S = TypeVar("S", bound=Struct)


def converter(kind: type[S]) -> Callable[[Mapping[str, object]], S]:
    """What turns a request's parameters into the Struct; made once per type.

    Unknown keys are ignored. Null stands for None where the field's type has it, and for an absent key elsewhere;
    in a form, where null can't be written, blank text does the same for `int | None` and other types that are not
    text. Raises TypeError at once for a Struct with a field that no parameter can fill; the converter raises
    BadParameter and MissingParameter.
    """
    return cast("Callable[[Mapping[str, object]], S]", _converter(kind))


def given(params: Struct) -> dict[str, Any]:
    """The fields of a converted Struct that the client sent: those that are not UNSET."""
    values = {name: getattr(params, name) for name in params.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}


def _taken(kind: Kind, value: object, name: str) -> object:
    """The value for the field; UNSET if it counts as absent."""
    if value is None or (value == "" and kind.blank_is_null and kind.nullable):
        return None if kind.nullable else UNSET
    return kind.read(value, name)


@cache
def _converter(kind: type[Struct]) -> Callable[[Mapping[str, object]], Struct]:
    form = _form_of(kind, {})
    return lambda given: form.read(given, "")


class _Form:
    """How one Struct is filled. It is made empty and then filled in, because a Struct may contain itself."""

    kind: type[Struct]
    fields: dict[str, tuple[str, Kind]]  # by the name on the wire: the attribute and its kind
    required: list[tuple[str, str]]
    unset: list[str]

    def read(self, given: Mapping[str, object], name: str) -> Struct:
        found: dict[str, object] = dict.fromkeys(self.unset, UNSET)
        for key, value in given.items():
            if (field := self.fields.get(key)) is not None:
                attribute, kind = field
                taken = _taken(kind, value, f"{name}[{key}]" if name else key)
                if taken is not UNSET:
                    found[attribute] = taken
        for key, attribute in self.required:
            if attribute not in found:
                raise MissingParameter(f"{name}[{key}]" if name else key)
        return self.kind(**found)

    def read_value(self, value: object, name: str) -> Struct:
        if not isinstance(value, dict):
            raise BadParameter(name, "must be an object")
        return self.read(value, name)


_Forms: TypeAlias = dict[type[Struct], _Form]


def _form_of(kind: type[Struct], forms: _Forms) -> _Form:
    if kind in forms:
        return forms[kind]
    forms[kind] = form = _Form()
    fields = msgspec.structs.fields(kind)
    form.kind = kind
    form.fields = {field.encode_name: (field.name, _kind_of(field.type, forms)) for field in fields}
    form.unset = [field.name for field in fields if field.required and UnsetType in get_args(field.type)]
    form.required = [(f.encode_name, f.name) for f in fields if f.required and f.name not in form.unset]
    return form


def _kind_of(hint: Any, forms: _Forms) -> Kind:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:], forms)
    if origin in (Union, types.UnionType):
        return _union(arguments, forms)
    if origin is Literal:
        choices = [choice for choice in arguments if choice is not None]
        return Kind(_one_of(choices, choices), nullable=None in arguments, blank_is_null="" not in choices)
    if (origin or hint) in (list, set, frozenset, tuple):
        if len(arguments) == 2 and arguments[1] is not Ellipsis:
            raise TypeError(f"{hint} has a fixed length, and a list of parameters has none.")
        return Kind(_many(origin or hint, _kind_of(arguments[0] if arguments else Any, forms)))
    if (origin or hint) is dict:
        return Kind(_object(_kind_of(arguments[1] if arguments else Any, forms)))
    if isinstance(hint, NewType):
        return _kind_of(hint.__supertype__, forms)
    if isinstance(hint, type) and issubclass(hint, Enum):
        values = [member.value for member in hint]
        return Kind(_one_of(values, hint), blank_is_null="" not in values)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return Kind(_form_of(hint, forms).read_value)
    if hint in SIMPLE:
        return SIMPLE[hint]
    raise TypeError(f"A parameter can't be read as {hint}.")


def _annotated(hint: Any, notes: tuple[Any, ...], forms: _Forms) -> Kind:
    kind = _kind_of(hint, forms)
    for note in notes:
        if isinstance(note, ReadBy):
            kind = replace(kind, read=note.read)
        if isinstance(note, Meta):
            kind = replace(kind, read=_checked(kind.read, note))
    return kind


def _union(hints: tuple[Any, ...], forms: _Forms) -> Kind:
    kinds = [_kind_of(hint, forms) for hint in hints if hint not in (type(None), UnsetType)]
    nullable = type(None) in hints or any(kind.nullable for kind in kinds)
    read = kinds[0].read if len(kinds) == 1 else _first_that_fits([kind.read for kind in kinds])
    return Kind(read, nullable, all(kind.blank_is_null for kind in kinds))


def _first_that_fits(reads: list[Read]) -> Read:
    def read(value: object, name: str) -> object:
        for attempt in reads[:-1]:
            try:
                return attempt(value, name)
            except BadParameter:
                continue
        return reads[-1](value, name)

    return read


def _one_of(values: Iterable[object], members: Iterable[object]) -> Read:
    by_text = {text_of(value): member for value, member in zip(values, members, strict=True)}
    reason = f"must be one of {', '.join(str(text) for text in by_text)}"

    def read(value: object, name: str) -> object:
        text = text_of(value)
        if text is None or text not in by_text:
            raise BadParameter(name, reason)
        return by_text[text]

    return read


# As many as a form can have (HOMEROOM_MAX_PARAMETERS); JSON has room for more, and statements have not.
_MOST_ITEMS = 4_096


def _many(collect: Callable[[Iterable[object]], object], kind: Kind) -> Read:
    def read(value: object, name: str) -> object:
        sent = items_of(value)
        if len(sent) > _MOST_ITEMS:
            raise BadParameter(name, f"has more than {_MOST_ITEMS} values")
        items = (item for item in sent if not (item == "" and kind.blank_is_null and not kind.nullable))
        item_name = f"{name}[]"
        taken = [_taken(kind, item, item_name) for item in items]
        try:
            return collect(item for item in taken if item is not UNSET)
        except TypeError as error:  # A frozenset[Any] was given objects.
            raise BadParameter(name, "must be a list of plain values") from error

    return read


def items_of(value: object) -> Collection[object]:
    """A list's items. Rails also takes one value for a list of one, and `{"0": a, "1": b}` in the order given."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict) and all(key.isascii() and key.isdecimal() for key in value):
        return value.values()
    return (value,)


def _object(kind: Kind) -> Read:
    def read(value: object, name: str) -> object:
        if not isinstance(value, dict):
            raise BadParameter(name, "must be an object")
        # The client chose these keys: a long one is cut, for it is written again with every value below it.
        taken = {key: _taken(kind, item, f"{name}[{shown(key)}]") for key, item in value.items()}
        return {key: item for key, item in taken.items() if item is not UNSET}

    return read


_CHECKS: tuple[tuple[str, Callable[[Any, Any], object], str], ...] = (
    ("ge", operator.ge, "must be {} or more"),
    ("gt", operator.gt, "must be more than {}"),
    ("le", operator.le, "must be {} or less"),
    ("lt", operator.lt, "must be less than {}"),
    ("multiple_of", lambda value, factor: value % factor == 0, "must be a multiple of {}"),
    ("min_length", lambda value, length: len(value) >= length, "is too short (the minimum is {})"),
    ("max_length", lambda value, length: len(value) <= length, "is too long (the maximum is {})"),
    ("pattern", lambda value, pattern: re.search(pattern, value), "has the wrong form"),
)


def _checked(read: Read, meta: Meta) -> Read:
    checks = [(test, limit, reason) for key, test, reason in _CHECKS if (limit := getattr(meta, key)) is not None]

    def read_checked(value: object, name: str) -> object:
        taken = read(value, name)
        for test, limit, reason in checks:
            if not test(taken, limit):
                raise BadParameter(name, reason.format(limit))
        return taken

    return read_checked
