"""Calendar feeds: a secret address, and text that calendar programs read (homeroom.md §4)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from tests.conftest import School

from homeroom.school.schema import User
from homeroom.web.icalendar import calendar_text


def feed_of(school: School, who: str) -> str:
    code = school.read(
        lambda db: db.execute(select(User.c.calendar_code).where(User.c.id == school.id(who))).scalar_one()
    )
    return f"/feeds/calendars/user_{code}.ics"


@pytest.mark.spec("homeroom.md#4")
def test_whoever_knows_the_secret_address_reads_the_calendar(school: School) -> None:
    reply = school.as_("anonymous").get(feed_of(school, "student"))
    assert (reply.status, reply.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert reply.headers["cache-control"] == "private, no-cache"
    lines = reply.body.decode().split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert "X-WR-CALNAME:Stella Student Calendar" in lines
    assert lines[-2:] == ["END:VCALENDAR", ""]


@pytest.mark.parametrize(
    "feed", ["user_{id}.ics", "user_.ics", "{code}.ics", "user_{code}", "user_{code}.ics2", "x.ics"]
)
def test_without_the_code_there_is_no_calendar(school: School, feed: str) -> None:
    code = feed_of(school, "student").removeprefix("/feeds/calendars/user_").removesuffix(".ics")
    reply = school.as_("student").get("/feeds/calendars/" + feed.format(id=school.id("student"), code=code))
    assert reply.status == 404


def test_a_deleted_person_has_no_calendar(school: School) -> None:
    url = feed_of(school, "student")
    school.write(lambda db: db.execute(update(User).where(User.c.id == school.id("student")).values(state="deleted")))
    assert school.as_("anonymous").get(url).status == 404


@given(st.text())
def test_any_name_makes_a_calendar_that_can_be_read_back(name: str) -> None:
    text = calendar_text(name)
    assert text.endswith(b"\r\n")
    physical = text.split(b"\r\n")
    assert all(len(line) <= 75 for line in physical)
    for line in physical:
        line.decode()  # no character is cut in two
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", text)
    lines = text.decode().replace("\r\n ", "").split("\r\n")
    shown = [line for line in lines if line.startswith("X-WR-CALNAME:")]
    assert len(shown) == 1
    assert _read(shown[0].removeprefix("X-WR-CALNAME:")) == _plain(name)
    begun = [line for line in lines if line.startswith("BEGIN:")]
    assert begun == ["BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", "BEGIN:STANDARD"]


def _read(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def _plain(name: str) -> str:
    name = name.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", "", name)
