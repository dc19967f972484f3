"""The school that the matrix walks through: the cast, and one of everything that an address can lead to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update
from tests.access.actors import Actor, actors_in
from tests.conftest import School
from tests.support.cast import PASSWORD
from tests.support.client import Client
from tests.support.logins import login_of, make
from tests.support.oauth import CALLBACK, App, make_app
from tests.support.settings import change_settings

from homeroom import clock
from homeroom.db import digest_of
from homeroom.school.schema import Course, DeveloperKey, MailMessage, PasswordReset, User

API = "/api/v1"
RESET = "a-secret-that-was-mailed-to-the-student-0123"


class Scene:
    """``names``: what stands in ``<brackets>`` in the table. ``restore`` puts the school back as it was."""

    def __init__(self, school: School) -> None:
        self.school = school
        app = make_app(school)
        self.names: dict[str, Any] = {**school.ids, "password": PASSWORD}
        _apps(school, app, self.names)
        _accounts(school, self.names)
        _courses(school, self.names)
        _people(school, self.names)
        _secrets(school, self.names)
        self.actors: dict[str, Actor] = actors_in(school, app.id)
        school.server.flush()
        file = school.settings.url.removeprefix("sqlite:///")
        self._live = sqlite3.connect(file, isolation_level=None)
        self._kept = sqlite3.connect(":memory:")
        self._live.backup(self._kept)

    def version(self) -> int:
        """Differs once the server has written something."""
        return int(self._live.execute("PRAGMA data_version").fetchone()[0])

    def restore(self, **settings: Any) -> None:
        """``settings`` of the root account may differ from row to row."""
        self._kept.backup(self._live)
        if settings:
            change_settings(self.school, **settings)

    def close(self) -> None:
        self._live.close()
        self._kept.close()
        clock.set_shift(clock.NO_SHIFT)


def _made(reply: Any) -> Any:
    assert reply.status in (200, 201), reply.text
    return reply.json


def _apps(school: School, app: App, names: dict[str, Any]) -> None:
    """Developer keys, tokens of the student, and a refresh token that an application has."""
    admin = school.as_("admin")
    names |= {"key": app.id, "key_secret": app.secret, "callback": CALLBACK}
    names["refresh_token"] = app.grant("student")["refresh_token"]
    names["spare_key"] = _made(admin.post(f"{API}/accounts/1/developer_keys", {"developer_key": {"name": "Spare"}}))[
        "id"
    ]
    own = _made(school.as_("student").post(f"{API}/users/self/tokens", {"token": {"purpose": "Sync"}}))
    pending = _made(admin.post(f"{API}/users/{school.id('student')}/tokens", {"token": {"purpose": "For her"}}))
    names |= {"token": own["id"], "pending_token": pending["id"]}
    allowed = update(DeveloperKey).where(DeveloperKey.c.is_default).values(pandata_app_keys='["APP"]')
    school.write(lambda db: db.execute(allowed))


def _accounts(school: School, names: dict[str, Any]) -> None:
    admin = school.as_("admin")
    northern = f"{API}/accounts/{school.id('northern')}"
    names["annex"] = _made(admin.post(f"{northern}/sub_accounts", {"account": {"name": "Annex"}}))["id"]
    names["role"] = _made(admin.post(f"{northern}/roles", {"label": "Librarian"}))["id"]
    names["retired_role"] = _made(admin.post(f"{northern}/roles", {"label": "Beadle"}))["id"]
    _made(admin.delete(f"{northern}/roles/{names['retired_role']}"))
    names["term"] = _made(admin.post(f"{API}/accounts/1/terms", {"enrollment_term": {"name": "Spring"}}))["id"]
    provider = {"auth_type": "cas", "auth_base": "https://cas.school.test"}
    for flag in (
        f"{northern}/features/flags/educator_dashboard",
        f"{API}/users/{school.id('student')}/features/flags/high_contrast",
    ):
        _made(admin.put(flag, {"state": "on"}))
    names["provider"] = _made(admin.post(f"{API}/accounts/1/authentication_providers", provider))["id"]


def _courses(school: School, names: dict[str, Any]) -> None:
    admin = school.as_("admin")
    biology = f"{API}/courses/{school.id('biology')}"
    for name in ("lab", "spare_section"):
        names[name] = _made(admin.post(f"{biology}/sections", {"course_section": {"name": name}}))["id"]
    _made(admin.post(f"{API}/sections/{_section(admin, biology, names)}/crosslist/{school.id('history')}"))
    for name, who, state in (("invitation", "student", "invited"), ("inactive_enrollment", "classmate", "inactive")):
        values = {"user_id": school.id(who), "type": "StudentEnrollment", "enrollment_state": state}
        values["course_section_id"] = names["lab"]
        names[name] = _made(admin.post(f"{biology}/enrollments", {"enrollment": values}))["id"]


def _section(admin: Client, course: str, names: dict[str, Any]) -> int:
    """A section that will be taught in another course."""
    made: int = _made(admin.post(f"{course}/sections", {"course_section": {"name": "crosslisted"}}))["id"]
    names["crosslisted_section"] = made
    return made


def _people(school: School, names: dict[str, Any]) -> None:
    """What the student has made, and an address and a login that she can spare."""
    student, site = school.as_("student"), school.as_("site_admin")
    biology = school.id("biology")
    names["bookmark"] = _made(student.post(f"{API}/users/self/bookmarks", {"name": "Map", "url": "/map"}))["id"]
    _made(student.put(f"{API}/users/self/course_nicknames/{biology}", {"nickname": "Bio"}))
    _made(student.post(f"{API}/users/self/favorites/courses/{biology}"))
    _made(student.put(f"{API}/users/self/colors/course_{biology}", {"hexcode": "abc123"}))
    _made(student.put(f"{API}/users/self/custom_data/app", {"ns": "test", "data": "x"}))
    names["login"] = login_of(school, "student")["id"]
    names["spare_login"] = make(school, "student")["id"]
    address = {"communication_channel": {"address": "spare@school.test"}, "skip_confirmation": True}
    channels = f"{API}/users/{school.id('student')}/communication_channels"
    names["spare_channel"] = _made(site.post(channels, address))["id"]
    names["channel"] = _made(student.get(channels))[0]["id"]
    unconfirmed = {"communication_channel": {"address": "new@school.test"}}
    names["new_channel"] = _made(student.post(channels, unconfirmed))["id"]
    newcomer = {"pseudonym": {"unique_id": "newcomer@school.test"}, "communication_channel": {"confirmation_url": True}}
    made = _made(site.post(f"{API}/accounts/1/users", newcomer))
    names["invitation_nonce"] = made["confirmation_url"].rpartition("/")[2]
    gone = _made(site.post(f"{API}/accounts/1/users", {"pseudonym": {"unique_id": "gone@school.test"}}))
    names["deleted_person"] = gone["id"]
    _made(site.delete(f"{API}/accounts/1/users/{gone['id']}"))
    names["grant"] = _made(student.get("/homeroom/v1/users/self/grants"))[0]["id"]


def _secrets(school: School, names: dict[str, Any]) -> None:
    """What is otherwise only in a mail or in an address that somebody was given."""

    def link(db: Connection) -> None:
        now = datetime.now(UTC)
        row = insert(PasswordReset).values(
            digest=digest_of(RESET), login_id=names["login"], created_at=now, expires_at=now + timedelta(hours=1)
        )
        db.execute(row)

    school.write(link)
    one: Callable[[Any], Any] = lambda query: school.read(lambda db: db.execute(query).scalars().first())  # noqa: E731
    names["reset_nonce"] = RESET
    names["calendar_code"] = one(select(User.c.calendar_code).where(User.c.id == school.id("student")))
    names["course_uuid"] = one(select(Course.c.uuid).where(Course.c.id == school.id("biology")))
    names["mail"] = one(select(MailMessage.c.id))
    session = _made(school.as_("student").get("/login/session_token"))["session_url"]
    names["session_token"] = session.rpartition("session_token=")[2]
