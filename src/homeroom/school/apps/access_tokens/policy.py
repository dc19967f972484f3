"""Rights on access tokens (identity.md §4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select

from homeroom import clock
from homeroom.school.ground.errors import Fault, Invalid, NotAllowed
from homeroom.school.people.users.queries import accounts_of
from homeroom.school.rights.actor import Actor, has_all_rights_of
from homeroom.school.rights.permissions import STUDENT
from homeroom.school.schema import (
    AccountAdmin,
    Enrollment,
)
from homeroom.school.sign_in.credentials import find_actor
from homeroom.school.states import EnrollmentState

CREATE = "create_access_tokens"
DELETE = "delete_access_tokens"
VIEW = "view_user_generated_access_tokens"
LONGEST_LIFE = timedelta(days=120)


def is_own(actor: Actor, user_id: int) -> bool:
    """Whether these are the actor's own tokens, without masquerading."""
    return actor.is_(user_id) and not actor.is_masquerading


def can_view(db: Connection, actor: Actor, user_id: int) -> bool:
    return actor.is_(user_id) or actor.holds_anywhere(VIEW, accounts_of(db, user_id))


def can_manage(db: Connection, actor: Actor, user_id: int, right: str) -> bool:
    """Whether the actor, or the person who acts as the user, has this right on the user and is not outranked."""
    if actor.is_(user_id):
        real = find_actor(db, actor.real_id)
        return real is not None and _outranks(db, real, user_id, right)
    return _outranks(db, actor, user_id, right)


def _outranks(db: Connection, actor: Actor, user_id: int, right: str) -> bool:
    # The maker of a token knows it, so it must not give more rights than the maker has.
    return actor.holds_anywhere(right, accounts_of(db, user_id)) and has_all_rights_of(db, actor, user_id)


def require_unlimited(actor: Actor) -> None:
    """Raise NotAllowed for a call with a limited token: what it renews or activates may have other limits, or none."""
    if actor.scopes is not None:
        raise NotAllowed(CREATE)


def require_create(db: Connection, actor: Actor, user_id: int) -> None:
    """Raise NotAllowed unless the actor may make and change tokens of the user."""
    if is_own(actor, user_id):
        if _is_limited(db, actor) and not actor.holds(CREATE, actor.root.ref):
            raise NotAllowed(CREATE)
    elif not can_manage(db, actor, user_id, CREATE):
        raise NotAllowed(CREATE)


def _is_limited(db: Connection, actor: Actor) -> bool:
    settings = actor.root.settings
    if settings.limit_personal_access_tokens:
        return True
    return settings.limit_personal_access_tokens_to_staff and is_only_student(db, actor.id)


def is_only_student(db: Connection, user_id: int) -> bool:
    """Whether the person is a student somewhere and has no other role."""
    mine = Enrollment.c.user_id == user_id, Enrollment.c.state == EnrollmentState.ACTIVE
    studies, works, administers = db.execute(
        select(
            exists().where(*mine, Enrollment.c.type == STUDENT),
            exists().where(*mine, Enrollment.c.type != STUDENT),
            exists().where(AccountAdmin.c.user_id == user_id, AccountAdmin.c.state == "active"),
        )
    ).one()
    return bool(studies and not works and not administers)


def require_expiry(db: Connection, actor: Actor, user_id: int, expires_at: datetime | None) -> None:
    """Raise Invalid for an expiry that is not allowed for a student's token while the setting requires one."""
    if not actor.root.settings.require_token_expiry or not is_only_student(db, user_id):
        return
    if expires_at is None:
        raise Invalid(Fault("expires_at", "blank", "Expiration date is required"))
    if expires_at > clock.now() + LONGEST_LIFE:
        raise Invalid(Fault("expires_at", "too_late", "Expiration date cannot be more than 120 days in the future"))
