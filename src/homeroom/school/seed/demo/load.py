"""Fills a school with the demo people, their courses and their activity. Set-based, so it is fast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from homeroom import clock
from homeroom.db import Database, digest_of, new_uuid
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.ground.system_facts import find_fact, keep_fact
from homeroom.school.people import directory
from homeroom.school.people.names import names_on_create, search_key, sort_key
from homeroom.school.people.passwords import hash_password
from homeroom.school.rights import permissions
from homeroom.school.schema import (
    AccessToken,
    Account,
    AccountAdmin,
    CommunicationChannel,
    Course,
    CourseNickname,
    CourseSection,
    CustomColor,
    DashboardPosition,
    DeveloperKey,
    Enrollment,
    EnrollmentTerm,
    Login,
    ObserverLink,
    Role,
    User,
)
from homeroom.school.seed.demo import people as cast
from homeroom.school.seed.demo.people import Course as DemoCourse
from homeroom.school.seed.demo.people import Pupil
from homeroom.school.states import ChannelState, LoginState, TokenState, UserState

# Everybody's password. The demo school is for trying things out, and every start says so.
PASSWORD = "homeroom-demo"
DOMAIN = "demo.homeroom.example"
# The row that says that the demo school is here, and whether its tokens and passwords still work.
FACT, LOADED, RETIRED = "demo_school", "1", "retired"
_TRY = ("rosalind", "amara", "stella")
_EVERYBODY = (*cast.ADMINS, *cast.TEACHERS, *cast.ASSISTANTS, *cast.STUDENTS, *cast.OBSERVERS)


class DemoPerson(NamedTuple):
    """A person to try the server with."""

    role: str
    name: str
    login: str
    password: str
    token: str


def people_to_try() -> list[DemoPerson]:
    """An admin, a teacher and a student of the demo school, with their credentials."""
    names = {pupil.login: pupil.name for pupil in _EVERYBODY}
    roles = dict(zip(_TRY, ("admin", "teacher", "student"), strict=True))
    return [DemoPerson(roles[login], names[login], f"{login}@{DOMAIN}", PASSWORD, token_of(login)) for login in _TRY]


def token_of(login: str) -> str:
    """A demo person's token: fixed, so that commands can be pasted again tomorrow."""
    return f"demo-token-of-{login}-{'0' * (24 - len(login))}"


def everybodys_tokens() -> list[str]:
    """Every token that a demo school was ever made with."""
    return [token_of(login) for login in _TRY]


def is_loaded(db: Connection) -> bool:
    return find_fact(db, FACT) is not None


def load(database: Database) -> int:
    """Add the demo school to a set-up school. Returns the number of people added, 0 if it was there already."""
    with database.read() as db:
        if is_loaded(db):
            return 0
    # One hash for everybody, made before the transaction, because hashing is slow.
    password_hash = hash_password(PASSWORD)
    with database.write() as db:
        return 0 if is_loaded(db) else _fill(db, password_hash)


def _fill(db: Connection, password_hash: str) -> int:
    now = clock.now()
    root = db.execute(
        select(Account.c.id).where(Account.c.parent_account_id.is_(None), ~Account.c.is_site_admin)
    ).scalar_one()
    scene = _Scene(db, root, now)
    scene.add_accounts()
    scene.add_people(password_hash)
    scene.add_admins()
    scene.add_courses()
    scene.add_enrollments()
    scene.add_preferences()
    keep_fact(db, FACT, LOADED)
    directory.refresh(db, scene.users.values())
    directory.associate(db, scene.users.values())
    return len(scene.users)


class _Scene:
    """The records added so far: names -> ids."""

    def __init__(self, db: Connection, root: int, now: datetime) -> None:
        self.db = db
        self.root = root
        self.now = now
        self.accounts: dict[str, int] = {}
        self.users: dict[str, int] = {}
        self.courses: dict[str, int] = {}
        self.roles = {
            row.name: row.id
            for row in db.execute(
                select(Role.c.id, Role.c.name).where(Role.c.account_id == root, Role.c.state == "built_in")
            )
        }

    def add_accounts(self) -> None:
        rows = [
            {
                "name": name, "uuid": new_uuid(), "lti_guid": new_uuid(), "parent_account_id": self.root,
                "root_account_id": self.root, "ancestry": "", "state": "active",
                "sis_account_id": name.lower().replace(" ", "-"),
            }
            for name in cast.SUB_ACCOUNTS
        ]  # fmt: skip
        self.accounts = self._insert(Account, rows, Account.c.name)
        table: Any = Account
        for account in self.accounts.values():
            self.db.execute(table.update().where(table.c.id == account).values(ancestry=f"/{self.root}/{account}/"))

    def add_people(self, password_hash: str) -> None:
        by_uuid = {new_uuid(): pupil for pupil in _EVERYBODY}
        ids = self._insert(User, [_user_row(pupil, uuid) for uuid, pupil in by_uuid.items()], User.c.uuid)
        self.users = {pupil.login: ids[uuid] for uuid, pupil in by_uuid.items()}
        logins, channels, tokens = [], [], []
        key = self.db.execute(select(DeveloperKey.c.id).where(DeveloperKey.c.is_default)).scalar_one()
        for number, (login, user) in enumerate(self.users.items(), 1):
            address = f"{login}@{DOMAIN}"
            seen = self.now - timedelta(hours=7 * number) if number % 3 else None
            logins.append(
                {
                    "user_id": user, "account_id": self.root, "unique_id": address,
                    "unique_id_key": search_key(address),
                    "password_hash": password_hash, "sis_user_id": f"D{number:04d}", "state": LoginState.ACTIVE,
                    "current_login_at": seen, "login_count": number if seen else 0,
                }
            )  # fmt: skip
            channels.append(
                {
                    "user_id": user, "type": "email", "address": address, "address_key": address_key(address),
                    "state": ChannelState.ACTIVE, "trusted": True,
                }
            )  # fmt: skip
            if login in _TRY:
                token = token_of(login)
                tokens.append(
                    {
                        "user_id": user, "developer_key_id": key, "digest": digest_of(token), "hint": token[:5],
                        "purpose": "Demo", "state": TokenState.ACTIVE,
                    }
                )  # fmt: skip
        for table, rows in ((Login, logins), (CommunicationChannel, channels), (AccessToken, tokens)):
            self._insert(table, rows)

    def add_admins(self) -> None:
        where = {"rosalind": self.root, "henrik": self.accounts["Lower School"]}
        self._insert(
            AccountAdmin,
            [
                {
                    "account_id": account,
                    "user_id": self.users[login],
                    "role_id": self.roles[permissions.ADMIN],
                    "state": "active",
                }
                for login, account in where.items()
            ],
        )  # fmt: skip

    def add_courses(self) -> None:
        term = self.db.execute(select(EnrollmentTerm.c.id).where(EnrollmentTerm.c.is_default)).scalar_one()
        self.courses = self._insert(
            Course,
            [
                {
                    "account_id": self.accounts[course.account], "root_account_id": self.root,
                    "enrollment_term_id": term,
                    "uuid": new_uuid(), "name": course.name,
                    "sort_key": sort_key(course.name), "course_code": course.code,
                    "state": course.state, "sis_course_id": course.code.replace(" ", "-"),
                    "start_at": self.now - timedelta(days=60), "end_at": self.now + timedelta(days=120),
                }
                for course in cast.COURSES
            ],
            Course.c.course_code,
        )  # fmt: skip

    def add_enrollments(self) -> None:
        rows: list[dict[str, Any]] = []
        for course in cast.COURSES:
            sections = self._add_sections(course)
            enroll = self._enroller(rows, self.courses[course.code])
            enroll(course.teacher, permissions.TEACHER, sections[0])
            if course.assistant:
                enroll(course.assistant, permissions.TA, sections[-1])
            students = [pupil.login for pupil in cast.STUDENTS[course.start :: course.every]]
            for place, student in enumerate(students):
                enroll(student, permissions.STUDENT, sections[place % len(sections)])
            for observer, student in cast.OBSERVES.items():
                if student in students:
                    section = sections[students.index(student) % len(sections)]
                    enroll(observer, permissions.OBSERVER, section, self.users[student])
        self._insert(Enrollment, rows)
        self._insert(
            ObserverLink,
            [
                {
                    "observer_id": self.users[o],
                    "student_id": self.users[s],
                    "root_account_id": self.root,
                    "state": "active",
                }
                for o, s in cast.OBSERVES.items()
            ],
        )

    def add_preferences(self) -> None:
        ids = self.courses
        self._insert(
            CourseNickname,
            [
                {"user_id": self.users[login], "course_id": ids[code], "nickname": name}
                for login, names in cast.NICKNAMES.items()
                for code, name in names.items()
            ],
        )
        self.db.execute(
            insert(CustomColor),
            [
                {"user_id": self.users[login], "asset_string": f"course_{ids[code]}", "hexcode": color}
                for login, colors in cast.COLORS.items()
                for code, color in colors.items()
            ],
        )
        self.db.execute(
            insert(DashboardPosition),
            [
                {"user_id": self.users[login], "asset_string": f"course_{ids[code]}", "position": str(place)}
                for login, codes in cast.POSITIONS.items()
                for place, code in enumerate(codes, 1)
            ],
        )

    def _add_sections(self, course: DemoCourse) -> list[int]:
        found = self._insert(
            CourseSection,
            [
                {
                    "course_id": self.courses[course.code], "root_account_id": self.root, "name": name,
                    "is_default": place == 0, "state": "active",
                    "sis_section_id": f"{course.code.replace(' ', '-')}-{place + 1}",
                }
                for place, name in enumerate(course.sections)
            ],
            CourseSection.c.sis_section_id,
        )  # fmt: skip
        return [found[key] for key in sorted(found)]

    def _enroller(self, rows: list[dict[str, Any]], course: int) -> Callable[..., None]:
        def enroll(login: str, type_: str, section: int, observing: int | None = None) -> None:
            rows.append(
                {
                    "user_id": self.users[login], "course_id": course, "course_section_id": section,
                    "root_account_id": self.root, "type": type_, "role_id": self.roles[type_],
                    "associated_user_id": observing, "associated_key": observing or 0, "state": "active",
                    "follows_link": observing is not None,
                    "uuid": new_uuid(),
                    "last_activity_at": self.now - timedelta(hours=len(rows)) if type_ == permissions.STUDENT else None,
                }
            )  # fmt: skip

        return enroll

    def _insert(self, table: Any, rows: list[dict[str, Any]], key: Any = None) -> dict[Any, int]:
        """Insert with the times set; with a key column, the ids by its value."""
        times = {"created_at": self.now} | ({"updated_at": self.now} if "updated_at" in table.c else {})
        self.db.execute(insert(table), [{**times, **row} for row in rows])
        if key is None:
            return {}
        found = self.db.execute(select(key, table.c.id).where(key.in_([row[key.key] for row in rows])))
        return {row[0]: row[1] for row in found}


def _user_row(pupil: Pupil, uuid: str) -> dict[str, Any]:
    names = names_on_create(pupil.name, login_id=pupil.login)
    return {
        "uuid": uuid,
        "name": names.name,
        "short_name": names.short_name,
        "sortable_name": names.sortable_name,
        "state": UserState.REGISTERED,
        "pronouns": pupil.pronouns,
        "time_zone": pupil.time_zone,
        "locale": pupil.locale,
        "calendar_code": new_uuid(),
    }
