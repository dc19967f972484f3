"""Who is calling: what each kind of credential answers (identity.md §1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.sign_in import SELF, new_key, token_of_key

from homeroom.school.schema import Login, User

CHALLENGE = 'Bearer realm="canvas-lms"'
NOW = datetime.now(UTC)


def message(text: str, **more: Any) -> dict[str, Any]:
    return {"errors": [{"message": text, **more}]}


INVALID = message("Invalid access token.")


@pytest.mark.spec("identity.md#1")
@pytest.mark.parametrize(
    ("columns", "body"),
    [
        ({"state": "pending"}, INVALID),
        ({"state": "deleted"}, message("Revoked access token.")),
        ({"expires_at": NOW - timedelta(minutes=1)}, INVALID),
        (
            {"permanent_expires_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
            message("Expired access token.", expired_at="2026-01-02T03:04:05Z"),
        ),
    ],
)
def test_a_token_that_is_no_longer_or_not_yet_one_is_refused_with_a_challenge(
    school: School, columns: dict[str, Any], body: dict[str, Any]
) -> None:
    holder = school.with_token(token_of_key(school, "student", new_key(school), **columns))
    refused = holder.get(SELF)
    assert (refused.status, refused.json, refused.headers["www-authenticate"]) == (401, body, CHALLENGE)
    later: dict[str, Any] = {"expires_at": NOW + timedelta(hours=1), "permanent_expires_at": NOW + timedelta(days=1)}
    good = school.with_token(token_of_key(school, "classmate", new_key(school), **later))
    assert good.get(SELF).status == 200


@pytest.mark.spec("identity.md#1")
@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_a_token_needs_an_active_login_of_its_user(school: School, state: str) -> None:
    login = update(Login).where(Login.c.user_id == school.id("student"))
    school.write(lambda db: db.execute(login.values(state=state)))
    assert school.as_("student").get(SELF).json == INVALID
    school.write(lambda db: db.execute(login.values(state="active")))
    assert school.as_("student").get(SELF).status == 200
    gone = update(User).where(User.c.id == school.id("student")).values(state="deleted")
    school.write(lambda db: db.execute(gone))
    assert school.as_("student").get(SELF).json == INVALID


@pytest.mark.spec("identity.md#1")
def test_a_known_person_without_the_right_gets_no_challenge(school: School) -> None:
    refused = school.as_("student").get("/api/v1/accounts/1/developer_keys")
    body = {"status": "unauthorized", **message("user not authorized to perform that action")}
    assert (refused.status, refused.json) == (403, body)
    assert "www-authenticate" not in refused.headers
    older = school.with_settings(not_allowed="401").as_("student").get("/api/v1/accounts/1/developer_keys")
    assert (older.status, older.json) == (401, body)
    assert "www-authenticate" not in older.headers
