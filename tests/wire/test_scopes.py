"""Tokens limited to scopes (basics.md §9)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from tests.conftest import School
from tests.support.cast import token_of
from tests.support.client import Client

from homeroom.db import digest_of
from homeroom.school.apps.developer_keys.actions import switch_key
from homeroom.school.schema import AccessToken, DeveloperKey

pytestmark = pytest.mark.spec("basics.md#9")
SHOW = "url:GET|/api/v1/users/:id"
SELF = "/api/v1/users/self"
INSUFFICIENT = {"errors": [{"message": "Insufficient scopes on access token."}]}
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def scoped(school: School, who: str, *scopes: str, require: bool = True, allow_includes: bool = False) -> Client:
    """Somebody whose token belongs to a key that requires scopes."""

    def make(db: Connection) -> None:
        values: dict[str, Any] = {
            "state": "active", "require_scopes": require, "allow_includes": allow_includes, "created_at": THEN,
            "updated_at": THEN, "scopes": json.dumps(scopes),
        }  # fmt: skip
        given = db.execute(insert(DeveloperKey).values(values)).inserted_primary_key
        assert given is not None
        switch_key(db, given[0], 1, "on")
        token = AccessToken.c.digest == digest_of(token_of(who))
        changed = {"developer_key_id": given[0], "scopes": json.dumps(scopes)}
        db.execute(update(AccessToken).where(token).values(changed))

    school.write(make)
    return school.as_(who)


def test_a_token_with_the_scope_is_let_in(school: School) -> None:
    assert scoped(school, "student", SHOW).get(SELF).status == 200


@pytest.mark.spec("basics.md#2.2")
@pytest.mark.parametrize(
    "scopes",
    [
        [], ["url:PUT|/api/v1/users/:id"], ["url:GET|/api/v1/users"], ["url:GET|/api/v1/users/:id/profile"],
        ["/api/v1/users/:id"], [SHOW.lower()], ["url:GET|/api/v1/users/sel"], ["url:GET|.*"],
        ["url:GET|/api/v1/users/.*"],
    ],
)  # fmt: skip
def test_without_the_scope_a_token_is_refused_without_the_challenge(school: School, scopes: list[str]) -> None:
    reply = scoped(school, "student", *scopes).get(SELF)
    assert (reply.status, reply.json) == (401, INSUFFICIENT)
    assert "www-authenticate" not in reply.headers


def test_scopes_count_only_where_the_key_requires_them(school: School) -> None:
    assert scoped(school, "student", require=False).get(SELF).status == 200


def test_head_counts_as_get(school: School) -> None:
    student = scoped(school, "student", SHOW)
    assert student.call("HEAD", SELF).status == 200
    assert student.call("HEAD", f"/api/v1/users/{school.id('student')}/custom_data?ns=a").status == 401


def test_the_suffix_changes_nothing(school: School) -> None:
    student = scoped(school, "student", SHOW)
    assert student.get(f"{SELF}.json").status == 200


def test_scopes_stay_while_masquerading(school: School) -> None:
    admin = scoped(school, "admin", SHOW)
    acting = f"as_user_id={school.id('student')}"
    assert admin.get(f"{SELF}?{acting}").json["id"] == school.id("student")
    assert admin.get(f"/api/v1/users/self/custom_data?ns=a&{acting}").json == INSUFFICIENT


def test_the_right_is_asked_too(school: School) -> None:
    assert scoped(school, "classmate", SHOW).get(f"/api/v1/users/{school.id('student')}").status == 404


@pytest.mark.parametrize(
    "query",
    ["include[]=uuid&include[]=last_login", "include=uuid&includes[]=x", "include[0]=uuid&include[1]=last_login"],
)
def test_includes_are_cut_to_uuid(school: School, query: str) -> None:
    admin = scoped(school, "admin", SHOW)
    shown = admin.get(f"/api/v1/users/{school.id('student')}?{query}").json
    assert "last_login" not in shown
    assert len(shown["uuid"]) == 40


@pytest.mark.parametrize("query", ["include[]=last_login", "include=last_login", "include[a]=last_login", "include"])
def test_other_includes_are_dropped(school: School, query: str) -> None:
    admin = scoped(school, "admin", SHOW)
    shown = admin.get(f"/api/v1/users/{school.id('student')}?{query}")
    assert shown.status == 200
    assert "last_login" not in shown.json


def test_a_key_may_allow_includes(school: School) -> None:
    admin = scoped(school, "admin", SHOW, allow_includes=True)
    assert "last_login" in admin.get(f"/api/v1/users/{school.id('student')}?include[]=last_login").json


@pytest.mark.spec("homeroom.md#2")
def test_every_route_of_canvas_has_the_scope_of_its_documented_path(school: School) -> None:
    canvas = school.server.faces[0]
    texts = [canvas.scope_text(route) for route in canvas.routes]
    assert len(texts) == len(set(texts))
    assert SHOW in texts
    assert school.read(lambda db: db.execute(select(DeveloperKey.c.id)).scalars().all())
