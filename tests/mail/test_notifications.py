"""Mail about what happened follows the notification preferences (identity.md §7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from sqlalchemy import func, select, update
from tests.conftest import School
from tests.support.mails import mails_of
from tests.support.sign_in import SELF

from homeroom.school.people import account_notices
from homeroom.school.people.notifications.summaries import next_summary
from homeroom.school.schema import CommunicationChannel, MailMessage, User, WaitingNotice

CHANNELS = f"{SELF}/communication_channels"
MADE_ADMIN = "account_user_notification"
# A Wednesday; the school's time zone is UTC.
WEDNESDAY = "2026-02-04T10:00:00Z"


@pytest.fixture
def dev(school: School) -> School:
    school = school.with_settings(dev=True)
    set_clock(school, WEDNESDAY)
    return school


def set_clock(school: School, now: str) -> None:
    assert school.as_("site_admin").put("/homeroom/v1/clock", json={"now": now}).status == 200


def run_jobs(school: School) -> None:
    assert school.as_("site_admin").post("/homeroom/v1/jobs/run").status == 200


def make_admin(school: School, account: str = "northern", who: str = "outsider") -> None:
    """Something happens to the outsider that is worth a notification."""
    reply = school.as_("admin").post(f"/api/v1/accounts/{school.id(account)}/admins", {"user_id": school.id(who)})
    assert reply.status == 200


def choose(school: School, frequency: str, channel: str = "email/outsider@school.test", name: str = MADE_ADMIN) -> None:
    url = f"{CHANNELS}/{channel}/notification_preferences/{name}"
    assert school.as_("outsider").put(url, {"notification_preferences": {"frequency": frequency}}).status == 200


def add_channel(school: School, address: str, *, confirmed: bool) -> int:
    form = {"communication_channel": {"address": address}, "skip_confirmation": confirmed}
    reply = school.as_("admin").post(f"/api/v1/users/{school.id('outsider')}/communication_channels", form)
    return int(reply.json["id"])


def mails(school: School, *columns: Any) -> list[Any]:
    columns = columns or (MailMessage.c.recipient, MailMessage.c.notification, MailMessage.c.subject)
    others = ("Confirm Email Communication Channel", account_notices.KIND)
    rows = select(*columns).where(MailMessage.c.notification.not_in(others))
    return [tuple(row) for row in school.read(lambda db: db.execute(rows.order_by(MailMessage.c.id)).all())]


def waiting(school: School) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(WaitingNotice)).scalar_one()))


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize(
    ("frequency", "now", "later"), [("immediately", 1, 0), ("daily", 0, 1), ("weekly", 0, 1), ("never", 0, 0)]
)
def test_a_notification_comes_as_often_as_it_is_wanted(dev: School, frequency: str, now: int, later: int) -> None:
    choose(dev, frequency)
    make_admin(dev)
    assert (len(mails(dev)), waiting(dev)) == (now, later)


@pytest.mark.spec("identity.md#7")
@pytest.mark.parametrize(
    ("frequency", "before", "after"),
    [
        ("daily", "2026-02-04T17:59:00Z", "2026-02-04T18:00:01Z"),
        ("weekly", "2026-02-07T17:59:00Z", "2026-02-07T18:00:01Z"),
    ],
)
def test_what_waits_comes_in_one_summary(dev: School, frequency: str, before: str, after: str) -> None:
    choose(dev, frequency)
    make_admin(dev, "northern")
    make_admin(dev, "southern")
    set_clock(dev, before)
    run_jobs(dev)
    assert mails(dev) == []
    set_clock(dev, after)
    run_jobs(dev)
    assert mails(dev) == [("outsider@school.test", "Summaries", "What is new: 2 notices")]
    ((text, state),) = mails(dev, MailMessage.c.text_body, MailMessage.c.state)
    first, second = text.index("You are an admin of Northern"), text.index("You are an admin of Southern")
    assert first < second
    assert state == "kept", "There is no mail server, and the summary was tried."
    run_jobs(dev)
    assert (len(mails(dev)), waiting(dev)) == (1, 0)


@pytest.mark.spec("identity.md#7")
def test_a_summary_of_one_notice_is_that_notice(dev: School) -> None:
    choose(dev, "daily")
    make_admin(dev)
    set_clock(dev, "2026-02-04T19:00:00Z")
    run_jobs(dev)
    assert mails(dev) == [("outsider@school.test", "Summaries", "You are an admin of Northern")]


def test_a_summary_that_was_to_come_years_ahead_comes_when_the_clock_is_set_back(dev: School) -> None:
    choose(dev, "daily")
    set_clock(dev, "2031-02-04T10:00:00Z")
    make_admin(dev)
    run_jobs(dev)
    assert mails(dev) == []
    set_clock(dev, WEDNESDAY)
    run_jobs(dev)
    assert (len(mails(dev)), waiting(dev)) == (1, 0)


@pytest.mark.spec("identity.md#7")
def test_each_confirmed_address_has_its_own_choice(dev: School) -> None:
    add_channel(dev, "second@home.test", confirmed=True)
    add_channel(dev, "nobody-confirmed@home.test", confirmed=False)
    choose(dev, "never")
    make_admin(dev)
    assert [mail[0] for mail in mails(dev)] == ["second@home.test"]
    choose(dev, "daily", "email/second@home.test")
    choose(dev, "immediately")
    make_admin(dev, "southern")
    assert [mail[0] for mail in mails(dev)] == ["second@home.test", "outsider@school.test"]
    assert waiting(dev) == 1


def test_who_has_confirmed_no_address_is_told_at_the_first(dev: School) -> None:
    add_channel(dev, "second@home.test", confirmed=False)
    mine = CommunicationChannel.c.user_id == dev.id("outsider")
    dev.write(lambda db: db.execute(update(CommunicationChannel).where(mine).values(state="unconfirmed")))
    make_admin(dev)
    assert [mail[0] for mail in mails(dev)] == ["outsider@school.test"]


def test_a_retired_address_gets_nothing_not_even_what_waited(dev: School) -> None:
    add_channel(dev, "second@home.test", confirmed=True)
    choose(dev, "daily")
    choose(dev, "daily", "email/second@home.test")
    make_admin(dev)
    assert dev.as_("outsider").delete(f"{CHANNELS}/email/outsider@school.test").status == 200
    make_admin(dev, "southern")
    # It comes back, and what it was to get does not.
    add_channel(dev, "outsider@school.test", confirmed=True)
    assert waiting(dev) == 2
    set_clock(dev, "2026-02-04T19:00:00Z")
    run_jobs(dev)
    assert mails(dev) == [("second@home.test", "Summaries", "What is new: 2 notices")]
    assert waiting(dev) == 0


def test_what_waits_is_forgotten_once_it_is_not_wanted(dev: School) -> None:
    choose(dev, "daily")
    choose(dev, "daily", name="enrollment_notification")
    make_admin(dev)
    enroll(dev, notify=True)
    assert waiting(dev) == 2
    choose(dev, "never")
    assert waiting(dev) == 1
    assert dev.as_("admin").delete(f"/api/v1/accounts/1/users/{dev.id('outsider')}").status == 200
    assert waiting(dev) == 0


def test_the_hour_is_that_of_the_persons_own_day(dev: School) -> None:
    dev.as_("outsider").put(SELF, {"user": {"time_zone": "America/Denver"}})
    choose(dev, "daily")
    make_admin(dev)
    set_clock(dev, "2026-02-04T19:00:00Z")
    run_jobs(dev)
    assert mails(dev) == []
    set_clock(dev, "2026-02-05T01:00:01Z")
    run_jobs(dev)
    assert len(mails(dev)) == 1


@pytest.mark.parametrize(
    ("frequency", "now", "zone", "then"),
    [
        ("daily", "2026-02-04T18:00:00", "Etc/UTC", "2026-02-05T18:00:00"),
        ("weekly", "2026-02-07T18:00:00", "Etc/UTC", "2026-02-14T18:00:00"),
        ("weekly", "2026-02-08T00:00:00", "Etc/UTC", "2026-02-14T18:00:00"),
        # The clocks go forward that night: it is six in the evening all the same.
        ("daily", "2026-03-28T20:00:00", "Paris", "2026-03-29T16:00:00"),
        ("weekly", "2026-02-07T03:00:00", "Auckland", "2026-02-07T05:00:00"),
    ],
)
def test_summaries_go_out_at_six_and_on_saturdays(
    frequency: Literal["daily", "weekly"], now: str, zone: str, then: str
) -> None:
    at, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, then))
    assert next_summary(frequency, at, zone) == expected


def test_what_somebody_asked_for_is_sent_whatever_was_chosen(dev: School) -> None:
    for name in ("confirm_email_communication_channel", "forgot_password"):
        choose(dev, "never", name=name)
    dev.as_("outsider").post(CHANNELS, {"communication_channel": {"address": "new@home.test"}})
    dev.as_("admin").post("/api/v1/users/reset_password", {"email": "outsider@school.test"})
    assert [mail.recipient for mail in mails_of(dev)] == ["new@home.test", "outsider@school.test"]


def enroll(school: School, **more: Any) -> Any:
    form = {"user_id": school.id("outsider"), "enrollment_state": "active", **more}
    reply = school.as_("teacher").post(f"/api/v1/courses/{school.id('biology')}/enrollments", {"enrollment": form})
    assert reply.status == 200, reply.text
    return reply.json


@pytest.mark.spec("learning-resources.md#3")
@pytest.mark.parametrize(
    ("state", "name", "subject"),
    [
        ("active", "Enrollment Notification", "You are enrolled in Biology"),
        ("invited", "Enrollment Invitation", "You are invited to Biology"),
    ],
)
def test_who_is_enrolled_with_notify_is_told(dev: School, state: str, name: str, subject: str) -> None:
    enroll(dev, enrollment_state=state, notify=True, type="TaEnrollment")
    assert mails(dev) == [("outsider@school.test", name, subject)]
    ((text,),) = mails(dev, MailMessage.c.text_body)
    assert "Your role there is: TA." in text
    assert f"http://school.test/courses/{dev.id('biology')}" in text


@pytest.mark.spec("learning-resources.md#3")
def test_nobody_is_told_of_other_enrollments(dev: School) -> None:
    enroll(dev)
    enroll(dev, notify=False)
    enroll(dev, enrollment_state="inactive", notify=True)
    assert mails(dev) == []
    choose(dev, "never", name="enrollment_notification")
    enroll(dev, notify=True)
    assert mails(dev) == []


def test_who_has_not_finished_their_registration_is_sent_the_link(dev: School) -> None:
    made = dev.as_("admin").post("/api/v1/accounts/1/users", {"pseudonym": {"unique_id": "new@school.test"}}).json
    assert (
        dev.read(lambda db: db.execute(select(User.c.state).where(User.c.id == made["id"])).scalar())
        == "pre_registered"
    )
    enroll(dev, user_id=made["id"], notify=True)
    assert mails(dev) == [("new@school.test", "Enrollment Registration", "You are enrolled in Biology")]
    ((text,),) = mails(dev, MailMessage.c.text_body)
    link = next(line for line in text.splitlines() if "/register/" in line)
    assert dev.as_("anonymous").get(link).status == 200
