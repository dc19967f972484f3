"""The cast: the same few named people in every test. Everybody has a login and a token.

Root account "Homeroom" (id 1) with the sub-accounts Northern and Southern. Biology is in Northern; History in Southern.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from homeroom.db import digest_of, new_uuid
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.people import directory
from homeroom.school.people.names import names_on_create, search_key, sort_key
from homeroom.school.schema import (
    AccessToken,
    Account,
    AccountAdmin,
    CommunicationChannel,
    Course,
    CourseSection,
    DeveloperKey,
    Enrollment,
    EnrollmentTerm,
    Login,
    ObserverLink,
    Role,
    User,
)
from homeroom.school.seed.first_start import set_up

THEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
# argon2id of "correct horse", made with the cheapest cost, for tests that sign in.
PASSWORD = "correct horse"
_TIMES: dict[str, Any] = {"created_at": THEN, "updated_at": THEN}

# who -> name
PEOPLE = {
    "admin": "Ada Admin",
    "sub_admin": "Nora North",  # AccountAdmin of Northern
    "admin_of_another_school": "Sven South",  # AccountAdmin of Southern
    "narrow_admin": "Nick Narrow",  # a role at the root that has only read_roster
    "teacher": "Tina Teacher",  # Biology
    "other_teacher": "Theo Thompson",  # History
    "ta": "Tariq Aide",  # Biology
    "designer": "Dora Designer",  # Biology
    "student": "Stella Student",  # Biology
    "classmate": "Claude Mate",  # Biology
    "observer": "Olga Observer",  # of the student
    "outsider": "Otto Outsider",  # a login, and nothing else
}


def token_of(who: str) -> str:
    return f"token-of-{who}-0123456789"


def build(db: Connection) -> dict[str, int]:
    """Fill a fresh database; who or what -> id. Ids are the same in every run."""
    set_up(db, name="Homeroom", token=token_of("site_admin"), password="", password_hash=_cheap_hash())
    ids = {"site_admin": 1, "root": 1, "site_admin_account": 2, "default_term": 1}
    for name in ("Northern", "Southern"):
        ids[name.lower()] = _account(db, name)
    for who, name in PEOPLE.items():
        ids[who] = _person(db, who, name)
    roles = {name: _id(db, Role, name=name) for name in ("AccountAdmin", *ENROLLMENT_TYPES.values())}
    ids |= {f"role_{name}": role for name, role in roles.items()}
    narrow = _add(db, Role, account_id=1, name="Roster Reader", base_role_type="AccountMembership", state="active")
    ids["narrow_role"] = narrow
    _override(db, narrow, "read_roster")
    for who, account, role in (
        ("admin", 1, roles["AccountAdmin"]),
        ("sub_admin", ids["northern"], roles["AccountAdmin"]),
        ("admin_of_another_school", ids["southern"], roles["AccountAdmin"]),
        ("narrow_admin", 1, narrow),
    ):
        _add(db, AccountAdmin, account_id=account, user_id=ids[who], role_id=role, state="active")
    ids["biology"], ids["biology_section"] = _course(db, "Biology", "BIO 101", ids["northern"])
    ids["history"], ids["history_section"] = _course(db, "History", "HIS 101", ids["southern"])
    for who, kind, course in (
        ("teacher", "teacher", "biology"),
        ("ta", "ta", "biology"),
        ("designer", "designer", "biology"),
        ("student", "student", "biology"),
        ("classmate", "student", "biology"),
        ("other_teacher", "teacher", "history"),
    ):
        ids[f"enrollment_of_{who}"] = _enroll(db, ids, who, kind, course, roles)
    _add(db, ObserverLink, observer_id=ids["observer"], student_id=ids["student"], root_account_id=1, state="active")
    ids["enrollment_of_observer"] = _enroll(db, ids, "observer", "observer", "biology", roles, observing=ids["student"])
    people = [ids[who] for who in PEOPLE]
    directory.refresh(db, people)
    directory.associate(db, people)
    return ids


ENROLLMENT_TYPES = {
    "student": "StudentEnrollment",
    "teacher": "TeacherEnrollment",
    "ta": "TaEnrollment",
    "designer": "DesignerEnrollment",
    "observer": "ObserverEnrollment",
}


def _add(db: Connection, table: Any, **values: Any) -> int:
    key = db.execute(insert(table).values(**_TIMES, **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _id(db: Connection, table: Any, **values: Any) -> int:
    from sqlalchemy import select

    return int(db.execute(select(table.c.id).filter_by(**values)).scalar_one())


def _account(db: Connection, name: str) -> int:
    account = _add(
        db, Account, name=name, uuid=new_uuid(), lti_guid=new_uuid(), parent_account_id=1, root_account_id=1,
        ancestry="", state="active", sis_account_id=f"sis-{name.lower()}",
    )  # fmt: skip
    db.execute(Account.update().where(Account.c.id == account).values(ancestry=f"/1/{account}/"))
    return account


def _person(db: Connection, who: str, name: str) -> int:
    names = names_on_create(name, login_id=who)
    user = _add(
        db, User, uuid=new_uuid(), name=names.name, short_name=names.short_name, sortable_name=names.sortable_name,
        state="registered", calendar_code=new_uuid(),
    )  # fmt: skip
    _add(
        db, Login, user_id=user, account_id=1, unique_id=f"{who}@school.test",
        unique_id_key=search_key(f"{who}@school.test"),
        state="active", sis_user_id=f"sis-{who}", password_hash=_cheap_hash(),
    )  # fmt: skip
    address = f"{who}@school.test"
    _add(
        db,
        CommunicationChannel,
        user_id=user,
        type="email",
        address=address,
        address_key=address_key(address),
        state="active",
        trusted=True,
    )
    key = _id(db, DeveloperKey, is_default=True)
    token = token_of(who)
    _add(
        db,
        AccessToken,
        user_id=user,
        developer_key_id=key,
        digest=digest_of(token),
        hint=token[:5],
        purpose="test",
        state="active",
    )
    return user


def _course(db: Connection, name: str, code: str, account: int) -> tuple[int, int]:
    term = _id(db, EnrollmentTerm, is_default=True)
    course = _add(
        db, Course, account_id=account, root_account_id=1, enrollment_term_id=term, uuid=new_uuid(), name=name,
        sort_key=sort_key(name), course_code=code, state="available", sis_course_id=f"sis-{name.lower()}",
    )  # fmt: skip
    section = _add(db, CourseSection, course_id=course, root_account_id=1, name=name, is_default=True, state="active")
    return course, section


def _enroll(
    db: Connection,
    ids: dict[str, int],
    who: str,
    kind: str,
    course: str,
    roles: dict[str, int],
    observing: int | None = None,
) -> int:
    type_ = ENROLLMENT_TYPES[kind]
    return _add(
        db, Enrollment, user_id=ids[who], course_id=ids[course], course_section_id=ids[f"{course}_section"],
        root_account_id=1, type=type_, role_id=roles[type_], associated_user_id=observing,
        associated_key=observing or 0, follows_link=observing is not None, state="active", uuid=new_uuid(),
    )  # fmt: skip


def _override(db: Connection, role: int, permission: str) -> None:
    from homeroom.school.schema import RoleOverride

    _add(db, RoleOverride, account_id=1, role_id=role, permission=permission, enabled=True)


def _cheap_hash() -> str:
    from argon2 import PasswordHasher

    global _hash
    if not _hash:
        _hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    return _hash


_hash = ""
