"""Who may do what with access tokens (identity.md §4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.sign_in import NOT_FOUND, SELF, TOKENS, grant, new_key, token_of_key, tokens_of, works
from tests.support.sign_in import make_token as make

from homeroom.school.schema import Account, DeveloperKey


def settings(school: School, **values: object) -> None:
    school.write(lambda db: db.execute(update(Account).where(Account.c.id == 1).values(settings=json.dumps(values))))


@pytest.mark.spec("identity.md#4")
@pytest.mark.parametrize(
    ("who", "own", "view", "create", "delete"),
    [
        ("anonymous", 401, 401, 401, 401),
        ("student", 200, 200, 200, 200),
        ("classmate", 200, 404, 403, 404),
        ("observer", 200, 404, 403, 404),
        ("teacher", 200, 404, 403, 404),
        ("narrow_admin", 200, 404, 403, 404),
        ("admin_of_another_school", 200, 404, 403, 404),
        ("sub_admin", 200, 200, 200, 200),
        ("admin", 200, 200, 200, 200),
        ("site_admin", 200, 200, 200, 200),
    ],
)
def test_who_may_do_what_with_a_students_tokens(
    school: School, who: str, own: int, view: int, create: int, delete: int
) -> None:
    token = make(school)
    them, tokens = school.as_(who), tokens_of(school, "student")
    assert them.post(TOKENS, {"token": {"purpose": "Own"}}).status == own
    assert them.get(f"{tokens}/{token['id']}").status == view
    listed = them.get(f"/api/v1/users/{school.id('student')}/user_generated_tokens").status
    assert listed == {404: 403}.get(view, view)
    assert them.post(tokens, {"token": {"purpose": "For them"}}).status == create
    assert them.put(f"{tokens}/{token['id']}", {"token": {"purpose": "New"}}).status == delete
    assert them.delete(f"{tokens}/{token['id']}").status == delete


@pytest.mark.spec("identity.md#4")
@pytest.mark.parametrize(
    ("right", "statuses"),
    [
        ("create_access_tokens", (404, 200, 200, 404)),
        ("delete_access_tokens", (404, 403, 404, 200)),
        ("view_user_generated_access_tokens", (200, 403, 404, 404)),
    ],
)
def test_each_right_of_an_admin_stands_alone(school: School, right: str, statuses: tuple[int, ...]) -> None:
    grant(school, right)
    token = make(school)
    narrow, tokens = school.as_("narrow_admin"), tokens_of(school, "student")
    assert (
        narrow.get(f"{tokens}/{token['id']}").status,
        narrow.post(tokens, {"token": {"purpose": "x"}}).status,
        narrow.put(f"{tokens}/{token['id']}", {"token": {"purpose": "x"}}).status,
        narrow.delete(f"{tokens}/{token['id']}").status,
    ) == statuses


@pytest.mark.spec("identity.md#4")
def test_a_token_for_somebody_else_waits_until_they_activate_it(school: School) -> None:
    reply = school.as_("admin").post(tokens_of(school, "student"), {"token": {"purpose": "For you"}})
    token = reply.json
    assert (token["workflow_state"], token["user_id"], token["real_user_id"]) == ("pending", school.id("student"), None)
    refused = school.with_token(token["visible_token"]).get(SELF)
    assert (refused.status, refused.json) == (401, {"errors": [{"message": "Invalid access token."}]})
    activate = f"{TOKENS}/{token['id']}/activate"
    assert school.as_("admin").post(activate).status == 404
    assert school.as_("classmate").post(activate).status == 404
    assert school.as_("anonymous").post(activate).status == 401
    assert school.as_("admin").post(f"{activate}?as_user_id={school.id('student')}").status == 403
    assert not works(school, token)
    done = school.as_("student").post(activate)
    assert (done.status, done.json["workflow_state"]) == (200, "active")
    assert done.json["visible_token"] == token["visible_token"][:5] + "..."
    assert works(school, token)
    assert school.as_("student").post(activate).json["workflow_state"] == "active"


@pytest.mark.spec("identity.md#4")
def test_a_token_made_while_masquerading_is_pending_and_names_the_real_user(school: School) -> None:
    acting = f"{TOKENS}?as_user_id={school.id('student')}"
    token = school.as_("admin").post(acting, {"token": {"purpose": "Acting"}}).json
    assert (token["workflow_state"], token["real_user_id"]) == ("pending", school.id("admin"))
    school.as_("student").post(f"{TOKENS}/{token['id']}/activate")
    holder = school.with_token(token["visible_token"])
    assert holder.get(SELF).json["id"] == school.id("student")
    refused = holder.get(f"{SELF}?as_user_id={school.id('classmate')}")
    assert (refused.status, refused.json) == (401, {"errors": "Cannot change masquerade"})


@pytest.mark.spec("identity.md#4")
def test_acting_as_somebody_gives_no_right_over_their_tokens(school: School) -> None:
    grant(school, "become_user")
    token = make(school)
    narrow, acting = school.as_("narrow_admin"), f"?as_user_id={school.id('student')}"
    assert narrow.get(SELF + acting).status == 200
    assert narrow.post(TOKENS + acting, {"token": {"purpose": "x"}}).status == 403
    assert narrow.put(f"{TOKENS}/{token['id']}{acting}", {"token": {"regenerate": 1}}).status == 403
    assert narrow.delete(f"{TOKENS}/{token['id']}{acting}").status == 403
    assert works(school, token)


def test_nobody_makes_or_regenerates_a_token_of_somebody_with_more_rights(school: School) -> None:
    grant(school, "create_access_tokens")
    token = make(school, "admin")
    narrow = school.as_("narrow_admin")
    assert narrow.post(tokens_of(school, "admin"), {"token": {"purpose": "x"}}).status == 403
    assert narrow.put(f"{tokens_of(school, 'admin')}/{token['id']}", {"token": {"regenerate": 1}}).status == 404
    assert school.as_("admin").put(f"{tokens_of(school, 'site_admin')}/1", {"token": {"regenerate": 1}}).status == 404
    assert works(school, token)


def test_what_an_admin_regenerates_waits_for_its_owner_again(school: School) -> None:
    old = make(school)
    new = school.as_("admin").put(f"{tokens_of(school, 'student')}/{old['id']}", {"token": {"regenerate": 1}}).json
    assert new["workflow_state"] == "pending"
    assert not works(school, new) and not works(school, old)
    school.as_("student").post(f"{TOKENS}/{old['id']}/activate")
    assert works(school, new)


@pytest.mark.spec("identity.md#4")
def test_an_account_may_limit_tokens_for_all_or_for_students(school: School) -> None:
    token = make(school)
    for values, refused, allowed in (
        ({"limit_personal_access_tokens": True}, ("student", "teacher", "outsider"), ("admin",)),
        (
            {"limit_personal_access_tokens_to_staff": True},
            ("student", "classmate"),
            ("teacher", "ta", "outsider", "admin"),
        ),
    ):
        settings(school, **values)
        for who in refused:
            reply = school.as_(who).post(TOKENS, {"token": {"purpose": "x"}})
            assert (who, reply.status) == (who, 403)
        for who in allowed:
            assert school.as_(who).post(TOKENS, {"token": {"purpose": "x"}}).status == 200
        student, one = school.as_("student"), f"{TOKENS}/{token['id']}"
        assert student.put(one, {"token": {"regenerate": 1}}).status == 403
        assert student.get(one).status == 200
        assert works(school, token)
    assert school.as_("admin").post(tokens_of(school, "student"), {"token": {"purpose": "x"}}).status == 200
    assert school.as_("student").delete(f"{TOKENS}/{token['id']}").status == 200


@pytest.mark.spec("identity.md#4")
def test_students_may_have_to_give_an_expiry_within_120_days(school: School) -> None:
    settings(school, require_token_expiry=True)
    student = school.as_("student")
    near = (datetime.now(UTC) + timedelta(days=119)).strftime("%Y-%m-%dT%H:%M:%SZ")
    far = (datetime.now(UTC) + timedelta(days=121)).strftime("%Y-%m-%dT%H:%M:%SZ")
    required = student.post(TOKENS, {"token": {"purpose": "x"}})
    assert (required.status, required.json["errors"]["expires_at"][0]["message"]) == (
        400,
        "Expiration date is required",
    )
    late = student.post(TOKENS, {"token": {"purpose": "x", "expires_at": far}})
    assert (
        late.json["errors"]["expires_at"][0]["message"] == "Expiration date cannot be more than 120 days in the future"
    )
    token = make(school, expires_at=near)
    assert student.put(f"{TOKENS}/{token['id']}", {"token": {"expires_at": ""}}).status == 400
    assert student.put(f"{TOKENS}/{token['id']}", {"token": {"purpose": "y"}}).status == 200
    assert school.as_("teacher").post(TOKENS, {"token": {"purpose": "x"}}).status == 200


@pytest.mark.spec("identity.md#4")
def test_a_hint_or_number_of_somebody_elses_token_leads_nowhere(school: School) -> None:
    token = make(school)
    classmate = school.as_("classmate")
    for which in (token["id"], token["visible_token"][:5], "%20", "0", "9" * 19, "9" * 30, "abcde", "²²²²²"):
        assert classmate.get(f"{TOKENS}/{which}").status == 404
        assert classmate.delete(f"{TOKENS}/{which}").status == 404
    assert classmate.delete(f"{tokens_of(school, 'student')}/{token['id']}").json == NOT_FOUND
    assert works(school, token)


@pytest.mark.spec("identity.md#4")
def test_attack_a_limited_token_makes_one_without_limits(school: School) -> None:
    scopes = [
        "url:POST|/api/v1/users/:user_id/tokens",
        "url:PUT|/api/v1/users/:user_id/tokens/:id",
        "url:POST|/api/v1/users/self/tokens/:id/activate",
        "url:GET|/api/v1/users/:user_id/tokens/:id",
    ]
    key = new_key(school, require_scopes=True, scopes=scopes)
    limited = school.with_token(token_of_key(school, "admin", key, scopes))
    whole = school.as_("admin")
    own = make(school, "admin")
    pending = school.as_("site_admin").post(tokens_of(school, "admin"), {"token": {"purpose": "x"}}).json
    assert limited.get(f"{TOKENS}/{own['id']}").status == 200
    for client, status in ((limited, 403), (whole, 200)):
        assert client.post(TOKENS, {"token": {"purpose": "x"}}).status == status
        assert client.post(tokens_of(school, "student"), {"token": {"purpose": "x"}}).status == status
        assert client.put(f"{TOKENS}/{own['id']}", {"token": {"regenerate": True}}).status == status
        assert client.post(f"{TOKENS}/{pending['id']}/activate").status == status
    # Where the key of manual tokens requires scopes, a new one may have some of the caller's.
    wider = json.dumps([*scopes, "url:GET|/api/v1/accounts"])
    school.write(lambda db: db.execute(update(DeveloperKey).values(require_scopes=True, scopes=wider)))
    for asked, status in ((scopes[:1], 200), (["url:GET|/api/v1/accounts"], 403)):
        assert limited.post(TOKENS, {"token": {"purpose": "x", "scopes": asked}}).status == status
