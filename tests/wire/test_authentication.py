"""Who is calling (basics.md §1, §2.1, §2.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.cast import token_of
from tests.support.client import Reply
from tests.support.probe import with_probe

from homeroom.db import digest_of
from homeroom.school.schema import AccessToken, DeveloperKey, Login, User

SELF = "/api/v1/users/self"
CHALLENGE = 'Bearer realm="canvas-lms"'
NOBODY = {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}
INVALID = {"errors": [{"message": "Invalid access token."}]}
TOKEN = token_of("student")


def change(school: School, table: Any, where: Any, **values: Any) -> None:
    school.write(lambda db: db.execute(update(table).where(where).values(**values)))


def refused(reply: Reply, body: dict[str, Any]) -> bool:
    return (reply.status, reply.json, reply.headers.get("www-authenticate")) == (401, body, CHALLENGE)


@pytest.mark.spec("basics.md#1")
def test_a_token_comes_in_the_header_the_query_or_the_body(school: School) -> None:
    nobody = school.as_("anonymous")
    name = "Stella Student"
    assert nobody.get(SELF, headers={"authorization": f"Bearer {TOKEN}"}).json["name"] == name
    assert nobody.get(f"{SELF}?access_token={TOKEN}").json["name"] == name
    assert nobody.get(SELF, {"access_token": TOKEN}).json["name"] == name
    assert nobody.get(SELF, json={"access_token": TOKEN}).json["name"] == name


@pytest.mark.spec("basics.md#1")
def test_the_header_wins_over_the_parameter(school: School) -> None:
    reply = school.as_("teacher").get(f"{SELF}?access_token={TOKEN}")
    assert reply.json["name"] == "Tina Teacher"


@pytest.mark.spec("basics.md#1")
@pytest.mark.spec("basics.md#2.1")
@pytest.mark.parametrize(
    "header",
    [
        "",
        f"bearer {TOKEN}",
        f"BEARER {TOKEN}",
        f"Token {TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Bearer{TOKEN}",
    ],
)
def test_another_scheme_is_no_token(school: School, header: str) -> None:
    assert refused(school.as_("anonymous").get(SELF, headers={"authorization": header}), NOBODY)


@pytest.mark.spec("basics.md#2.1")
@pytest.mark.parametrize("query", ["", "?access_token=", "?access_token[]=x", "?access_token[a]=x", "?access_token"])
def test_without_a_token_nobody_is_signed_in(school: School, query: str) -> None:
    assert refused(school.as_("anonymous").get(SELF + query), NOBODY)


@pytest.mark.spec("basics.md#2.2")
@pytest.mark.parametrize("token", ["unknown", "ü", "x" * 5000, TOKEN.upper(), f"{TOKEN} x", "' OR 1=1 --"])
def test_an_unknown_token_is_refused(school: School, token: str) -> None:
    reply = school.as_("anonymous").send("GET", SELF.encode(), [(b"authorization", f"Bearer {token}".encode())])
    assert reply and refused(reply, INVALID)


@pytest.mark.spec("basics.md#2.2")
def test_an_unknown_token_is_refused_on_a_public_route_too(school: School) -> None:
    probed = with_probe(school)
    assert probed.as_("anonymous").get("/api/probe/echo").status == 200
    assert refused(probed.with_token("unknown").get("/api/probe/echo"), INVALID)


WRONGS: dict[str, tuple[Callable[[School], None], dict[str, Any]]] = {
    "pending": (lambda s: change(s, AccessToken, AccessToken.c.digest == digest_of(TOKEN), state="pending"), INVALID),
    "revoked": (
        lambda s: change(s, AccessToken, AccessToken.c.digest == digest_of(TOKEN), state="deleted"),
        {"errors": [{"message": "Revoked access token."}]},
    ),
    "expired for good": (
        lambda s: change(
            s,
            AccessToken,
            AccessToken.c.digest == digest_of(TOKEN),
            permanent_expires_at=datetime(2026, 1, 6, 7, 8, 9, 500, UTC),
        ),
        {"errors": [{"message": "Expired access token.", "expired_at": "2026-01-06T07:08:09Z"}]},
    ),
    "past its hour": (
        lambda s: change(
            s, AccessToken, AccessToken.c.digest == digest_of(TOKEN), expires_at=datetime(2020, 1, 1, tzinfo=UTC)
        ),
        INVALID,
    ),
    "of an inactive key": (lambda s: change(s, DeveloperKey, DeveloperKey.c.is_default, state="inactive"), INVALID),
    "of a deleted key": (lambda s: change(s, DeveloperKey, DeveloperKey.c.is_default, state="deleted"), INVALID),
    "of a deleted user": (lambda s: change(s, User, User.c.id == s.id("student"), state="deleted"), INVALID),
    "of a suspended login": (
        lambda s: change(s, Login, Login.c.user_id == s.id("student"), state="suspended"),
        INVALID,
    ),
    "of somebody without a login": (
        lambda s: change(s, Login, Login.c.user_id == s.id("student"), state="deleted"),
        INVALID,
    ),
}


@pytest.mark.spec("basics.md#1")
@pytest.mark.spec("basics.md#2.2")
@pytest.mark.parametrize("wrong", WRONGS)
def test_a_token_is_only_good_while_all_is_well_with_it(school: School, wrong: str) -> None:
    spoil, body = WRONGS[wrong]
    student = school.as_("student")
    assert student.get(SELF).status == 200
    spoil(school)
    assert refused(student.get(SELF), body)


@pytest.mark.spec("basics.md#1")
def test_tokens_count_under_api_only(school: School) -> None:
    student, stranger = school.as_("student"), school.with_token("unknown")
    # The web face has never heard of tokens, so that it does not refuse a wrong one either.
    assert student.get("/images/dotted_pic.png").status == stranger.get("/images/dotted_pic.png").status == 200
