"""Calendar feeds, at the addresses that profiles hand out (homeroom.md §4)."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from homeroom.school.courses.courses.queries import find_calendar_name
from homeroom.school.ground.errors import NotFound
from homeroom.school.people import calendar_feeds
from homeroom.web.icalendar import CONTENT_TYPE, calendar_text
from homeroom.wire.http.answers import Answer
from homeroom.wire.routing.routes import PUBLIC, Routes

route = Routes()

_FEED = re.compile(r"(user|course)_(\w{1,64})\.ics", re.ASCII)


@route.get("/feeds/calendars/:feed", right=PUBLIC, scope=False)
def show_calendar_feed(feed: str, db: Connection) -> Answer:
    """A person's or a course's calendar. Calendar programs cannot sign in: the code in the address is the key."""
    match = _FEED.fullmatch(feed)
    if match is None:
        raise NotFound("calendar")
    kind, code = match.groups()
    name = calendar_feeds.find_owner(db, code).name if kind == "user" else find_calendar_name(db, code)
    text = calendar_text(f"{name} Calendar")
    headers = [("Cache-Control", "private, no-cache")]
    return Answer(200, text, headers, content_type=CONTENT_TYPE)
