"""Pages and their links (basics.md §3)."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select
from tests.conftest import School
from tests.support.cast import THEN
from tests.support.client import HOST, Client, query_of
from tests.support.probe import with_probe

from homeroom.db import new_uuid
from homeroom.school.schema import User
from homeroom.wire.params.paging import read_paging

pytestmark = pytest.mark.spec("basics.md#3")
FEW = "/api/probe/few"
PEOPLE = "/api/probe/people"
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def anybody(school: School) -> Client:
    return with_probe(school).as_("student")


def rels(header: str) -> list[str]:
    return [part.split('rel="')[1].rstrip('"') for part in header.split(",<")]


@pytest.mark.parametrize(
    ("per_page", "size"),
    [
        (None, 10), ("5", 5), ("1", 1), ("25", 25), ("100", 100), ("101", 100), ("1000", 100), ("9" * 30, 100),
        ("0", 1), ("-1", 1), ("-" + "9" * 30, 1), ("text", 1), ("", 1), ("5x", 5), ("1.9", 1), ("+7", 7), (" 7", 7),
        ("٣", 1),
    ],
)  # fmt: skip
def test_per_page_is_clamped(school: School, per_page: str | None, size: int) -> None:
    reply = anybody(school).get(FEW, {} if per_page is None else {"per_page": per_page})
    assert reply.status == 200
    assert len(reply.json) == min(size, 25)
    assert query_of(reply.links["current"])["per_page"] == str(size)


@pytest.mark.parametrize("query", ["per_page[]=5", "per_page[a]=5", "per_page"])
def test_a_per_page_that_is_no_number_at_all(school: School, query: str) -> None:
    assert len(anybody(school).get(f"{FEW}?{query}").json) in (1, 10)


@pytest.mark.parametrize(
    "page",
    [
        "0",
        "-1",
        "text",
        "1.5",
        "1e3",
        "",
        " ",
        "+1",
        "٣",
        "9" * 30,
        "bookmark",
        "bookmark:",
        "bookmark:!",
        "last",
        "next",
        "0x1",
    ],
)
@pytest.mark.parametrize("url", [FEW, PEOPLE])
def test_a_page_that_is_none_is_404(school: School, url: str, page: str) -> None:
    reply = anybody(school).get(f"{url}?page={page}")
    assert (reply.status, reply.json) == (404, NOT_FOUND)


@pytest.mark.parametrize("query", ["page[]=1", "page[a]=1"])
def test_a_page_that_is_no_text_is_404(school: School, query: str) -> None:
    assert anybody(school).get(f"{PEOPLE}?{query}").status == 404


@pytest.mark.parametrize("page", ["4", "1000", "9" * 15])
@pytest.mark.parametrize("url", [FEW, PEOPLE])
def test_past_the_end_there_is_nothing(school: School, url: str, page: str) -> None:
    reply = anybody(school).get(f"{url}?page={page}")
    assert (reply.status, reply.json) == (200, [])
    assert "next" not in reply.links
    assert query_of(reply.links["prev"])["page"] == str(int(page) - 1)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("1", ["current", "next", "first", "last"]),
        ("2", ["current", "next", "prev", "first", "last"]),
        ("3", ["current", "prev", "first", "last"]),
    ],
)
def test_the_links_stand_in_a_fixed_order_joined_by_a_bare_comma(
    school: School, page: str, expected: list[str]
) -> None:
    header = anybody(school).get(f"{FEW}?page={page}").headers["link"]
    assert rels(header) == expected
    links = [f'<http://{HOST}{FEW}?page={n}&per_page=10>; rel="{rel}"' for rel, n in _numbers(int(page)).items()]
    assert header == ",".join(links)


def _numbers(page: int) -> dict[str, int]:
    numbers = {"current": page, "next": page + 1, "prev": page - 1, "first": 1, "last": 3}
    return {rel: number for rel, number in numbers.items() if 1 <= number <= 3}


def test_an_uncounted_list_has_no_last_while_it_goes_on(school: School) -> None:
    admin = anybody(school)
    for url in (f"{PEOPLE}?per_page=100", f"{PEOPLE}?per_page=100&bookmarks=1", f"{PEOPLE}?page=9&per_page=100"):
        links = admin.get(url).links
        assert links["last"] == links["current"]
    assert rels(admin.get(f"{PEOPLE}?per_page=5").headers["link"]) == ["current", "next", "first"]
    assert "last" in admin.get(f"{PEOPLE}?per_page=5&counted=1").links


def test_a_full_last_page_has_a_next_that_is_empty(school: School) -> None:
    """Nobody counted, so nobody knows; a counted list does know."""
    people = anybody(school)
    total = len(people.get(f"{PEOPLE}?per_page=100").json)
    reply = people.get(f"{PEOPLE}?per_page={total}")
    assert people.get(reply.links["next"]).json == []
    counted = people.get(f"{PEOPLE}?per_page={total}&counted=1")
    assert "next" not in counted.links


def test_an_empty_list_has_one_page(school: School) -> None:
    reply = anybody(school).get(f"{FEW}?page=7&per_page=5")
    assert (reply.json, query_of(reply.links["last"])["page"]) == ([], "5")


@pytest.mark.parametrize(
    "kept",
    ["a=1", "a[]=1&a[]=2", "a=%C3%BC%26%2B&b=x+y", "search_term=tim&sort=email", "a", "a=b=c", "include%5B%5D=email"],
)
def test_links_keep_the_parameters_as_they_were_sent(school: School, kept: str) -> None:
    reply = anybody(school).send("GET", f"{FEW}?{kept}".encode())
    assert reply and reply.links["next"] == f"http://{HOST}{FEW}?{kept}&page=2&per_page=10"


@pytest.mark.parametrize(
    "dropped",
    [
        "page=1",
        "per_page=10",
        "access_token=token-of-student-0123456789",
        "api_key=x",
        "pag%65=1",
        "access%5Ftoken=token-of-student-0123456789",
    ],
)
def test_links_drop_what_is_theirs_or_secret(school: School, dropped: str) -> None:
    for query in (f"{dropped}&a=1", f"a=1&{dropped}", f"{dropped}&a=1&{dropped}"):
        reply = anybody(school).send("GET", f"{FEW}?{query}".encode())
        assert reply and reply.links["next"] == f"http://{HOST}{FEW}?a=1&page=2&per_page=10"


def test_links_are_safe_whatever_was_sent(school: School) -> None:
    reply = anybody(school).send("GET", FEW.encode() + b'?a=<">; rel="last"&b=\xc3\xbc&c=\r\nX: y')
    assert reply is not None
    assert list(reply.links) == ["current", "next", "first", "last"]
    assert reply.links["next"].startswith(
        f"http://{HOST}{FEW}?a=%3C%22%3E;%20rel=%22last%22&b=%C3%BC&c=%0D%0AX:%20y&page"
    )


@pytest.mark.parametrize("host", ["school.test", "school.test:8080", "127.0.0.1:8000", "[::1]:8000", "localhost"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_links_begin_with_the_address_that_the_client_used(school: School, scheme: str, host: str) -> None:
    client = with_probe(school).as_("anonymous")
    reply = client.send("GET", FEW.encode(), [(b"host", host.encode())], scheme=scheme)
    assert reply and all(url.startswith(f"{scheme}://{host}/api/probe/few?page=") for url in reply.links.values())


def test_behind_a_proxy_links_have_the_public_scheme(school: School) -> None:
    public = with_probe(school, public_url="https://homeroom.example/").as_("anonymous")
    reply = public.get(FEW, headers={"host": "homeroom.example"})
    assert reply.links["next"].startswith("https://homeroom.example/api/probe/few?")
    reply = public.get(FEW, headers={"host": "127.0.0.1:8000"})
    assert reply.links["next"].startswith("http://127.0.0.1:8000/")


def test_links_keep_the_path_as_it_was_sent(school: School) -> None:
    reply = with_probe(school).as_("anonymous").send("GET", b"/api/probe/few.json?per_page=5")
    assert reply and reply.links["next"] == f"http://{HOST}/api/probe/few.json?page=2&per_page=5"


@pytest.mark.parametrize(
    ("room", "left"),
    [
        (1100, ["current", "next", "prev", "first", "last"]),
        (1400, ["current", "next", "prev", "last"]),
        (1900, ["next", "prev", "last"]),
        (2900, ["next", "last"]),
        (4000, ["next"]),
        (6200, []),
    ],
)
def test_links_over_6_kb_are_dropped_by_priority(school: School, room: int, left: list[str]) -> None:
    reply = anybody(school).get(f"{FEW}?page=2&q={'x' * room}")
    header = reply.headers.get("link", "")
    assert len(header) <= 6 * 1024
    assert (rels(header) if header else []) == left
    assert reply.status == 200


# --- deep lists


def many(db: Connection, count: int = 1100) -> None:
    """People with few different values to sort by, and nulls among them."""
    rows = [
        {
            "uuid": new_uuid(), "name": "x", "sortable_name": "x", "short_name": "x", "state": "registered",
            "calendar_code": new_uuid(), "locale": (None, "de", "en", "fr")[n % 4],
            "created_at": THEN + timedelta(microseconds=n % 7), "updated_at": THEN,
        }
        for n in range(count)
    ]  # fmt: skip
    db.execute(insert(User), rows)


@pytest.mark.parametrize("by", ["id", "created_at", "locale"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("bookmarks", [False, True])
def test_following_next_meets_everybody_once_in_order(
    school: School, by: str, descending: bool, bookmarks: bool
) -> None:
    school.write(many)
    expected = _expected(school, by, descending)
    people, url = anybody(school), f"{PEOPLE}?by={by}&descending={descending}&bookmarks={bookmarks}&per_page=100"
    assert [person["id"] for person in people.pages(url)] == expected


def _expected(school: School, by: str, descending: bool) -> list[int]:
    column = User.c[by]
    order = (column.desc() if descending else column).nulls_last(), User.c.id.desc() if descending else User.c.id
    return list(school.read(lambda db: db.execute(select(User.c.id).order_by(*order)).scalars().all()))


def test_from_row_1000_on_next_is_a_bookmark(school: School) -> None:
    school.write(many)
    people = anybody(school)
    numbers = [
        query_of(people.get(f"{PEOPLE}?per_page=100&page={page}").links["next"])["page"] for page in (1, 9, 10, 11)
    ]
    assert numbers[:2] == ["2", "10"]
    assert all(number.startswith("bookmark:") for number in numbers[2:])


def test_a_bare_deep_page_is_answered(school: School) -> None:
    school.write(many)
    everybody = _expected(school, "id", False)
    people = anybody(school)
    reply = people.get(f"{PEOPLE}?per_page=10&page=105")
    assert [person["id"] for person in reply.json] == everybody[1040:1050]
    assert query_of(reply.links["prev"])["page"] == "104"


def test_a_bookmark_page_knows_itself_and_the_first(school: School) -> None:
    people = anybody(school)
    next_page = people.get(f"{PEOPLE}?bookmarks=1&per_page=5").links["next"]
    reply = people.get(next_page)
    assert rels(reply.headers["link"]) == ["current", "next", "first"]
    assert reply.links["current"] == next_page
    assert query_of(reply.links["first"])["page"] == "first"
    assert people.get(reply.links["first"]).json == people.get(f"{PEOPLE}?per_page=5").json


def test_following_bookmarks_costs_the_same_at_any_depth(school: School, queries_of: Any) -> None:
    school.write(many)
    people = anybody(school)
    first = f"{PEOPLE}?by=created_at&bookmarks=1&per_page=100"
    deep = first
    for _ in range(9):
        deep = people.get(deep).links["next"]
    assert queries_of(people.get, first) == queries_of(people.get, deep)


def test_somebody_who_comes_meanwhile_moves_nobody_to_another_page(school: School) -> None:
    people = anybody(school)
    url = f"{PEOPLE}?bookmarks=1&descending=1&per_page=5"
    first = people.get(url)
    expected = people.get(first.links["next"]).json
    school.write(lambda db: many(db, 3))
    assert people.get(first.links["next"]).json == expected


def bookmark(*values: Any) -> str:
    return "bookmark:" + base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("by", "page"),
    [
        ("id", bookmark()), ("id", bookmark("1")), ("id", bookmark(1.5)), ("id", bookmark(True)),
        ("id", bookmark(None)),
        ("id", bookmark(-1)), ("id", bookmark(2**63)), ("id", bookmark(1, 2)), ("id", bookmark([1])),
        ("id", bookmark({})),
        ("created_at", bookmark(1)), ("created_at", bookmark("x", 1)), ("created_at", bookmark(5, 1)),
        ("created_at", bookmark(None, 1)), ("created_at", bookmark("2026-01-05T09:00:00Z", "1")),
        ("created_at", bookmark("9999-12-31T23:59:59-12:00", 1)),
        ("created_at", bookmark("0001-01-01T00:00:00+12:00", 1)),
        ("created_at", bookmark(["2026-01-05T09:00:00Z"], 1)), ("created_at", bookmark("2026-01-05T09:00:00Z", 1, 1)),
        ("locale", bookmark(5, 1)), ("locale", bookmark("de")), ("locale", bookmark("d\x00e", 1)),
        ("locale", bookmark(True, 1)),
        ("id", "bookmark:" + "A" * 4000), ("id", "bookmark:W10"), ("id", "bookmark:bnVsbA"), ("id", "bookmark:äöü"),
        ("id", "bookmark:" + base64.b64encode(b"[" * 30000).decode()), ("id", "bookmark:" + "=" * 9),
        ("id", "bookmark:" + base64.urlsafe_b64encode(b"[99999999999999999999999]").decode()),
        ("locale", "bookmark:" + base64.urlsafe_b64encode(b'["\\ud800",1]').decode()),
        ("locale", "bookmark:" + base64.urlsafe_b64encode(b'["\xff",1]').decode()),
    ],
)  # fmt: skip
def test_a_bookmark_that_is_not_of_this_list_is_404(school: School, by: str, page: str) -> None:
    reply = anybody(school).get(PEOPLE, {"by": by, "page": page})
    assert (reply.status, reply.json) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("by", "page"),
    [
        ("created_at", bookmark("2026-01-05T09:00:00", 3)), ("created_at", bookmark("2026-01-05T10:00:00.5+01:00", 3)),
        ("locale", bookmark("", 3)), ("locale", bookmark("ÿ" * 500, 3)), ("locale", bookmark(None, 3)),
        ("id", bookmark(0)),
        ("id", bookmark(2**63 - 1)),
    ],
)  # fmt: skip
def test_a_bookmark_somebody_made_up_is_a_place_in_the_list(school: School, by: str, page: str) -> None:
    reply = anybody(school).get(PEOPLE, {"by": by, "page": page})
    assert reply.status == 200
    assert isinstance(reply.json, list)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda x: st.lists(x, max_size=3)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(by=st.sampled_from(["id", "created_at", "locale"]), values=st.lists(JSON, max_size=3))
def test_no_bookmark_breaks_the_list(sqlite_school: School, by: str, values: list[Any]) -> None:
    text = msgspec.json.encode(values)
    page = "bookmark:" + base64.urlsafe_b64encode(text).decode().rstrip("=")
    assert anybody(sqlite_school).get(PEOPLE, {"by": by, "page": page}).status in (200, 404)


@given(st.one_of(JSON, st.text()), st.one_of(JSON, st.text()))
def test_whatever_is_sent_as_page_is_read_or_not_found(page: object, per_page: object) -> None:
    from homeroom.school.ground.errors import NotFound

    try:
        paging = read_paging(page, per_page)
    except NotFound:
        return
    assert 1 <= paging.per_page <= 100
    assert paging.number is None or paging.number >= 1


def test_lists_elsewhere_have_their_own_sizes() -> None:
    paging = read_paging(None, "500", default=20, largest=50)
    assert paging.per_page == 50
    assert read_paging(None, None, default=20, largest=50).per_page == 20


def test_a_count_costs_one_statement_more(school: School, queries_of: Any) -> None:
    people = anybody(school)
    plain, counted = queries_of(people.get, PEOPLE), queries_of(people.get, f"{PEOPLE}?counted=1")
    assert counted == plain + 1
    assert school.read(lambda db: db.execute(select(func.count()).select_from(User)).scalar_one()) > 10
