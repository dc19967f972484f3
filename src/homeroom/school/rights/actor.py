"""The caller, and their rights.

Account rights come from account roles and are inherited down the account chain; course rights come from enrollments
and from the account rights of the course's accounts (identity.md §10). What the rights need is loaded in the statement
that authenticates; a course's rights take one more statement, once a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from homeroom.db import json_rows, one_of
from homeroom.db.prepared import Prepared
from homeroom.school.ground.errors import NotAllowed, NotSignedIn
from homeroom.school.rights import permissions
from homeroom.school.rights.account_roles import (
    OVERRIDE_COLUMNS,
    AccountRole,
    overrides_of,
    read_overrides,
    read_roles,
    roles_of,
)
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.enrollment_states import ENDED, FUTURE, STATE_NOW, with_dates
from homeroom.school.rights.role_overrides import Decision, Override, decide
from homeroom.school.rights.views_outside_dates import with_closed_views
from homeroom.school.schema import (
    Account,
    Course,
    Enrollment,
    RoleOverride,
)
from homeroom.school.states import EnrollmentState


class AccountRef(NamedTuple):
    """An account, as rights need it. ``chain`` goes from the account itself up to the root."""

    id: int
    chain: tuple[int, ...]


class CourseRef(NamedTuple):
    """A course, as rights need it. ``chain`` is that of its account."""

    id: int
    chain: tuple[int, ...]


def chain_of(ancestry: str) -> tuple[int, ...]:
    """``"/1/7/9/"`` -> ``(9, 7, 1)``."""
    return tuple(int(part) for part in reversed(ancestry.strip("/").split("/")))


class CourseRole(NamedTuple):
    """An enrollment of the actor. ``state`` is what it is worth now (see ``enrollment_states``), or RESTRICTED."""

    type: str
    role_id: int
    associated_user_id: int | None
    section_id: int
    limited_to_section: bool
    state: str
    stored_state: str

    @property
    def is_past(self) -> bool:
        """Whether the course is over for its holder, who may still look. Who never accepted an invitation may not."""
        return self.state in (EnrollmentState.COMPLETED, ENDED) and self.stored_state in (
            EnrollmentState.ACTIVE,
            EnrollmentState.COMPLETED,
        )

    @property
    def may_look(self) -> bool:
        """Whether its holder may look and change nothing: before and after the time of the course."""
        return self.is_past or (self.state == FUTURE and self.stored_state == EnrollmentState.ACTIVE)


@dataclass(slots=True)
class Root:
    """The root account that the call is about, with its settings."""

    id: int
    uuid: str
    name: str
    site_admin_account_id: int
    settings: AccountSettings

    @property
    def ref(self) -> AccountRef:
        return AccountRef(self.id, (self.id,))


@dataclass(slots=True)
class Actor:
    """A signed-in user, or nobody (``id`` is 0) on public routes."""

    root: Root
    id: int = 0
    name: str = ""
    uuid: str = ""
    state: str = ""
    time_zone: str | None = None
    locale: str | None = None
    # The user who acts as ``id``; the same one without masquerading.
    real_id: int = 0
    token_id: int | None = None
    developer_key_id: int | None = None
    session_id: int | None = None
    scopes: frozenset[str] | None = None
    allow_includes: bool = True
    last_used_at: datetime | None = None
    roles: Sequence[AccountRole] = ()
    overrides: Sequence[Override] = ()
    _decided: dict[tuple[str, int], bool] = field(default_factory=dict)
    _course_roles: dict[int, list[CourseRole]] = field(default_factory=dict)
    _course_overrides: dict[int, list[Override]] = field(default_factory=dict)

    @property
    def is_signed_in(self) -> bool:
        return self.id != 0

    @property
    def is_masquerading(self) -> bool:
        return self.real_id != self.id

    @property
    def is_site_admin(self) -> bool:
        return any(role.account_id == self.root.site_admin_account_id for role in self.roles)

    @property
    def is_admin(self) -> bool:
        """Whether the actor has any account role."""
        return bool(self.roles)

    def is_(self, user_id: int) -> bool:
        return self.id != 0 and self.id == user_id

    def has_role_in(self, account: AccountRef) -> bool:
        """Whether the actor is an admin of the account or of one above it."""
        chain = (*account.chain, self.root.site_admin_account_id)
        return any(role.account_id in chain for role in self.roles)

    def holds(self, permission: str, account: AccountRef) -> bool:
        """Whether the actor has the permission on the account, by a role there or above."""
        if not self.roles:
            return False
        key = permission, account.id
        if (known := self._decided.get(key)) is None:
            known = self._decided[key] = self._decide(permission, account)
        return known

    def holds_any(self, names: Iterable[str], account: AccountRef) -> bool:
        return any(self.holds(name, account) for name in names)

    def holds_anywhere(self, permission: str, accounts: Iterable[AccountRef]) -> bool:
        """Whether the actor has the permission in at least one of these accounts."""
        return bool(self.roles) and any(self.holds(permission, account) for account in accounts)

    def require(self, permission: str, account: AccountRef) -> None:
        """Raise NotAllowed unless the actor holds the permission on the account."""
        if not self.holds(permission, account):
            raise NotAllowed(permission)

    def require_signed_in(self) -> None:
        if not self.is_signed_in:
            raise NotSignedIn

    def course_roles(self, db: Connection, course: CourseRef) -> list[CourseRole]:
        """The actor's enrollments in the course that are not deleted; one statement, once a request."""
        self.load_courses(db, [course])
        return self._course_roles[course.id]

    def holds_in_course(self, db: Connection, permission: str, course: CourseRef) -> bool:
        """Whether the actor has the permission in the course, by an enrollment or by an account role above it."""
        if self.holds(permission, AccountRef(course.chain[0], course.chain)):
            return True
        if not self.is_signed_in:
            return False
        roles, chain = self.course_roles(db, course), self._up_to_the_top(course.chain)
        overrides = self._course_overrides[course.id]
        return any(
            _decided(role.type, role.role_id, permission, chain, overrides).here
            for role in roles
            if role.state == EnrollmentState.ACTIVE or (role.may_look and permission in permissions.TO_LOOK)
        )

    def require_in_course(self, db: Connection, permission: str, course: CourseRef) -> None:
        if not self.holds_in_course(db, permission, course):
            raise NotAllowed(permission)

    def _decide(self, permission: str, account: AccountRef) -> bool:
        site_admin = self.root.site_admin_account_id
        chain = self._up_to_the_top(account.chain)
        for role in self.roles:
            if role.account_id not in chain:
                continue
            # Overrides of accounts below the role's own account do not affect its holder: nobody is locked out from
            # below.
            above = chain[chain.index(role.account_id) :]
            at_site = role.account_id == site_admin
            word = _decided(role.base_role, role.role_id, permission, above, self.overrides, in_site_admin=at_site)
            if word.here if role.account_id == account.id else word.below:
                return True
        return False

    def _up_to_the_top(self, chain: Sequence[int]) -> Sequence[int]:
        """The chain with the site-admin account, which is above every root account."""
        site_admin = self.root.site_admin_account_id
        return chain if site_admin in chain else (*chain, site_admin)

    def load_courses(self, db: Connection, courses: Iterable[CourseRef]) -> None:
        """Load the rights in these courses at once, so that checking each needs no statement."""
        unknown = {course.id: course for course in courses if course.id not in self._course_roles}
        if not unknown:
            return
        for course_id in unknown:
            self._course_roles[course_id], self._course_overrides[course_id] = [], []
        accounts = {account for course in unknown.values() for account in self._up_to_the_top(course.chain)}
        if self.is_signed_in:
            self._load_courses(db, list(unknown), accounts)
            loaded = {course_id: self._course_roles[course_id] for course_id in unknown}
            chains = {course_id: course.chain for course_id, course in unknown.items()}
            self._course_roles.update(with_closed_views(db, loaded, chains))

    def _load_courses(self, db: Connection, course_ids: list[int], accounts: set[int]) -> None:
        rows = _COURSE_ROLES.all(db, user_id=self.id, course_ids=course_ids, accounts=accounts)
        for course_id, *role, said in rows:
            if not self._course_roles[course_id]:
                self._course_overrides[course_id] = read_overrides(said)
            self._course_roles[course_id].append(CourseRole(*role))


_enrollments = Enrollment.c
_MINE = (
    _enrollments.user_id == bindparam("user_id"),
    one_of(_enrollments.course_id, "course_ids"),
    _enrollments.state != EnrollmentState.DELETED,
)
_WORDS = select(json_rows(*OVERRIDE_COLUMNS)).where(
    RoleOverride.c.role_id.in_(select(_enrollments.role_id).where(*_MINE)),
    one_of(RoleOverride.c.account_id, "accounts"),
)
_COURSE_ROLES = Prepared(
    with_dates(
        select(
            _enrollments.course_id,
            _enrollments.type,
            _enrollments.role_id,
            _enrollments.associated_user_id,
            _enrollments.course_section_id,
            _enrollments.limit_privileges_to_course_section,
            STATE_NOW.label("state_now"),
            _enrollments.state,
            _WORDS.scalar_subquery().label("overrides"),
        ).join(Course, Course.c.id == _enrollments.course_id)
    ).where(*_MINE)
)


def has_all_rights_of(db: Connection, actor: Actor, other: Actor | int) -> bool:
    """Whether the actor has at least every account right that the other has (users-core.md §1.2)."""
    if isinstance(other, int):
        other = _rights_of(db, actor.root, other)
    if not other.roles or other.id == actor.id:
        return True
    accounts = {role.account_id for role in other.roles}
    rows = db.execute(select(Account.c.id, Account.c.ancestry).where(Account.c.id.in_(accounts)))
    return all(
        actor.holds(permission, place)
        for account in (AccountRef(row.id, chain_of(row.ancestry)) for row in rows)
        for place in (account, below_account(account))
        for permission in permissions.PERMISSIONS
        if other.holds(permission, place)
    )


def has_all_rights_of_roles(db: Connection, actor: Actor, roles: Sequence[AccountRole]) -> bool:
    """Whether the actor has every right that these roles give in their accounts and below."""
    said = select(*OVERRIDE_COLUMNS).where(RoleOverride.c.role_id.in_({role.role_id for role in roles}))
    overrides = [Override(*row) for row in db.execute(said)]
    return has_all_rights_of(db, actor, Actor(actor.root, id=-1, roles=roles, overrides=overrides))


def below_account(account: AccountRef) -> AccountRef:
    """Any account below this one that says nothing: a role may hold a right only there."""
    return AccountRef(-account.id, (-account.id, *account.chain))


def _rights_of(db: Connection, root: Root, user_id: int) -> Actor:
    row = _RIGHTS.first(db, user_id=user_id)
    return Actor(
        root, id=user_id, real_id=user_id, roles=read_roles(row.roles), overrides=read_overrides(row.overrides)
    )


_whose = bindparam("user_id", type_=_enrollments.user_id.type)
_RIGHTS = Prepared(select(roles_of(_whose).label("roles"), overrides_of(_whose).label("overrides")))


def _decided(
    base_role: str,
    role_id: int,
    permission: str,
    chain: Sequence[int],
    overrides: Sequence[Override],
    *,
    in_site_admin: bool = False,
) -> Decision:
    said = [override for override in overrides if override.role_id == role_id and override.permission == permission]
    return decide(base_role, permission, chain, said, in_site_admin=in_site_admin)
