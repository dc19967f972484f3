"""Whatever reads what comes from outside takes time in proportion to it (a cookie of backslashes froze a process).

Each parser is given as much as a request may carry, made as unpleasant as we could think of, and a quarter of that. One
that takes time by the square needs sixteen times as long for the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from msgspec import Raw, Struct

from homeroom.networks import is_in
from homeroom.school.ground.errors import SchoolError
from homeroom.school.ground.jwts import BadJwt, unproved_claims
from homeroom.school.ground.time_zones import find_zone
from homeroom.school.ground.urls import is_redirect_uri
from homeroom.school.mail.html import html_of
from homeroom.school.people.custom_data.leaves import PathTooLong, leaves_of
from homeroom.school.people.dashboard_cards import checked_position
from homeroom.school.people.names import names_on_create, search_key, sort_key
from homeroom.school.people.passwords import _prepared as prepared_password
from homeroom.school.rights.assets import named_asset
from homeroom.web.icalendar import calendar_text
from homeroom.web.safe_html import safe_html
from homeroom.web.user_agents import name_of_browser
from homeroom.wire.browser.csrf import is_genuine
from homeroom.wire.browser.own_addresses import is_path_of_ours
from homeroom.wire.http.proxies import client_behind
from homeroom.wire.http.request import HEADER_BYTES, path_of, read_cookies, split_path
from homeroom.wire.params.coerce import converter
from homeroom.wire.params.ids import parse_id
from homeroom.wire.params.paging import Page, Paging, link_header, read_paging
from homeroom.wire.params.parsing import BadParameters, is_json, parse_body, parse_query
from homeroom.wire.params.scalars import SIMPLE, read_boolean
from homeroom.wire.routing.scopes import covers
from homeroom.wire.serving.server import Server  # noqa: F401 (its imports in their order)

BODY = 1024 * 1024
LINE = 100_000  # what an HTTP server lets a path and a query have
TERMS = 100_000
# Processor seconds for all that a request may carry: then it does not matter how they grow.
HARMLESS = 0.02
# Of a linear one it is 4, of a square one 16.
STEEPEST = 9.0

EXPECTED = (BadParameters, SchoolError, PathTooLong, BadJwt)


class Nested(Struct):
    it: dict[str, list[int]] = {}


_PAGE: Page[Any] = Page([], Paging(1, None, 10, "1"), next="2", last="3")
_NESTED = converter(Nested)
_FORM = "multipart/form-data; boundary=b"
_PART = b'--b\r\nContent-Disposition: form-data; name="a'


def repeated(text: Any, *, before: Any = None, after: Any = None) -> Callable[[int], Any]:
    """Made of as many repetitions as make this length."""
    empty: Any = type(text)()

    def make(size: int) -> Any:
        return (before or empty) + text * (size // len(text)) + (after or empty)

    return make


def keys(form: str, most: int = 4_000) -> Callable[[int], bytes]:
    def make(size: int) -> bytes:
        return "&".join(form.format(number) for number in range(min(most, size // len(form)))).encode()

    return make


def boundary(size: int) -> tuple[str, bytes]:
    return f"multipart/form-data; boundary={'-' * (size // 40)}", b"-" * size


def long_key_over_many_values(size: int) -> Any:
    return {"it": {"k" * (size // 2): [1] * min(4_000, size // 4)}}


def long_key_over_many_members(size: int) -> Raw:
    members = ",".join(f'"{number}":1' for number in range(size // 20))
    return Raw(f'{{"{"k" * (size // 2)}":{{{members}}}}}'.encode())


def reader_of(kind: Any) -> Callable[[str], object]:
    return lambda text: SIMPLE[kind].read(text, "it")


def body_of(kind: str) -> Callable[[bytes], object]:
    return lambda body: parse_body(kind, body)


# name: (what reads it, how much there can be of it, what is unpleasant for it)
Case = tuple[Callable[[Any], object], int, dict[str, Callable[[int], Any]]]
PARSERS: dict[str, Case] = {
    "cookies": (read_cookies, HEADER_BYTES, {
        "backslashes": repeated(b"\\"), "a quote that never ends": repeated(b"\\", before=b'a="'),
        "escapes": repeated(b'\\"', before=b'a="'), "semicolons": repeated(b";"), "pairs": repeated(b"a=b;"),
        "quoted backslashes": repeated(b"\\", before=b'a="', after=b'"'),
        "quoted quotes": repeated(b'\\"', before=b'a="', after=b'"'),
    }),
    "query": (parse_query, BODY, {
        "ampersands": repeated(b"&"), "spaces": repeated(b" ", before=b"a&"), "open": repeated(b"[", before=b"a"),
        "lists": repeated(b"[]", before=b"a"), "mixed": repeated(b"[b", before=b"a"), "objects": keys("a[][b{}]=1"),
        "the same objects": keys("a[][b]=1&x{}=1"), "deep": keys("a" + "[b]" * 29 + "[{}]=1"),
        "deep lists": keys("a" + "[][b]" * 14 + "[{}]=1"), "escapes": repeated(b"%41"), "half escapes": repeated(b"%"),
        "plus": repeated(b"+", after=b"%20"), "long names": keys("a[][" + "b" * 200 + "]=1&{}=1"),
    }),
    "json": (body_of("application/json"), BODY, {
        "digits": repeated(b"1"), "fraction": repeated(b"1", before=b"0."), "exponent": repeated(b"9", before=b"1e"),
        "big numbers": repeated(b"1" * 4_000 + b",", before=b"[", after=b"1]"), "open": repeated(b"["),
        "numbers": repeated(b"1,", before=b"[", after=b"1]"), "nulls": repeated(b"null,", before=b"[", after=b"1]"),
        "escapes": repeated(b"\\u0041", before=b'"', after=b'"'), "one name": repeated(b'"a":1,', before=b"{"),
        "open objects": repeated(b'{"a":'),
    }),
    "content type": (lambda kind: (is_json(kind), parse_body(kind, b"x")), HEADER_BYTES, {
        "semicolons": repeated(";"), "backslashes": repeated("\\", before='a;b="'),
        "spaces": repeated(" ", before="a;"),
        "open quotes": repeated(';b="', before="a"), "pairs": repeated("b=c;", before="a;"),
        "json": repeated("+json", before="application/"), "suffix": repeated("a", before="application/json+"),
        "escapes": repeated('\\"', before='a;b="'),
    }),
    "multipart": (body_of(_FORM), BODY, {
        "no end": repeated(b"a", before=b"--b\r\n"), "beginnings": repeated(b"--b"),
        "near ends": repeated(b"\r\n--", before=_PART + b'"\r\n\r\n', after=b"\r\n--b--\r\n"),
        "a name": repeated(b"a", before=_PART), "options": repeated(b"x=y; ", before=_PART + b'"; '),
        "lines": repeated(b"\r\n", before=b"--b\r\n"),
        "file name": repeated(b";filename*", before=_PART + b'"', after=b"\r\n\r\nx\r\n--b--"),
    }),
    "boundary": (lambda both: parse_body(*both), BODY, {"dashes": boundary}),
    "typed": (_NESTED, BODY, {"a long key over many values": long_key_over_many_values}),
    "custom data": (lambda value: list(leaves_of(value)), BODY, {"a long key": long_key_over_many_members}),
    **{
        f"{kind.__name__} of a parameter": (reader_of(kind), BODY, {
            "digits": repeated("1"), "spaces": repeated(" ", after="x"), "underlines": repeated("1_"),
            "fraction": repeated("1", before="1.", after="e"), "time": repeated("1", before="2020-01-01T00:00:00."),
        })
        for kind in (str, bool, int, float, *(key for key in SIMPLE if getattr(key, "__module__", "") == "datetime"))
        if isinstance(kind, type)
    },
    "truth": (read_boolean, BODY, {"underlines": repeated("1_", after="_")}),
    "page": (lambda text: read_paging(text, text), LINE, {
        "digits": repeated("1"), "spaces": repeated(" "), "bookmark": repeated("A", before="bookmark:"),
        "deep bookmark": repeated("W1tb", before="bookmark:"),
    }),
    "links": (lambda query: link_header(_PAGE, "http://school.test/x", query), LINE, {
        "ampersands": repeated(b"&"), "names": repeated(b"a&"), "escapes": repeated(b"%41"), "bytes": repeated(b"\xc3"),
    }),
    "path": (lambda raw: split_path(path_of(raw)), LINE, {
        "slashes": repeated(b"/"), "parts": repeated(b"a/"), "escapes": repeated(b"%41"),
        "absolute": repeated(b"/", before=b"http://"),
    }),
    "id": (lambda text: parse_id("user", text), LINE, {
        "hex": repeated("41", before="hex:sis_user_id:"), "digits": repeated("1"), "spaces": repeated(" "),
        "uuid": repeated("a", before="uuid:", after="!"),
    }),
    "scope": (lambda path: covers(["url:GET|/api/v1/users/:user_id/custom_data(/*scope)"], "", "GET", path), LINE, {
        "parts": repeated("/a", before="/api/v1/users/1/custom_data"), "dots": repeated(".", before="/api/v1/users/"),
    }),
    "forwarded for": (lambda text: client_behind("10.0.0.1", text, "10.0.0.0/8"), HEADER_BYTES, {
        "commas": repeated(","), "proxies": repeated("10.0.0.1,"), "digits": repeated("1"), "colons": repeated(":"),
        "zone": repeated("a", before="::1%"),
    }),
    "address": (lambda text: is_in(text, "10.0.0.0/8"), HEADER_BYTES, {"dots": repeated("."), "zeros": repeated("0")}),
    "user agent": (name_of_browser, HEADER_BYTES, {"nearly": repeated("Edge Chrom"), "S": repeated("S")}),
    "form token": (lambda text: is_genuine("x", text), BODY, {"base64": repeated("QUJD"), "equals": repeated("=")}),
    "wanted page": (is_path_of_ours, HEADER_BYTES, {"slashes": repeated("/", before="/a"), "path": repeated("/a")}),
    "redirect uri": (is_redirect_uri, BODY, {"at": repeated("@", before="https://"), "a": repeated("a", before="x:")}),
    "jwt": (unproved_claims, BODY, {"dots": repeated("."), "open": repeated("W1tb", before="e30.")}),
    "names": (names_on_create, BODY, {
        "spaces": repeated(" "), "commas": repeated(","), "words": repeated("a "), "suffixes": repeated("Jr. "),
    }),
    "order": (sort_key, BODY, {
        "accents": repeated("\u0323\u0301", before="a"), "one long letter": repeated("\ufdfa"), "han": repeated("각"),
        "marks": repeated("\u0301"),
    }),
    "search": (search_key, BODY, {"accents": repeated("\u0323\u0301"), "sharp s": repeated("ß")}),
    "password": (prepared_password, BODY, {
        "accents": repeated("\u0323\u0301", before="a"), "marks": repeated("\u0301"), "jamo": repeated("\u1100\u1161"),
    }),
    "time zone": (find_zone, BODY, {"dots": repeated("../"), "letters": repeated("A")}),
    "asset": (named_asset, BODY, {
        "parts": repeated("a_"), "letters": repeated("a"), "digits": repeated("1", before="a_"),
    }),
    "position": (checked_position, BODY, {"spaces": repeated(" "), "zeros": repeated("0"), "digits": repeated("9")}),
    "mail": (lambda text: html_of("x", text), LINE, {
        "addresses": repeated("https://"), "dots": repeated(".", before="https://"), "lines": repeated("\n"),
        "short addresses": repeated("https://. "), "spaces": repeated(" ", before="\n", after="x"),
        "blank lines": repeated("\n \t"),
    }),
    "calendar": (calendar_text, LINE, {"letters": repeated("ü"), "breaks": repeated("\r\n"), "commas": repeated(",")}),
    "terms": (safe_html.__wrapped__, TERMS, {
        "open links": repeated("<a "), "attributes": repeated("x ", before="<a "), "nested": repeated("<b>"),
        "divisions": repeated("<div>"), "lists": repeated("<ul><li>"), "fonts": repeated("<font x=1><p>"),
        "wrong ends": repeated("<i>", after="</b>" * 1_000), "tables": repeated("<table><b>x"),
        "options": repeated("<select><b>"), "comments": repeated("<!--"), "entities": repeated("&amp;"),
        "ends": repeated("</p>"), "items": repeated("<li>"), "links": repeated("<a><div></a>"),
    }),
}  # fmt: skip


def seconds(read: Callable[[Any], object], text: Any, tries: int = 3) -> float:
    """Processor time of this thread, the best of a few."""
    best = float("inf")
    for _ in range(tries):
        began = time.thread_time()
        with suppress(*EXPECTED):
            read(text)
        best = min(best, time.thread_time() - began)
        if best < HARMLESS:
            break
    return best


@pytest.mark.parametrize(
    ("parser", "kind"), [(parser, kind) for parser, (_, _, kinds) in PARSERS.items() for kind in kinds]
)
def test_attack_no_text_takes_more_time_than_its_length(parser: str, kind: str) -> None:
    read, size, kinds = PARSERS[parser]
    whole = seconds(read, kinds[kind](size))
    if whole >= HARMLESS:
        quarter = max(seconds(read, kinds[kind](size // 4)), HARMLESS / 2)
        assert whole < quarter * STEEPEST, f"{size // 4} took {quarter:.3f} s, {size} took {whole:.3f} s"


def test_the_measure_finds_what_grows_by_the_square() -> None:
    def read(text: str) -> None:
        for end in range(0, len(text), 10):
            text[:end].count("x")

    assert seconds(read, "a" * 80_000, 1) > seconds(read, "a" * 20_000, 1) * STEEPEST
