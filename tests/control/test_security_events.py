"""Security events: what is recorded, what is reported, who reads them, and what a flood cannot do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.sign_in import make_token, new_key

from homeroom import clock
from homeroom.school.jobs.registry import Jobs
from homeroom.school.schema import SecurityEvent
from homeroom.school.security import events as security_events
from homeroom.school.security.events import KINDS, RECORDED, Origin, Reports

URL = "/homeroom/v1/security_events"
SOURCES = Path(__file__).parents[2] / "src" / "homeroom"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """The fields of the log lines so far."""
    caplog.set_level(logging.INFO, "homeroom.security")

    class Lines(list[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            return (r.fields for r in caplog.records if r.name == "homeroom.security")  # type: ignore[attr-defined]

    yield Lines()


def events(school: School, *kinds: str, **filters: Any) -> list[dict[str, Any]]:
    school.server.flush()
    reply = school.as_("admin").get(URL + "?per_page=100", {"event": list(kinds), **filters})
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.json
    return found


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401), ("student", 403), ("teacher", 403), ("narrow_admin", 403), ("sub_admin", 403),
        ("admin_of_another_school", 403), ("admin", 200), ("site_admin", 200),
    ],
)  # fmt: skip
def test_who_may_list_security_events(school: School, who: str, status: int) -> None:
    assert school.as_(who).get(URL).status == status


def test_a_change_is_recorded_with_who_made_it_where_and_in_which_request(
    school: School, told: list[dict[str, Any]]
) -> None:
    reply = school.as_("admin").post(
        f"/api/v1/users/{school.id('student')}/communication_channels",
        {"communication_channel": {"address": "stella@home.test", "type": "email"}},
    )
    assert reply.status == 200, reply.text
    (event,) = events(school, "address_added")
    assert event == {
        "id": event["id"],
        "event": "address_added",
        "created_at": event["created_at"],
        "actor_id": school.id("admin"),
        "real_actor_id": None,
        "user_id": school.id("student"),
        "object": {"type": "communication_channel", "id": reply.json["id"] % 10**13},
        "address": "127.0.0.1",
        "request_id": reply.headers["x-request-context-id"],
        "details": {"confirmed": False},
        "count": 1,
    }
    (line,) = told
    assert (line["event"], line["request_id"]) == ("address_added", event["request_id"])
    assert "stella@home.test" not in json.dumps([event, line])


def test_a_change_that_is_undone_leaves_no_event(school: School, told: list[dict[str, Any]]) -> None:
    with pytest.raises(ZeroDivisionError), school.server.services.database.write() as db:
        security_events.record(db, "user_deleted", user_id=school.id("student"))
        1 / 0  # noqa: B018
    assert events(school) == []
    assert list(told) == []


def test_a_refused_request_leaves_its_event_though_its_transaction_is_undone(
    school: School, told: list[dict[str, Any]]
) -> None:
    reply = school.as_("student").put("/api/v1/accounts/1", {"account": {"name": "Mine"}})
    assert reply.status == 403
    (event,) = events(school)
    assert event["event"] == "denied"
    assert event["actor_id"] == school.id("student")
    assert event["request_id"] == reply.headers["x-request-context-id"]
    assert event["details"]["method"] == "PUT"
    (line,) = told
    assert line["event"] == "denied"


def test_wrong_tokens_passwords_and_forms_are_reported_and_nothing_of_them_is_told(
    school: School, told: list[dict[str, Any]]
) -> None:
    school.with_token("wrong-token-0123456789").get("/api/v1/users/self")
    browser = Browser(school)
    sign_in(browser, "student", "my secret word")
    sign_in(browser, "nobody-typed-this")
    browser.post("/login/canvas", {"pseudonym_session": {"unique_id": "x", "password": "y"}})
    school.as_("anonymous").post(
        "/login/oauth2/token", {"grant_type": "refresh_token", "client_id": "7", "client_secret": "s"}
    )
    found = events(school)
    assert [event["event"] for event in reversed(found)] == [
        "token_refused", "sign_in_failed", "sign_in_failed", "request_forged", "client_refused",
    ]  # fmt: skip
    assert [event["user_id"] for event in found if event["event"] == "sign_in_failed"] == [None, school.id("student")]
    for secret in ("my secret word", "wrong-token", "nobody-typed-this"):
        assert secret not in json.dumps(found)
        assert secret not in json.dumps(list(told))


def test_sign_ins_lockouts_and_new_passwords_are_events(school: School) -> None:
    browser = Browser(school)
    sign_in(browser, "student")
    school.as_("student").post("/login/canvas/forgot", {"pseudonym_session": {"unique_id_forgot": ""}})
    for _ in range(11):
        sign_in(Browser(school), "teacher", "guess")
    found = events(school)
    assert {event["event"] for event in found} >= {"sign_in", "sign_in_failed", "sign_in_locked"}
    (entered,) = events(school, "sign_in")
    assert entered["user_id"] == school.id("student")


def test_tokens_keys_roles_and_suspensions_are_events(school: School) -> None:
    admin = school.as_("site_admin")
    token = make_token(school)
    school.as_("student").delete(f"/api/v1/users/self/tokens/{token['id']}")
    key = new_key(school)
    admin.put(f"/api/v1/developer_keys/{key['id']}", json={"developer_key": {"notes": "x"}})
    admin.delete(f"/api/v1/developer_keys/{key['id']}")
    role = admin.post("/api/v1/accounts/1/roles", {"label": "Helper", "base_role_type": "AccountMembership"}).json
    who = {"user_id": school.id("teacher"), "role_id": role["id"]}
    assert admin.post("/api/v1/accounts/1/admins", who).status == 200
    admin.delete(f"/api/v1/accounts/1/admins/{who['user_id']}?role_id={role['id']}")
    for event in ("suspend", "unsuspend"):
        admin.put(f"/api/v1/users/{school.id('student')}", {"user": {"event": event}})
    admin.put("/homeroom/v1/accounts/1/settings", json={"avatars": False})
    admin.delete(f"/api/v1/users/{school.id('outsider')}/sessions")
    admin.delete(f"/api/v1/accounts/1/users/{school.id('outsider')}")
    happened = [event["event"] for event in reversed(events(school))]
    assert happened == [
        "token_created", "token_deleted", "key_changed", "key_created", "key_changed", "key_changed", "key_deleted",
            "role_created",
        "admin_added", "admin_removed", "login_suspended", "login_restored", "settings_changed", "sessions_ended",
        "user_deleted",
    ]  # fmt: skip


def test_acting_as_somebody_is_one_event_and_its_changes_name_both(school: School) -> None:
    admin, student = school.as_("admin"), school.id("student")
    for _ in range(3):
        assert admin.get(f"/api/v1/users/self?as_user_id={student}").status == 200
    channel = {"communication_channel": {"address": "new@home.test", "type": "email"}}
    assert admin.post(f"/api/v1/users/self/communication_channels?as_user_id={student}", channel).status == 200
    admin.get("/api/v1/users/self?as_user_id=999999")
    found = {event["event"]: event for event in events(school)}
    assert sorted(found) == ["address_added", "masquerade", "masquerade_refused"]
    assert events(school, "masquerade")[0]["count"] == 1
    for kind in ("masquerade", "address_added"):
        assert (found[kind]["actor_id"], found[kind]["real_actor_id"]) == (student, school.id("admin"))


def test_a_flood_of_failures_is_counted_and_does_not_fill_the_table_or_the_log(
    school: School, told: list[dict[str, Any]]
) -> None:
    for _ in range(100):
        school.with_token("wrong-token-0123456789").get("/api/v1/users/self")
    school.with_token("wrong-token-0123456789").get("/api/v1/users/self")
    found = events(school, "token_refused")
    # Two minutes at most: the clock may have turned.
    assert len(found) <= 2 * (security_events.ROWS_PER_ADDRESS + 1)
    assert sum(event["count"] for event in found) == 101
    assert len(list(told)) <= 2 * (security_events.ROWS_PER_ADDRESS + 8)


def test_a_flood_from_many_addresses_is_counted_too() -> None:
    rows: dict[Any, Any] = {}
    reports = Reports(lambda _write, key, row: rows.__setitem__(key, row))
    for number in range(5_000):
        origin = Origin(address=f"2001:db8:{number:x}::1")
        reports.add(security_events.Event("token_refused", origin, clock.real_now()))
    assert len(rows) <= 2 * (security_events.ROWS_PER_MINUTE + 1)
    assert sum(row["count"] for row in rows.values()) == 5_000


def test_neighbours_in_one_ipv6_network_are_one_address() -> None:
    rows: dict[Any, Any] = {}
    reports = Reports(lambda _write, key, row: rows.__setitem__(key, row))
    for number in range(100):
        reports.add(security_events.Event("denied", Origin(address=f"2001:db8::{number:x}"), clock.real_now()))
    assert len(rows) <= 2 * (security_events.ROWS_PER_ADDRESS + 1)


def test_events_are_filtered_and_paged(school: School) -> None:
    for who in ("student", "teacher", "student"):
        make_token(school, who)
    for kind, filters, count in (
        ("token_created", {}, 3),
        ("token_created", {"user_id": school.id("student")}, 2),
        ("token_created", {"actor_id": 10**13 + school.id("teacher")}, 1),
        ("token_created", {"address": "192.0.2.1"}, 0),
        ("token_created", {"address": "127.0.0.1"}, 3),
        ("token_deleted", {}, 0),
        ("token_created", {"start_time": "2020-01-01T00:00:00Z"}, 3),
        ("token_created", {"end_time": "2020-01-01T00:00:00Z"}, 0),
    ):
        assert len(events(school, kind, **filters)) == count, (kind, filters)
    one = events(school)[0]
    assert events(school, request_id=one["request_id"]) == [one]
    everything = school.as_("admin").pages(URL + "?per_page=2")
    assert [event["user_id"] for event in everything] == [school.id(w) for w in ("student", "teacher", "student")]


def test_an_event_that_there_is_not_is_refused(school: School) -> None:
    reply = school.as_("admin").get(URL + "?event[]=sign_in&event[]=sneeze")
    assert reply.status == 400
    assert reply.json["message"].startswith("There is no event 'sneeze'; there are sign_in,")


def test_events_are_forgotten_after_a_year_and_refusals_beyond_the_newest(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_events, "MOST_REFUSALS", 3)
    now = clock.real_now()

    def add(db: Any) -> None:
        rows = [("denied", 366), ("sign_in", 366), ("sign_in", 364), *[("denied", 10)] * 5, ("sign_in", 1)]
        for kind, days in rows:
            db.execute(insert(SecurityEvent).values(kind=kind, details="{}", created_at=now - timedelta(days=days)))

    school.write(add)
    jobs = Jobs(school.server.services.database, school.settings)
    assert "forget_old_security_events" in {call.job for call in jobs.due()}
    jobs.run_due()
    jobs.close()
    kept = school.read(lambda db: db.execute(select(SecurityEvent.c.kind).order_by(SecurityEvent.c.id)).scalars().all())
    assert kept == ["sign_in", "denied", "denied", "denied", "sign_in"]
    assert school.read(lambda db: db.execute(select(func.count()).select_from(SecurityEvent)).scalar()) == 5


def test_every_event_that_there_is_is_made_somewhere_and_stands_in_the_docs() -> None:
    code = "\n".join(file.read_text() for file in SOURCES.rglob("*.py") if file.name != "security_events.py")
    assert [kind for kind in KINDS if f'"{kind}"' not in code] == []
    page = (SOURCES.parents[1] / "docs" / "api" / "control.md").read_text()
    assert [kind for kind, said in KINDS.items() if f"| `{kind}` | {said} |" not in page] == []
    assert RECORDED
