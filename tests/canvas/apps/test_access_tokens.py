"""Access tokens (identity.md §4)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.sign_in import SELF, TOKENS, new_key, token_of_key, tokens_of, works
from tests.support.sign_in import make_token as make

from homeroom.db import digest_of
from homeroom.school.schema import AccessToken, DeveloperKey


@pytest.mark.spec("identity.md#4")
def test_a_new_token_is_shown_whole_once_and_authenticates(school: School) -> None:
    token = make(school, expires_at="2099-01-31T10:00:00.5Z", token="mine")
    assert token == {
        "id": token["id"],
        "created_at": token["created_at"],
        "updated_at": token["created_at"],
        "expires_at": "2099-01-31T10:00:00Z",
        "last_used_at": None,
        "purpose": "Sync",
        "real_user_id": None,
        "remember_access": False,
        "scopes": [],
        "user_id": school.id("student"),
        "workflow_state": "active",
        "app_name": "User-Generated",
        "visible_token": token["visible_token"],
        "can_manually_regenerate": True,
    }
    assert len(token["visible_token"]) == 64
    assert works(school, token)
    later = {**token, "visible_token": token["visible_token"][:5] + "..."}
    for which in (token["id"], token["visible_token"][:5]):
        assert _but_use(school.as_("student").get(f"{TOKENS}/{which}").json) == _but_use(later)


@pytest.mark.spec("identity.md#4")
def test_only_a_digest_of_the_token_is_kept(school: School) -> None:
    token = make(school)
    row = school.read(
        lambda db: db.execute(select(AccessToken).where(AccessToken.c.id == token["id"])).mappings().one()
    )
    assert token["visible_token"] not in str(dict(row))
    assert row["digest"] == digest_of(token["visible_token"])


@pytest.mark.spec("identity.md#4")
def test_the_purpose_is_required(school: School) -> None:
    student = school.as_("student")
    for fields in ({"expires_at": ""}, {"purpose": ""}, {"purpose": "  "}):
        reply = student.post(TOKENS, {"token": fields})
        assert (reply.status, reply.json) == (400, [{"message": "token[purpose] is missing"}])
    missing = student.post(TOKENS)
    assert (missing.status, missing.json) == (400, {"errors": [{"message": "token is missing"}]})
    long = student.post(TOKENS, {"token": {"purpose": "x" * 256}})
    assert (long.status, long.json["errors"]["purpose"][0]["type"]) == (400, "too_long")
    token = make(school)
    assert student.put(f"{TOKENS}/{token['id']}", {"token": {"purpose": " "}}).json == [
        {"message": "token[purpose] is missing"}
    ]
    assert student.put(f"{TOKENS}/{token['id']}").json == {"errors": [{"message": "token is missing"}]}
    assert [t["purpose"] for t in student.get(f"{SELF}/user_generated_tokens").json if t["id"] == token["id"]] == [
        "Sync"
    ]


@pytest.mark.spec("identity.md#4")
def test_purpose_and_expiry_change_and_the_token_stays(school: School) -> None:
    token = make(school)
    student = school.as_("student")
    reply = student.put(f"{TOKENS}/{token['id']}", {"token": {"purpose": "New", "expires_at": "2099-01-01"}})
    assert (reply.json["purpose"], reply.json["expires_at"]) == ("New", "2099-01-01T00:00:00Z")
    assert works(school, token)
    assert student.put(f"{TOKENS}/{token['id']}", {"token": {"expires_at": ""}}).json["expires_at"] is None
    assert student.put(f"{TOKENS}/{token['id']}", {"token": {"expires_at": "soon"}}).status == 400


@pytest.mark.spec("identity.md#4")
def test_regenerating_makes_a_new_token_and_the_old_one_dies(school: School) -> None:
    old = make(school)
    new = school.as_("student").put(f"{TOKENS}/{old['visible_token'][:5]}", {"token": {"regenerate": "1"}}).json
    assert new["id"] == old["id"] and new["visible_token"] != old["visible_token"] and len(new["visible_token"]) == 64
    assert works(school, new) and not works(school, old)
    unchanged = school.as_("student").put(f"{TOKENS}/{old['id']}", {"token": {"regenerate": "0"}}).json
    assert unchanged["visible_token"] == new["visible_token"][:5] + "..."
    assert works(school, new)


@pytest.mark.spec("identity.md#4")
def test_an_expired_token_is_regenerated_only_with_a_new_expiry(school: School) -> None:
    token = make(school, expires_at="2026-01-01T00:00:00Z")
    refused = school.with_token(token["visible_token"]).get(SELF)
    assert refused.json == {"errors": [{"message": "Expired access token.", "expired_at": "2026-01-01T00:00:00Z"}]}
    assert refused.headers["www-authenticate"] == 'Bearer realm="canvas-lms"'
    assert token["can_manually_regenerate"] is False
    student, one = school.as_("student"), f"{TOKENS}/{token['id']}"
    again = student.put(one, {"token": {"regenerate": 1}})
    assert (again.status, again.json) == (
        400,
        {"errors": {"message": "cannot regenerate an expired token without a new expiration date"}},
    )
    past = student.put(one, {"token": {"regenerate": 1, "expires_at": "2026-01-02T00:00:00Z"}})
    assert past.status == 400
    assert student.get(one).json["expires_at"] == "2026-01-01T00:00:00Z"
    new = student.put(one, {"token": {"regenerate": 1, "expires_at": "2099-01-02T00:00:00Z"}}).json
    assert works(school, new) and new["can_manually_regenerate"]


@pytest.mark.spec("identity.md#4")
def test_a_deleted_token_is_revoked_and_gone(school: School) -> None:
    token = make(school)
    student = school.as_("student")
    gone = student.delete(f"{TOKENS}/{token['visible_token'][:5]}")
    assert (gone.status, gone.json["workflow_state"]) == (200, "deleted")
    refused = school.with_token(token["visible_token"]).get(SELF)
    assert refused.json == {"errors": [{"message": "Revoked access token."}]}
    for call in (student.get, student.delete):
        assert call(f"{TOKENS}/{token['id']}").status == 404
    assert student.put(f"{TOKENS}/{token['id']}", {"token": {"purpose": "x"}}).status == 404
    assert student.post(f"{TOKENS}/{token['id']}/activate").status == 404


@pytest.mark.spec("identity.md#4")
def test_a_token_of_an_application_shows_its_name_and_never_itself(school: School) -> None:
    text = token_of_key(school, "student", new_key(school, name="Reader"))
    student = school.as_("student")
    number = school.read(
        lambda db: db.execute(select(AccessToken.c.id).where(AccessToken.c.digest == digest_of(text))).scalar_one()
    )
    shown = student.get(f"{TOKENS}/{number}").json
    assert (shown["app_name"], shown["visible_token"], shown["can_manually_regenerate"]) == ("Reader", None, False)
    assert student.put(f"{TOKENS}/{number}", {"token": {"regenerate": 1}}).json["visible_token"] is None
    assert school.with_token(text).get(SELF).status == 200
    assert number not in [token["id"] for token in student.get(f"{SELF}/user_generated_tokens").json]
    assert school.as_("admin").get(f"{tokens_of(school, 'student')}/{number}").status == 404
    assert school.as_("admin").delete(f"{tokens_of(school, 'student')}/{number}").status == 200
    assert school.with_token(text).get(SELF).status == 401


@pytest.mark.spec("identity.md#4")
def test_the_list_has_manual_tokens_the_oldest_first(school: School, queries_of: Callable[..., int]) -> None:
    made = [make(school, purpose=f"Number {number}")["id"] for number in range(4)]
    listing = f"/api/v1/users/{school.id('student')}/user_generated_tokens"
    first = school.as_("student").get(listing).json[0]["id"]
    assert [token["id"] for token in school.as_("student").pages(f"{listing}?per_page=2")] == [first, *made]
    assert all(token["visible_token"].endswith("...") for token in school.as_("admin").get(listing).json)
    client = school.as_("student")
    assert queries_of(client.get, f"{listing}?per_page=1") == queries_of(client.get, f"{listing}?per_page=100")


def test_scopes_count_only_when_the_default_key_requires_them(school: School) -> None:
    show = "url:GET|/api/v1/users/:id"
    assert make(school, scopes=[show])["scopes"] == []
    school.as_("site_admin").put("/api/v1/developer_keys/1", {"developer_key": {"scopes": [show]}})
    both = json.dumps([show, "url:POST|/api/v1/users/:user_id/tokens"])
    school.write(lambda db: db.execute(update(DeveloperKey).values(require_scopes=True, scopes=both)))
    assert school.as_("student").get(SELF).status == 401
    school.write(lambda db: db.execute(update(AccessToken).values(scopes=both)))
    token = make(school, scopes=[show, show])
    assert token["scopes"] == [show]
    assert works(school, token)
    assert school.with_token(token["visible_token"]).post(TOKENS, {"token": {"purpose": "x"}}).status == 401
    refused = school.as_("student").post(TOKENS, {"token": {"purpose": "x", "scopes": ["url:GET|/api/v1/accounts"]}})
    assert (refused.status, list(refused.json["errors"])) == (400, ["scopes"])


def test_a_token_has_a_global_id_too(school: School) -> None:
    token = make(school)
    url = f"{TOKENS}/{10_000_000_000_000 + token['id']}"
    assert school.as_("student").get(url).json["id"] == token["id"]
    assert school.as_("student").delete(url).json["workflow_state"] == "deleted"
    assert school.as_("student").get(url).status == 404


def test_a_number_comes_before_a_hint_that_looks_like_one(school: School) -> None:
    tokens = [make(school) for _ in range(2)]
    school.write(lambda db: db.execute(update(AccessToken).where(AccessToken.c.id == tokens[0]["id"]).values(id=12345)))
    school.write(
        lambda db: db.execute(update(AccessToken).where(AccessToken.c.id == tokens[1]["id"]).values(hint="12345"))
    )
    assert school.as_("student").get(f"{TOKENS}/12345").json["id"] == 12345
    school.as_("student").delete(f"{TOKENS}/12345")
    assert school.as_("student").get(f"{TOKENS}/12345").json["id"] == tokens[1]["id"]


def test_no_token_is_in_a_log(school: School, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = make(school)
    school.as_("anonymous").get(f"{SELF}?access_token={token['visible_token']}")
    school.with_token(token["visible_token"]).delete(f"{TOKENS}/{token['id']}")
    assert token["visible_token"] not in caplog.text


def _but_use(token: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in token.items() if name != "last_used_at"}


def test_attack_nobody_fills_the_table_with_tokens(school: School) -> None:
    small = school.with_settings(max_tokens=2)
    for who, count in (("student", 2), ("teacher", 2)):
        before = len(school.as_(who).get(f"/api/v1/users/{school.id(who)}/user_generated_tokens").json)
        made = [small.as_(who).post(TOKENS, {"token": {"purpose": "x"}}) for _ in range(count - before + 1)]
        assert [reply.status for reply in made] == [200] * (count - before) + [400]
        assert made[-1].json == {
            "errors": {
                "base": [
                    {"attribute": "base", "type": "too_many",
                     "message": "There are too many access tokens (maximum is 2)"}
                ]
            }
        }  # fmt: skip
    # Also when an admin makes them; and one that is deleted makes room.
    admin = small.as_("admin")
    url = f"/api/v1/users/{school.id('student')}/tokens"
    assert admin.post(url, {"token": {"purpose": "x"}}).status == 400
    old = school.as_("student").get(f"/api/v1/users/{school.id('student')}/user_generated_tokens").json[-1]["id"]
    assert admin.delete(f"{url}/{old}").status == 200
    assert admin.post(url, {"token": {"purpose": "x"}}).status == 200
