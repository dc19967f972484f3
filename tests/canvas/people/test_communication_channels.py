"""Communication channels (identity.md §7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select, update
from tests.conftest import School
from tests.support.browser import browser_of
from tests.support.mails import link_in, mails_of
from tests.support.rights import deny
from tests.support.sign_in import SELF, settings_of

from homeroom.school.people.communication_channels import actions
from homeroom.school.schema import AttemptCount, CommunicationChannel, User

MINE = f"{SELF}/communication_channels"
BOUNCES = (
    "last_bounce_at",
    "last_bounce_summary",
    "last_suppression_bounce_at",
    "last_transient_bounce_at",
    "last_transient_bounce_summary",
)


def channels_of(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/communication_channels"


def add(school: School, address: str = "stella@home.test", who: str = "student", **more: Any) -> Any:
    reply = school.as_(who).post(MINE, {"communication_channel": {"address": address, **more}})
    assert reply.status == 200, reply.text
    return reply.json


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("observer", 403),
        ("classmate", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_see_add_and_delete_a_students_channels(school: School, who: str, status: int) -> None:
    them, channels = school.as_(who), channels_of(school, "student")
    first, second = add(school, "one@home.test"), add(school, "two@home.test")
    assert them.get(channels).status == status
    assert them.post(channels, {"communication_channel": {"address": "three@home.test"}}).status == status
    assert them.delete(f"{channels}/{first['id']}").status == status
    assert them.delete(f"{channels}/email/two@home.test").status == status
    assert school.read(lambda db: state_of(db, second["id"])) == ("retired" if status == 200 else "unconfirmed")


@pytest.mark.spec("identity.md#7")
def test_a_new_channel_waits_to_be_confirmed_by_a_link(school: School) -> None:
    channel = add(school, " Stella@Home.test ")
    assert channel == {
        "id": channel["id"],
        "created_at": channel["created_at"],
        "address": "Stella@Home.test",
        "type": "email",
        "position": 2,
        "user_id": school.id("student"),
        "workflow_state": "unconfirmed",
    }
    (mail,) = mails(school)
    assert (mail.recipient, mail.notification) == ("Stella@Home.test", "Confirm Email Communication Channel")
    assert "Confirm your address" in browser_of(school, "student").get(link_in(mail)).text


@pytest.mark.spec("identity.md#7")
def test_site_admins_see_what_bounced(school: School) -> None:
    (channel,) = school.as_("site_admin").get(channels_of(school, "student")).json
    bounces = dict.fromkeys(BOUNCES)
    (plain,) = school.as_("admin").get(channels_of(school, "student")).json
    assert channel == {**plain, **bounces}


@pytest.mark.spec("identity.md#7")
def test_channels_are_listed_by_position_without_retired_ones(school: School, queries_of: Callable[..., int]) -> None:
    made = [add(school, f"{name}@home.test")["id"] for name in ("b", "a", "c")]
    first = school.as_("student").get(MINE).json[0]["id"]
    school.as_("student").delete(f"{MINE}/{made[1]}")
    assert [channel["id"] for channel in school.as_("student").pages(f"{MINE}?per_page=1")] == [first, made[0], made[2]]
    # An administrator puts another address first; the rest keep their order.
    school.as_("admin").put(f"/api/v1/users/{school.id('student')}", {"user": {"email": "c@home.test"}})
    listed = school.as_("student").pages(f"{MINE}?per_page=1")
    assert [channel["id"] for channel in listed] == [made[2], first, made[0]]
    assert [channel["position"] for channel in listed] == sorted(channel["position"] for channel in listed)
    client = school.as_("student")
    assert queries_of(client.get, f"{MINE}?per_page=1") == queries_of(client.get, f"{MINE}?per_page=100")


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize(
    ("who", "whose", "state"),
    [
        ("student", "student", "unconfirmed"),
        ("teacher", "teacher", "unconfirmed"),
        ("sub_admin", "student", "unconfirmed"),
        ("admin", "student", "active"),
        ("site_admin", "student", "active"),
    ],
)
def test_only_admins_who_manage_students_skip_the_confirmation(
    school: School, who: str, whose: str, state: str
) -> None:
    form = {"communication_channel": {"address": "new@home.test"}, "skip_confirmation": "1"}
    reply = school.as_(who).post(channels_of(school, whose), form)
    assert (reply.status, reply.json["workflow_state"]) == (200, state)
    assert len(mails(school)) == (state == "unconfirmed")


@pytest.mark.spec("identity.md#7")
def test_an_admin_who_does_not_manage_students_skips_nothing(school: School) -> None:
    deny(school, "AccountAdmin", "manage_students")
    states = {}
    for who in ("admin", "site_admin"):
        form = {"communication_channel": {"address": f"by-{who}@home.test"}, "skip_confirmation": "1"}
        states[who] = school.as_(who).post(channels_of(school, "student"), form).json["workflow_state"]
    assert states == {"admin": "unconfirmed", "site_admin": "active"}


@pytest.mark.spec("identity.md#7")
def test_skipping_the_confirmation_registers_who_was_only_invited(school: School) -> None:
    student = school.id("student")
    school.write(lambda db: db.execute(update(User).where(User.c.id == student).values(state="pre_registered")))
    channels = channels_of(school, "student")
    school.as_("admin").post(channels, {"communication_channel": {"address": "one@home.test"}})
    assert (
        school.read(lambda db: db.execute(select(User.c.state).where(User.c.id == student)).scalar())
        == "pre_registered"
    )
    form = {"communication_channel": {"address": "two@home.test"}, "skip_confirmation": "true"}
    school.as_("admin").post(channels, form)
    assert school.read(lambda db: db.execute(select(User.c.state).where(User.c.id == student)).scalar()) == "registered"


@pytest.mark.spec("identity.md#7")
def test_a_live_address_is_taken_whatever_its_case_and_a_retired_one_comes_back(school: School) -> None:
    channel = add(school, "Stella@home.test")
    again = school.as_("student").post(MINE, {"communication_channel": {"address": "STELLA@HOME.TEST"}})
    fault = {"attribute": "path", "type": "taken", "message": "has already been taken"}
    assert (again.status, again.json) == (400, {"errors": {"path": [fault]}})
    school.as_("student").delete(f"{MINE}/{channel['id']}")
    revived = add(school, "STELLA@HOME.TEST")
    assert revived == {**channel, "address": "STELLA@HOME.TEST"}
    assert add(school, "Stella@home.test", "classmate")["id"] != channel["id"]
    assert len(mails(school)) == 3


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("state", ["active", "unconfirmed"])
def test_a_retired_channel_is_gone(school: School, state: str) -> None:
    channel = add(school)
    change = update(CommunicationChannel).where(CommunicationChannel.c.id == channel["id"]).values(state=state)
    school.write(lambda db: db.execute(change))
    gone = school.as_("student").delete(f"{MINE}/{channel['id']}")
    assert (gone.status, gone.json) == (200, {**channel, "workflow_state": "retired"})
    assert school.as_("student").delete(f"{MINE}/{channel['id']}").status == 404
    assert school.as_("student").delete(f"{MINE}/email/{channel['address']}").status == 404


def test_of_several_who_add_or_retire_an_address_at_once_one_does(school: School) -> None:
    form = {"communication_channel": {"address": "new@home.test"}}
    added = school.as_("student").at_once(*[lambda client: client.post(MINE, form)] * 4)
    assert sorted(reply.status for reply in added) == [200, 400, 400, 400]
    one = f"{MINE}/email/new@home.test"
    gone = school.as_("student").at_once(*[lambda client: client.delete(one)] * 4)
    assert sorted(reply.status for reply in gone) == [200, 404, 404, 404]


def test_the_link_of_a_retired_channel_confirms_nothing(school: School) -> None:
    channel = add(school)
    (mail,) = mails(school)
    school.as_("student").delete(f"{MINE}/{channel['id']}")
    assert browser_of(school, "student").get(link_in(mail)).status == 404


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize("address", ["stella@home.json", "o'stella+tag@home.test", "STELLA@HOME.JSON", "a/b@home.test"])
def test_a_channel_is_deleted_by_its_address(school: School, address: str) -> None:
    channel = add(school, address.lower())
    gone = school.as_("student").delete(f"{MINE}/email/{quote(address, safe='@')}")
    assert (gone.status, gone.json["id"], gone.json["workflow_state"]) == (200, channel["id"], "retired")


@pytest.mark.spec("identity.md#7")
def test_what_the_sis_gave_is_protected_while_the_account_says_so(school: School) -> None:
    channel = add(school)
    change = update(CommunicationChannel).where(CommunicationChannel.c.id == channel["id"]).values(made_by_sis=True)
    school.write(lambda db: db.execute(change))
    settings_of(school, edit_institution_email=False)
    for who in ("student", "admin"):
        assert school.as_(who).delete(f"{channels_of(school, 'student')}/{channel['id']}").status == 403
    settings_of(school, edit_institution_email=True)
    assert school.as_("student").delete(f"{MINE}/{channel['id']}").status == 200


@pytest.mark.spec("identity.md#7")
def test_push_is_not_configured_and_forgetting_a_device_always_works(school: School) -> None:
    push = {"communication_channel": {"type": "push", "token": "device"}}
    refused = school.as_("student").post(MINE, push)
    assert (refused.status, refused.json) == (400, {"message": "Push notifications are not configured."})
    channel = add(school)
    change = update(CommunicationChannel).where(CommunicationChannel.c.id == channel["id"])
    school.write(lambda db: db.execute(change.values(type="push", push_token="device")))
    for url in ("push_token=device", "push_token=other"):
        reply = school.as_("student").delete(f"{MINE}/push?{url}")
        assert (reply.status, reply.json) == (200, {"success": True})
    assert school.read(lambda db: state_of(db, channel["id"])) == "retired"
    assert school.as_("student").delete(f"{MINE}/push").json == {"errors": [{"message": "push_token is missing"}]}
    assert school.as_("anonymous").delete(f"{MINE}/push?push_token=x").status == 401


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize(
    ("fields", "attribute", "type"),
    [
        ({"address": ""}, "path", "blank"),
        ({"address": "no address"}, "path", "invalid"),
        ({"address": "a@b.test\r\nBcc: victim@home.test"}, "path", "invalid"),
        ({"address": "a@b.test,victim@home.test"}, "path", "invalid"),
        ({"address": "Stella <a@b.test>"}, "path", "invalid"),
        ({"address": "x" * 300 + "@b.test"}, "path", "invalid"),
        ({"address": "12", "type": "sms"}, "path", "invalid"),
        ({"address": "a@b.test", "type": "pigeon"}, "type", "inclusion"),
    ],
)
def test_what_is_no_address_is_refused_and_nothing_is_sent(
    school: School, fields: dict[str, str], attribute: str, type: str
) -> None:
    reply = school.as_("student").post(MINE, {"communication_channel": fields})
    assert (reply.status, reply.json["errors"][attribute][0]["type"]) == (400, type)
    assert len(school.as_("student").get(MINE).json) == 1
    assert mails(school) == []
    missing = school.as_("student").post(MINE)
    assert missing.json == {"errors": [{"message": "communication_channel is missing"}]}


def test_a_telephone_number_is_an_sms_channel(school: School) -> None:
    assert add(school, "+1 555 010 0199", type="sms")["type"] == "sms"
    assert mails(school) == []


def test_nobody_fills_the_mailboxes_of_others(school: School) -> None:
    for number in range(10):
        add(school, f"victim{number}@home.test")
    refused = school.as_("student").post(MINE, {"communication_channel": {"address": "victim11@home.test"}})
    assert (refused.status, refused.json) == (400, {"message": "Too many addresses were added; try again later."})
    assert len(mails(school)) == 10
    # The person's own count, and one for each address.
    assert school.read(lambda db: db.execute(select(func.count()).select_from(AttemptCount)).scalar()) == 11
    admins = school.as_("admin").post(
        channels_of(school, "student"), {"communication_channel": {"address": "a@b.test"}}
    )
    assert admins.status == 200


def test_there_is_a_most_that_a_person_can_have(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_CHANNELS", 2)
    add(school)
    assert school.as_("student").post(MINE, {"communication_channel": {"address": "b@home.test"}}).status == 400


def test_an_address_is_found_as_soon_as_it_is_added_and_no_longer_once_it_is_retired(school: School) -> None:
    search = "/api/v1/accounts/1/users?search_term=unusual-address"
    channel = add(school, "unusual-address@home.test")
    assert [user["id"] for user in school.as_("admin").get(search).json] == [school.id("student")]
    school.as_("student").delete(f"{MINE}/{channel['id']}")
    assert school.as_("admin").get(search).json == []


def mails(school: School) -> list[Any]:
    return list(mails_of(school))


def state_of(db: Any, channel_id: int) -> str:
    state = select(CommunicationChannel.c.state).where(CommunicationChannel.c.id == channel_id)
    return str(db.execute(state).scalar_one())
