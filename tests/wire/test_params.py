"""Rails' answers to bracketed names, and what the parser must survive (basics.md §5)."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.wire.params.parsing import (
    BadParameters,
    Limits,
    Upload,
    Value,
    merge,
    parse_body,
    parse_query,
    raw_json_member,
)

ROOMY = Limits(size=1 << 30, keys=1 << 30)

RAILS_ANSWERS: list[tuple[str, object]] = [
    ("", {}),
    ("a", {"a": None}),
    ("a=", {"a": ""}),
    ("a=1", {"a": "1"}),
    ("a=1&b=2", {"a": "1", "b": "2"}),
    ("a=1&a=2", {"a": "2"}),
    ("a&a=", {"a": ""}),
    ("&a=1&&b=2&", {"a": "1", "b": "2"}),
    ("=1", {}),
    ("=", {}),
    ("a==b=c", {"a": "=b=c"}),
    ("a=1;b=2", {"a": "1;b=2"}),
    ("a=1& b=2", {"a": "1", "b": "2"}),
    ("a=x+y", {"a": "x y"}),
    ("a+b=1", {"a b": "1"}),
    ("a=%2B", {"a": "+"}),
    ("a=%26%3D", {"a": "&="}),
    ("a%3Db=c", {"a=b": "c"}),
    ("q=%E6%97%A5", {"q": "日"}),
    ("q=日", {"q": "日"}),
    ("user%5Bname%5D=x", {"user": {"name": "x"}}),
    ("a[b]=1", {"a": {"b": "1"}}),
    ("a[b]", {"a": {"b": None}}),
    ("a[b]=1&a[b]=2", {"a": {"b": "2"}}),
    ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
    ("a[b][c]=1", {"a": {"b": {"c": "1"}}}),
    ("a[0][b]=1&a[1][b]=2", {"a": {"0": {"b": "1"}, "1": {"b": "2"}}}),
    ("a[b]=1&a=2", {"a": "2"}),
    ("a&a[b]=1", {"a": {"b": "1"}}),
    # Rack answers [nil] here, and Rails 5 and later take the nulls out of arrays ("deep munge").
    ("a[]", {"a": []}),
    ("a[]=", {"a": [""]}),
    ("a[]=1", {"a": ["1"]}),
    ("a[]=1&a[]=2", {"a": ["1", "2"]}),
    ("a[]=1&a[]&a[]=2", {"a": ["1", "2"]}),
    ("a[]=1&a", {"a": None}),
    ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
    ("a[][b]=1&a[][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
    ("a[][b]=1&a[][c]=2", {"a": [{"b": "1", "c": "2"}]}),
    ("a[][b]", {"a": [{"b": None}]}),
    ("a[][b][]=1&a[][b][]=2", {"a": [{"b": ["1", "2"]}]}),
    ("a[][b][c]=1&a[][b][d]=2", {"a": [{"b": {"c": "1", "d": "2"}}]}),
    ("a[][b][c]=1&a[][b][c]=2", {"a": [{"b": {"c": "1"}}, {"b": {"c": "2"}}]}),
    ("a[][b][][c]=1&a[][b][][d]=2", {"a": [{"b": [{"c": "1", "d": "2"}]}]}),
    ("x[][y]=1&x[][z][w]=a&x[][y]=2&x[][z][w]=b", {"x": [{"y": "1", "z": {"w": "a"}}, {"y": "2", "z": {"w": "b"}}]}),
    ("d[b][][e][p]=1&d[b][][e][p]=2", {"d": {"b": [{"e": {"p": "1"}}, {"e": {"p": "2"}}]}}),
    ("a[][]=1&a[][]=2", {"a": [["1"], ["2"]]}),
    ("a[][]", {"a": [[]]}),
    ("a[]=1&a[][b]=2", {"a": ["1", {"b": "2"}]}),
    ("a[][b]=1&a[]&a[][c]=2", {"a": [{"b": "1", "c": "2"}]}),
    # What nobody meant to send.
    ("a[]b=1", {"a": [{"b": "1"}]}),
    ("[a]=1", {"[a]": "1"}),
    ("[]=1", {"[]": "1"}),
    ("[=1", {"[": "1"}),
    ("]=1", {"]": "1"}),
    ("a]b=1", {"a]b": "1"}),
    ("a[=1", {"a[": "1"}),
    ("a[]=1&a[=2", {"a": ["1"], "a[": "2"}),
    ("a[b=1", {"a": {"[b": "1"}}),
    ("a[b]c=1", {"a": {"b": {"c": "1"}}}),
    ("a[b][=1", {"a": {"[b][": "1"}}),
    ("a[[b]]=1", {"a": {"[b": {"]": "1"}}}),
    ("a[][][b]=1", {"a": [{"[]": {"b": "1"}}]}),
]

REFUSED = [
    ("a=1&a[b]=2", "expected Hash (got String) for param `a'"),
    ("a[]=1&a[b]=2", "expected Hash (got Array) for param `a'"),
    ("a[b]=1&a[]=2", "expected Array (got Hash) for param `a'"),
    ("a=1&a[]=2", "expected Array (got String) for param `a'"),
    ("a=1&a[][b]=2", "expected Array (got String) for param `a'"),
    ("x[y]=1&x[y]z=2", "expected Hash (got String) for param `y'"),
    ("x[y]=1&x[y][][w]=2", "expected Array (got String) for param `y'"),
    ("a=%", "Invalid %-encoding (%)."),
    ("a=%zz", "Invalid %-encoding (%zz)."),
    ("a%8=1", "Invalid %-encoding (a%8)."),
    ("a=%FF", "The parameters are not valid UTF-8."),
    ("a%81E=1", "The parameters are not valid UTF-8."),
    (b"a=\xff", "The parameters are not valid UTF-8."),
    ("a=\udcff", "The parameters are not valid UTF-8."),
    ("a=%ED%A0%80", "The parameters are not valid UTF-8."),
    ("a=%00", "The parameters contain a NUL character."),
    ("a%00=1", "The parameters contain a NUL character."),
    ("a=\0", "The parameters contain a NUL character."),
]


@pytest.mark.parametrize(("query", "answer"), RAILS_ANSWERS)
def test_a_query_comes_out_as_in_rails(query: str, answer: object) -> None:
    assert parse_query(query) == answer
    assert parse_query(query.encode()) == answer


@pytest.mark.parametrize(("query", "answer"), RAILS_ANSWERS)
def test_a_form_is_read_like_a_query(query: str, answer: object) -> None:
    assert parse_body("application/x-www-form-urlencoded", query.encode()) == answer
    assert parse_body(None, query.encode()) == answer


@pytest.mark.parametrize(("query", "message"), REFUSED)
def test_what_rails_refuses_is_refused(query: str | bytes, message: str) -> None:
    with pytest.raises(BadParameters) as refusal:
        parse_query(query)
    assert refusal.value.message == message


def test_a_long_name_is_cut_in_messages() -> None:
    with pytest.raises(BadParameters) as refusal:
        parse_query(f"{'a' * 1000}=1&{'a' * 1000}[b]=1")
    assert len(refusal.value.message) < 150


# --- limits


@pytest.mark.parametrize("step", ["[a]", "[][a]"])
def test_the_depth_limit_counts_the_first_name_too(step: str) -> None:
    parse_query(f"a{step * 31}=1")
    with pytest.raises(BadParameters, match="deeper than 32"):
        parse_query(f"a{step * 32}=1")


def test_the_limit_of_pairs_is_the_last_number_that_passes() -> None:
    assert len(parse_query("&".join(f"k{n}=1" for n in range(4096)))) == 4096
    with pytest.raises(BadParameters, match="more than 4096"):
        parse_query("&".join(f"k{n}=1" for n in range(4097)))


def test_the_size_limit_is_in_bytes() -> None:
    parse_query(b"a=12", Limits(size=4))
    with pytest.raises(BadParameters, match="larger than 4 bytes"):
        parse_query(b"a=123", Limits(size=4))
    with pytest.raises(BadParameters, match="larger than 4 bytes"):
        parse_body("application/json", b'{"a":1}', Limits(size=4))


HOSTILE = {
    "open brackets": "a" + "[" * 100_000,
    "nested lists": "a" + "[]" * 100_000 + "=1",
    "nested objects": "a" + "[b]" * 100_000 + "=1",
    "pairs of brackets": "a" + "[" * 100_000 + "]" * 100_000 + "=1",
    "a million parameters": "&".join(f"k{n}=1" for n in range(1_000_000)),
    "many objects": "a[][b]=1&" * 200_000,
    "a million separators": "& " * 1_000_000,
    "a name of 10 MB": "a" * 10_000_000 + "=1",
    "a bracketed name of 10 MB": "a[" + "a" * 10_000_000 + "]=1",
    "a value of 10 MB": "a=" + "a" * 10_000_000,
    "escapes": "%41" * 1_000_000,
    "a broken escape at the end": "a" * 10_000_000 + "%",
}


@pytest.mark.parametrize("limits", [Limits(), ROOMY], ids=["usual", "roomy"])
@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_costs_linear_time(query: str, limits: Limits) -> None:
    assert seconds_of(lambda: parse_query(query, limits)) < 10


def test_long_names_cost_no_more_than_their_length() -> None:
    query = "&".join("a[]" + "[b]" * 10_000 for _ in range(50))
    assert seconds_of(lambda: parse_query(query, Limits(size=1 << 30))) < 2


def test_a_value_of_10_mb_passes_where_the_route_allows_it() -> None:
    assert parse_query("a=" + "b" * 10_000_000, ROOMY) == {"a": "b" * 10_000_000}


def seconds_of(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    with suppress(BadParameters):
        work()
    return time.perf_counter() - begin


# --- JSON


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"a": {"b": [1, 2.5, true, "x"]}}', {"a": {"b": [1, 2.5, True, "x"]}}),
        (b'{"a": null}', {"a": None}),
        (b'{"a": [null]}', {"a": []}),
        (b'{"a": [null, 1, [null], {"b": null}]}', {"a": [1, [], {"b": None}]}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a[b]": 1}', {"a[b]": 1}),
        (b'{"": 1}', {"": 1}),
        (b"[1, null]", {"_json": [1]}),
        (b'"text"', {"_json": "text"}),
        (b"null", {"_json": None}),
        (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b"", {}),
    ],
)
def test_json_comes_out_as_in_rails(body: bytes, answer: object) -> None:
    assert parse_body("application/json", body) == answer


@pytest.mark.parametrize(
    "body",
    [b"{", b" ", b"{'a': 1}", b"[1,]", b"NaN", b"1e999", b'"\xff"', b'"\\ud800"', b"\xef\xbb\xbf{}", b"{} {}"],
)
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadParameters, match="not valid JSON"):
        parse_body("application/json", body)


@pytest.mark.parametrize("body", [b'{"a": "\\u0000"}', b'{"a\\u0000": 1}', b'[["\\u0000"]]'])
def test_json_with_a_nul_is_refused(body: bytes) -> None:
    with pytest.raises(BadParameters, match="NUL"):
        parse_body("application/json", body)


def test_json_may_be_100_levels_deep_as_in_ruby() -> None:
    parse_body("application/json", b"[" * 100 + b"]" * 100)
    with pytest.raises(BadParameters, match="nested too deeply"):
        parse_body("application/json", b"[" * 101 + b"]" * 101)
    with pytest.raises(BadParameters):
        parse_body("application/json", b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    ("content_type", "read"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json; charset="utf8"', True),
        ("application/vnd.api+json", True),
        ("application/json+canvas-string-ids", True),
        ("text/x-json", True),
        ("text/plain", False),
        ("application/xml", False),
        ("application/jsonp", False),
    ],
)
def test_which_types_are_json(content_type: str, read: bool) -> None:
    assert parse_body(content_type, b'{"a": 1}') == ({"a": 1} if read else {})


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_other_charsets_are_refused(kind: str) -> None:
    with pytest.raises(BadParameters, match="must be in UTF-8"):
        parse_body(f"{kind}; charset=ISO-8859-1", b'{"a": 1}')


def test_a_raw_member_keeps_its_form() -> None:
    body = b'{"ns": "x", "data": {"price": 1.0, "big": 1e2, "none": [null]}}'
    raw = raw_json_member(body, "data")
    assert raw is not None
    assert bytes(raw) == b'{"price": 1.0, "big": 1e2, "none": [null]}'
    assert raw_json_member(body, "other") is None
    assert raw_json_member(b"[1]", "data") is None


@pytest.mark.parametrize("body", [b"", b"{", b'{"data": "\xff"}', b'{"data": ' + b"[" * 100_000])
def test_a_raw_member_of_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadParameters):
        raw_json_member(body, "data")


# --- multipart

FORM = "multipart/form-data; boundary=XX"


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + content


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--XX\r\n" + each + b"\r\n" for each in parts) + b"--XX--\r\n"


def test_a_multipart_form_nests_and_carries_files() -> None:
    picture = part('name="user[avatar]"; filename="me.png"', b"\x89PNG\0\xff", "Content-Type: image/png")
    body = multipart(part('name="user[name]"', "Zoë".encode()), picture, part('name="n[]"', b""))
    assert parse_body(FORM, body) == {
        "user": {"name": "Zoë", "avatar": Upload("me.png", "image/png", b"\x89PNG\0\xff")},
        "n": [""],
    }


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('name="f"; filename="a.txt"', "a.txt"),
        ('name="f"; filename="ä b.txt"', "ä b.txt"),
        ("name=\"f\"; filename*=UTF-8''%C3%A4.txt", "ä.txt"),
        ('name="f"; filename="C:\\docs\\a.txt"', "a.txt"),
        ('name="f"; filename="../../etc/passwd"', "passwd"),
        ('name="f"; filename="say %22hi%22.txt"', 'say "hi".txt'),
    ],
)
def test_a_file_has_a_name_without_folders(disposition: str, filename: str) -> None:
    file = parse_body(FORM, multipart(part(disposition, b"x")))["f"]
    assert file == Upload(filename, "application/octet-stream", b"x")


def test_a_file_field_without_a_file_is_no_parameter() -> None:
    assert parse_body(FORM, multipart(part('name="f"; filename=""', b""))) == {}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([part('name="a"', b"\xff")], "not valid UTF-8"),
        ([part('name="a"', b"\0")], "NUL"),
        ([part('name="a"', b"x", "Content-Type: text/plain; charset=latin1")], "UTF-8"),
        ([part('name="a"', b"1"), part('name="a[b]"', b"1")], "expected Hash"),
        ([part('name="a"; filename="f"', b"1"), part('name="a[]"', b"1")], r"expected Array \(got File\)"),
        ([b"X-Other: 1\r\n\r\nx"], "can't be read"),
    ],
)
def test_a_bad_part_is_refused(parts: list[bytes], message: str) -> None:
    with pytest.raises(BadParameters, match=message):
        parse_body(FORM, multipart(*parts))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", multipart(part('name="a"', b"1"))),
        ("multipart/form-data; boundary=YY", multipart(part('name="a"', b"1"))),
        ("multipart/form-data; boundary=\udcff", multipart(part('name="a"', b"1"))),
        (FORM, multipart(part('name="a"', b"1"))[:-8]),
        (FORM, b"junk"),
    ],
)
def test_a_broken_multipart_body_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BadParameters, match="can't be read"):
        parse_body(content_type, body)


def test_limits_hold_for_multipart_and_files_are_free() -> None:
    limits = Limits(keys=3, size=10)
    text, file = part('name="a"', b"12345"), part('name="f"; filename="f"', b"x" * 100_000)
    assert parse_body(FORM, multipart(text, text, file), limits).keys() == {"a", "f"}
    with pytest.raises(BadParameters, match="larger than 10"):
        parse_body(FORM, multipart(text, text, text), limits)
    with pytest.raises(BadParameters, match="can't be read"):
        parse_body(FORM, multipart(file, file, file, file), limits)


# --- both sources


def test_the_query_wins_over_the_body_key_by_key() -> None:
    query: dict[str, Value] = {"a": "query", "user": {"name": "q"}}
    body: dict[str, Value] = {"a": "body", "b": "body", "user": {"name": "b", "age": "1"}}
    assert merge(query, body) == {"a": "query", "b": "body", "user": {"name": "q"}}
    assert merge({}, body) == body
    assert merge(query, {}) == query
    assert body["a"] == "body"


# --- properties


@settings(deadline=None)
@given(st.one_of(st.binary(), st.text(), st.text("ab[]=&%+ 0"), st.text("ab[]=&", max_size=60)))
def test_any_query_parses_or_is_refused(query: bytes | str) -> None:
    try:
        assert isinstance(parse_query(query), dict)
    except BadParameters as refusal:
        assert refusal.message


CONTENT_TYPES = st.sampled_from([None, "application/json", "application/x-www-form-urlencoded", FORM]) | st.text()
PIECES = ["--XX", "--", "\r\n", "\r\n\r\n", "Content-Disposition: form-data; ", 'name="a"', '; filename="f"', "x", "\0"]
BODIES = st.binary() | st.lists(st.sampled_from(PIECES)).map(lambda pieces: "".join(pieces).encode())


@settings(deadline=None)
@given(CONTENT_TYPES, BODIES)
def test_any_body_parses_or_is_refused(content_type: str | None, body: bytes) -> None:
    try:
        assert isinstance(parse_body(content_type, body), dict)
    except BadParameters as refusal:
        assert refusal.message


KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]\0"), min_size=1, max_size=5)
LEAVES = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)


def branches(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.dictionaries(KEYS, values, min_size=1, max_size=3)
    # In a list an object is told from the next by a first key that they share.
    items = st.builds(lambda first, rest: {"id": first} | {k: v for k, v in rest.items() if k != "id"}, LEAVES, objects)
    texts = LEAVES.filter(lambda leaf: leaf is not None)
    return objects | st.lists(texts, min_size=1, max_size=3) | st.lists(items, min_size=1, max_size=3)


def pairs_of(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from pairs_of(item, f"{name}[{key}]")
    elif isinstance(value, list):
        for item in value:
            yield from pairs_of(item, f"{name}[]")
    else:
        yield quote_plus(name) if value is None else f"{quote_plus(name)}={quote_plus(value)}"


@settings(deadline=None)
@given(st.dictionaries(KEYS, st.recursive(LEAVES, branches, max_leaves=20), max_size=4))
def test_what_rails_clients_encode_comes_back(data: dict[str, Any]) -> None:
    query = "&".join(pair for key, value in data.items() for pair in pairs_of(value, key))
    assert parse_query(query) == data


JSON = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | LEAVES,
    lambda values: (
        st.lists(values.filter(lambda item: item is not None), max_size=3) | st.dictionaries(KEYS, values, max_size=3)
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=3))
def test_json_without_nulls_in_lists_comes_back(data: dict[str, Any]) -> None:
    assert parse_body("application/json", msgspec.json.encode(data)) == data
