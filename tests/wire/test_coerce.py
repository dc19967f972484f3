"""What text means where a type is expected (basics.md §5), and how a refusal reads."""

from datetime import UTC, date, datetime
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from homeroom.wire.params.coerce import converter
from homeroom.wire.params.parsing import BadParameters, Upload, parse_query
from homeroom.wire.params.scalars import (
    BadParameter,
    LenientInt,
    MissingParameter,
    RecordNumber,
    read_boolean,
    read_time,
)

FILE = Upload("a.png", "image/png", b"x")
UserId = NewType("UserId", int)


class Order(Enum):
    UP = "asc"
    DOWN = "desc"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Name(Struct, frozen=True):
    given: str
    family: str = ""


class Renamed(Struct, rename="camel"):
    first_name: str = ""
    kind: str = msgspec.field(default="", name="type")


class Tree(Struct):
    label: str
    children: list["Tree"] = []


def read(kind: Any, value: object) -> Any:
    """The value as a field of this type takes it: UNSET when the field keeps its default."""
    struct = msgspec.defstruct("Holder", [("it", kind, UNSET)])
    return converter(struct)({"it": value}).it  # type: ignore[attr-defined]


# --- booleans


BOOLEANS = (
    [(text, True) for text in ("true", "t", "yes", "y", "on", "1", "TRUE", "Yes", "On", "2", "-1", "10", " 3", "1x")]
    + [(text, False) for text in ("false", "f", "no", "n", "off", "0", "FALSE", "No", "Off")]
    + [(text, False) for text in ("", "banana", "00", "-0", "0x1", "true ", " yes", "null", "one")]
    + [("1_0", True), ("_1", False), ("0" * 5000 + "1", True), ("9" * 5000, True)]
    + [(True, True), (False, False), (1, True), (0, False), (2, True), (1.5, True), (0.5, False)]
)


@pytest.mark.parametrize(("value", "answer"), BOOLEANS)
def test_booleans(value: object, answer: bool) -> None:
    assert read_boolean(value) is answer
    assert read(bool, value) is answer


@pytest.mark.parametrize("value", [None, [], {}, [True], FILE])
def test_what_is_no_scalar_is_not_true(value: object) -> None:
    assert read_boolean(value) is False


# --- times


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2012-07-01T23:59:00Z", datetime(2012, 7, 1, 23, 59, tzinfo=UTC)),
        ("2012-07-01T23:59:00", datetime(2012, 7, 1, 23, 59, tzinfo=UTC)),
        ("2012-07-01T23:59:00+02:00", datetime(2012, 7, 1, 21, 59, tzinfo=UTC)),
        ("2012-07-01T23:59:00-06:30", datetime(2012, 7, 2, 6, 29, tzinfo=UTC)),
        ("2012-07-01T23:59:00.25Z", datetime(2012, 7, 1, 23, 59, 0, 250_000, tzinfo=UTC)),
        ("2012-07-01T23:59:00.1234567899Z", datetime(2012, 7, 1, 23, 59, 0, 123_456, tzinfo=UTC)),
        ("2012-06-30T23:59:60Z", datetime(2012, 7, 1, tzinfo=UTC)),
        ("2012-07-01", datetime(2012, 7, 1, tzinfo=UTC)),
        ("2012-02-29", datetime(2012, 2, 29, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:60Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2013-02-29", None),
        ("2012-13-01", None),
        ("0000-01-01", None),
        ("2012-07-01T24:00:00Z", None),
        ("2012-07-01T23:60:00Z", None),
        ("2012-07-01T23:59:61Z", None),
        ("2012-07-01T23:59:00+24:00", None),
        ("2012-07-01T23:59:00+02:60", None),
        ("2012-07-01T23:59Z", None),
        ("2012-07-01 23:59:00", None),
        ("2012-07-01Z", None),
        ("12-07-01", None),
        ("２０１２-07-01", None),
        ("tomorrow", None),
        ("", None),
        ("2012-07-01\n", None),
        ("2012-07-01T23:59:00." + "1" * 100_000, datetime(2012, 7, 1, 23, 59, 0, 111_111, tzinfo=UTC)),
    ],
)
def test_times(text: str, answer: datetime | None) -> None:
    assert read_time(text) == answer
    if answer is not None:
        assert read(datetime, text).tzinfo is UTC


# --- a table for each type


@pytest.mark.parametrize(
    ("kind", "value", "answer"),
    [
        (str, "x", "x"),
        (str, "", ""),
        (str, True, "true"),
        (str, False, "false"),
        (str, 1, "1"),
        (str, 1.5, "1.5"),
        (str, 1.0, "1.0"),
        (str, 1e16, "1.0e+16"),
        (str, 1.25e-5, "1.25e-05"),
        (str, None, UNSET),
        (str | None, None, None),
        (str | None, "", ""),
        (int, "12", 12),
        (int, "-12", -12),
        (int, "+12", 12),
        (int, " 12 ", 12),
        (int, "007", 7),
        (int, 12, 12),
        (int, 12.0, 12),
        (int, "9223372036854775807", 2**63 - 1),
        (int, "-9223372036854775808", -(2**63)),
        (int, None, UNSET),
        (int | None, None, None),
        (int | None, "", None),
        (UserId, "5", 5),
        (LenientInt, "12", 12),
        (LenientInt, "12abc", 12),
        (LenientInt, "abc", 0),
        (LenientInt, "", 0),
        (LenientInt, "1_000", 1000),
        (LenientInt, " -3.9", -3),
        (LenientInt, 3.9, 3),
        (LenientInt, 1e17, 10**17),
        (LenientInt, "9" * 5000, 2**63 - 1),
        (LenientInt, "-" + "9" * 5000, -(2**63)),
        (LenientInt | None, "", None),
        (RecordNumber, "12", 12),
        (RecordNumber, "10000000000012", 12),
        (RecordNumber, 10_000_000_000_012, 12),
        (RecordNumber, "20000000000012", 0),
        (RecordNumber, "-1", 0),
        (RecordNumber | None, "", None),
        (float, "1.5", 1.5),
        (float, ".5", 0.5),
        (float, "1e3", 1000.0),
        (float, "-2", -2.0),
        (float, 2, 2.0),
        (float | None, "", None),
        (bool | None, "", False),
        (bool | None, None, None),
        (datetime | None, "", None),
        (date, "2012-07-01", date(2012, 7, 1)),
        (date, "2012-07-01T23:59:00-06:00", date(2012, 7, 1)),
        (date | None, "", None),
        (Literal["asc", "desc"], "asc", "asc"),
        (Literal["asc", "desc"] | None, "", None),
        (Literal["", "desc"] | None, "", ""),
        (Literal["asc", None], None, None),
        (Literal[1, 2], "2", 2),
        (Literal["1", "2"], 2, "2"),
        (Literal[True], "true", True),
        (Order, "desc", Order.DOWN),
        (Order | None, "", None),
        (Level, "2", Level.HIGH),
        (Level, 1, Level.LOW),
        (list[str], ["a", "b"], ["a", "b"]),
        (list[str], "a", ["a"]),
        (list[str], [], []),
        (list[str], "", [""]),
        (list[str], {"0": "a", "1": "b"}, ["a", "b"]),
        (list[str], {"5": "a", "2": "b"}, ["a", "b"]),
        (list[str], {}, []),
        (list[str], ["a", None], ["a"]),
        (list[str | None], ["a", None], ["a", None]),
        (list[str], None, UNSET),
        (list[int], ["1", 2], [1, 2]),
        (list[int], [""], []),
        (list[int], "", []),
        (list[int | None], ["", "1"], [None, 1]),
        (list, ["a", 1], ["a", 1]),
        (list[dict[str, str]], {"a": "1"}, [{"a": "1"}]),
        (list[Name], [{"given": "A"}, {"given": "B"}], [Name("A"), Name("B")]),
        (list[Name], {"given": "A"}, [Name("A")]),
        (list[Name], {"0": {"given": "A"}, "1": {"given": "B"}}, [Name("A"), Name("B")]),
        (frozenset[str], ["a", "a"], frozenset("a")),
        (frozenset[str], "a", frozenset("a")),
        (frozenset[Name], {"given": "A"}, frozenset([Name("A")])),
        (set[int], ["1", "1"], {1}),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (tuple[str, ...] | None, None, None),
        (dict[str, int], {"a": "1"}, {"a": 1}),
        (dict[str, int], {"a": None, "b": 1}, {"b": 1}),
        (dict[str, int | None], {"a": None}, {"a": None}),
        (dict[str, Any], {"a": [None]}, {"a": [None]}),
        (dict, {"a": 1}, {"a": 1}),
        (Name, {"given": "A", "other": 1}, Name("A")),
        (Name | None, None, None),
        (Name | UnsetType, None, UNSET),
        (str | UnsetType, None, UNSET),
        (str | UnsetType | None, None, None),
        (int | Literal["self"], "self", "self"),
        (int | Literal["self"], "7", 7),
        (list[str] | str, ["a"], ["a"]),
        (Name | str, "x", "x"),
        (Upload, FILE, FILE),
        (Upload | str, "x", "x"),
        (Upload | None, "", None),
        (Any, {"a": [1]}, {"a": [1]}),
        (Any, None, None),
        (object, FILE, FILE),
        (Annotated[str, Meta(max_length=2)], "ab", "ab"),
        (Annotated[str, Meta(max_length=2)] | None, None, None),
        (Annotated[str | None, Meta(max_length=2, min_length=1)], "a", "a"),
        (Annotated[int, Meta(ge=1, le=5)], "5", 5),
        (Annotated[int | None, Meta(ge=1)], "", None),
        (Annotated[list[str], Meta(max_length=1)], "a", ["a"]),
        (list[Annotated[int, Meta(ge=1)]], "1", [1]),
    ],
)
def test_what_a_type_takes(kind: Any, value: object, answer: object) -> None:
    found = read(kind, value)
    assert found == answer
    assert type(found) is type(answer)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (str, [], "it must be text"),
        (str, {"a": "b"}, "it must be text"),
        (str, FILE, "it must be text"),
        (bool, [], "it must be true or false"),
        (int, "", "it must be a whole number"),
        (int, "1.5", "it must be a whole number"),
        (int, "1a", "it must be a whole number"),
        (int, "1_0", "it must be a whole number"),
        (int, "٣", "it must be a whole number"),
        (int, "9223372036854775808", "it must be a whole number"),
        (int, "9" * 100_000, "it must be a whole number"),
        (int, 2**63, "it must be a whole number"),
        (int, 1.5, "it must be a whole number"),
        (int, 1e300, "it must be a whole number"),
        (int, True, "it must be a whole number"),
        (LenientInt, True, "it must be a whole number"),
        (LenientInt, ["1"], "it must be a whole number"),
        (RecordNumber, "abc", "it must be a whole number"),
        (float, "nan", "it must be a number"),
        (float, "1e999", "it must be a number"),
        (float, "1_0.0", "it must be a number"),
        (float, True, "it must be a number"),
        (datetime, "banana", "it must be a time such as 2012-07-01T23:59:00Z"),
        (datetime, 1341187140, "it must be a time such as 2012-07-01T23:59:00Z"),
        (date, "2012-7-1", "it must be a date such as 2012-07-01"),
        (Literal["asc", "desc"], "up", "it must be one of asc, desc"),
        (Literal["asc", "desc"], ["asc"], "it must be one of asc, desc"),
        (Order, "", "it must be one of asc, desc"),
        (list[str], [["a"]], "it[] must be text"),
        (list[int], {"0": "1", "1": "x"}, "it[] must be a whole number"),
        (list[str], {"a": "b"}, "it[] must be text"),
        (list[Name], [{"given": []}], "it[][given] must be text"),
        (list[Name], [{}], "it[][given] is missing"),
        (frozenset[Any], [{"a": 1}], "it must be a list of plain values"),
        (dict[str, int], {"a": "x"}, "it[a] must be a whole number"),
        (dict[str, int], "x", "it must be an object"),
        (Name, "x", "it must be an object"),
        (Name, [], "it must be an object"),
        (Name, {}, "it[given] is missing"),
        (Name, {"given": None}, "it[given] is missing"),
        (int | Literal["self"], "me", "it must be one of self"),
        (Upload, "x", "it must be a file"),
        (msgspec.Raw, {"a": "\ud800"}, "it must be JSON"),
        (Annotated[str, Meta(max_length=2)], "abc", "it is too long (the maximum is 2)"),
        (Annotated[str, Meta(min_length=1)] | None, "", "it is too short (the minimum is 1)"),
        (Annotated[str, Meta(pattern="^a+$")], "b", "it has the wrong form"),
        (Annotated[int, Meta(ge=1)], "0", "it must be 1 or more"),
        (Annotated[int, Meta(gt=1)], "1", "it must be more than 1"),
        (Annotated[int, Meta(le=1)], "2", "it must be 1 or less"),
        (Annotated[int, Meta(lt=1)], "1", "it must be less than 1"),
        (Annotated[int, Meta(multiple_of=5)], "6", "it must be a multiple of 5"),
    ],
)
def test_what_a_type_refuses(kind: Any, value: object, message: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        read(kind, value)
    assert refusal.value.message == message
    assert refusal.value.message == f"{refusal.value.name} {refusal.value.reason}"


# --- whole Structs


class Pseudonym(Struct):
    unique_id: str
    send_confirmation: bool = False


class CreateUser(Struct, kw_only=True):
    pseudonym: Pseudonym
    nickname: str | UnsetType
    locale: str | None
    include: frozenset[str] = frozenset()
    birthdate: date | UnsetType | None = UNSET
    per_page: int = 10


def test_a_form_becomes_a_struct() -> None:
    query = "pseudonym[unique_id]=a@b&pseudonym[send_confirmation]=1&locale=de&include[]=x&include[]=y&other=1"
    found = converter(CreateUser)(parse_query(query))
    assert found == CreateUser(
        pseudonym=Pseudonym("a@b", send_confirmation=True), nickname=UNSET, locale="de", include=frozenset("xy")
    )


def test_null_is_absent_where_none_is_not_allowed() -> None:
    nulls = {"pseudonym": {"unique_id": "a"}, "per_page": None, "locale": None, "birthdate": None}
    found = converter(CreateUser)(nulls)
    assert (found.per_page, found.locale, found.birthdate) == (10, None, None)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "pseudonym"),
        ({"pseudonym": None}, "pseudonym"),
        ({"pseudonym": {}}, "pseudonym[unique_id]"),
        ({"pseudonym": {"unique_id": "a"}}, "locale"),
    ],
)
def test_a_missing_parameter_is_named_as_the_client_writes_it(given: dict[str, object], name: str) -> None:
    with pytest.raises(MissingParameter) as refusal:
        converter(CreateUser)(given)
    assert refusal.value.name == name
    assert refusal.value.message == f"{name} is missing"


def test_the_names_on_the_wire_are_the_encoded_ones() -> None:
    assert converter(Renamed)({"firstName": "A", "type": "b", "first_name": "C", "kind": "d"}) == Renamed("A", "b")


def test_a_struct_may_contain_itself() -> None:
    given = {"label": "a", "children": [{"label": "b", "children": {"0": {"label": "c"}}}]}
    assert converter(Tree)(given) == Tree("a", [Tree("b", [Tree("c")])])


def test_defaults_are_not_shared() -> None:
    assert converter(Tree)({"label": "a"}).children is not converter(Tree)({"label": "a"}).children


def test_a_converter_is_made_once() -> None:
    assert converter(Tree) is converter(Tree)


def test_raw_is_the_value_as_json() -> None:
    assert bytes(read(msgspec.Raw, {"a": [1.5, "x"]})) == b'{"a":[1.5,"x"]}'


@pytest.mark.parametrize("kind", [bytes, tuple[int, str], complex, list[bytes], Annotated[bytes, Meta(max_length=1)]])
def test_a_field_that_no_parameter_can_fill_is_found_at_once(kind: Any) -> None:
    with pytest.raises(TypeError):
        converter(msgspec.defstruct("Wrong", [("it", kind)]))


def test_long_names_are_cut() -> None:
    with pytest.raises(BadParameter) as refusal:
        read(dict[str, int], {"k" * 1000: "x"})
    assert len(refusal.value.message) < 150
    assert refusal.value.name == f"it[{'k' * 77}...]"


# --- properties


class Rich(Struct):
    text: str = ""
    number: int | None = None
    lenient: LenientInt = 0
    ratio: float = 0.0
    flag: bool = False
    at: datetime | UnsetType = UNSET
    day: date | None = None
    order: Order | None = None
    level: Literal["a", 1, None] = None
    names: list[Name] = []
    ids: frozenset[int] = frozenset()
    any_set: frozenset[Any] = frozenset()
    pair: tuple[float, ...] = ()
    tree: Tree | None = None
    data: dict[str, Any] = {}
    counts: dict[str, int] = {}
    anything: Any = None
    raw: msgspec.Raw | UnsetType = UNSET
    file: Upload | None = None
    either: int | Name | list[bool] | str = 0
    short: Annotated[str, Meta(max_length=3, pattern="a")] = ""
    small: Annotated[list[Annotated[int, Meta(ge=0, multiple_of=2)]], Meta(max_length=2)] = []


KEYS = st.sampled_from([*Rich.__struct_fields__, "given", "family", "label", "children", "0", "1"]) | st.text(
    max_size=3
)
TEXTS = st.text(max_size=8) | st.sampled_from(["1", "-5", "1.5", "asc", "a", "2012-07-01", "2012-07-01T00:00:00Z", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(FILE),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(KEYS, values, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_parameters_convert_or_are_refused(given: dict[str, object]) -> None:
    try:
        assert isinstance(converter(Rich)(given), Rich)
    except BadParameters as refusal:
        assert isinstance(refusal, BadParameter)
        assert refusal.message.endswith(refusal.reason)


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones()) | st.datetimes(timezones=st.just(UTC)))
def test_a_written_time_comes_back(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return  # Old local mean times have seconds in their offset, which the form can't say.
    try:
        there = moment.astimezone(UTC)
    except OverflowError:
        there = None
    assert read_time(moment.isoformat()) == there
