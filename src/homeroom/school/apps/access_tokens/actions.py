"""Making, changing, activating and deleting manual access tokens (identity.md §4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.json import decode, encode
from sqlalchemy import Connection, bindparam, func, insert, select, update

from homeroom import clock
from homeroom.db import digest_of, insert_returning_id, lock
from homeroom.db.types import AnyRow
from homeroom.school.apps.access_tokens.queries import HINT_LENGTH, manual_tokens
from homeroom.school.ground.errors import Fault, Invalid, NotAllowed, SchoolError
from homeroom.school.people.users.queries import hold_users
from homeroom.school.schema import (
    AccessToken,
    DeveloperKey,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.sign_in.credentials import new_token
from homeroom.school.states import TokenState

PURPOSE_LIMIT = 255


class CannotRegenerate(SchoolError):
    """An expired token cannot get a new secret without a new expiry."""

    message = "cannot regenerate an expired token without a new expiration date"


def make_token(
    db: Connection,
    user_id: int,
    *,
    purpose: str,
    expires_at: datetime | None,
    scopes: Sequence[str],
    active: bool,
    real_user_id: int | None,
    within: Collection[str] | None = None,
    most: int | None = None,
) -> tuple[int, str]:
    """Create a token of the person, pending unless ``active``. Returns its id and its text, which is not stored.

    ``within``: the scopes of the token that this call is made with, if it has limits. Raises NotAllowed when the new
    token could do more than that, Invalid, also for one more than ``most``, and NotFound for a deleted person.
    """
    hold_users(db, user_id, *filter(None, [real_user_id]))
    if most is not None:
        _require_room(db, user_id, most)
    now, token = clock.now(), new_token()
    key = db.execute(
        select(DeveloperKey.c.id, DeveloperKey.c.require_scopes, DeveloperKey.c.scopes).where(DeveloperKey.c.is_default)
    ).one()
    kept = _checked_scopes(key, scopes)
    if within is not None and not (key.require_scopes and set(scopes) <= set(within)):
        raise NotAllowed("scopes")
    values = {
        "user_id": user_id,
        "real_user_id": real_user_id,
        "developer_key_id": key.id,
        "purpose": _checked_purpose(purpose),
        "scopes": kept,
        "permanent_expires_at": expires_at,
        "state": TokenState.ACTIVE if active else TokenState.PENDING,
        "created_at": now,
        "updated_at": now,
    }
    token_id = insert_returning_id(db, insert(AccessToken).values(**values, **_secret(token)))
    record(db, "token_created", user_id=user_id, object=("access_token", token_id))
    return token_id, token


def keep_token(db: Connection, user_id: int, purpose: str, token: str) -> None:
    """Accept this text as a token of the person that never expires. Whoever starts the server has chosen it."""
    now = clock.now()
    key = db.execute(select(DeveloperKey.c.id).where(DeveloperKey.c.is_default)).scalar_one()
    row = insert(AccessToken).values(user_id=user_id, developer_key_id=key, purpose=purpose, state="active")
    db.execute(row.values(**_secret(token), created_at=now, updated_at=now))


def _require_room(db: Connection, user_id: int, most: int) -> None:
    lock(db, User, [user_id])
    if db.execute(select(func.count()).select_from(manual_tokens(user_id).rows.subquery())).scalar_one() >= most:
        raise Invalid(Fault("base", "too_many", f"There are too many access tokens (maximum is {most})"))


def change_token(
    db: Connection, token: AnyRow, changes: Mapping[str, Any], *, regenerate: bool, own: bool
) -> str | None:
    """Change ``purpose`` and ``permanent_expires_at``; with ``regenerate`` the old text dies and the new one returns.

    If somebody other than the owner sees the new text, the token is pending again. Raises
    CannotRegenerate.
    """
    values: dict[str, Any] = {**changes, "updated_at": clock.now()}
    if "purpose" in values:
        values["purpose"] = _checked_purpose(values["purpose"])
    text = None
    if regenerate and token.is_manual:
        if is_expired(values.get("permanent_expires_at", token.permanent_expires_at)):
            raise CannotRegenerate
        text = new_token()
        values |= _secret(text)
        if not own:
            values["state"] = TokenState.PENDING
    db.execute(
        update(AccessToken)
        .where(AccessToken.c.id == token.id, AccessToken.c.state != TokenState.DELETED)
        .values(**values)
    )
    record(db, "token_changed", user_id=token.user_id, object=("access_token", token.id), regenerated=text is not None)
    return text


def activate_token(db: Connection, token_id: int) -> None:
    """Activate a pending token; an active one stays as it is."""
    db.execute(
        update(AccessToken)
        .where(AccessToken.c.id == token_id, AccessToken.c.state == TokenState.PENDING)
        .values(state=TokenState.ACTIVE, updated_at=clock.now())
    )


def note_use_of_tokens(db: Connection, times: Mapping[int, datetime]) -> None:
    """Write when these tokens, by id, were last used."""
    db.execute(
        update(AccessToken).where(AccessToken.c.id == bindparam("token")).values(last_used_at=bindparam("at")),
        [{"token": token, "at": at} for token, at in times.items()],
    )


def is_expired(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= clock.now()


def _secret(token: str) -> dict[str, Any]:
    return {"digest": digest_of(token), "hint": token[:HINT_LENGTH]}


def _checked_purpose(purpose: str) -> str:
    if len(purpose) > PURPOSE_LIMIT:
        raise Invalid(Fault("purpose", "too_long", f"is too long (maximum is {PURPOSE_LIMIT} characters)"))
    return purpose


def _checked_scopes(key: AnyRow, scopes: Sequence[str]) -> str:
    """The scopes to store: none if the key does not require scopes, because then nothing limits the token."""
    if not key.require_scopes:
        return "[]"
    known: Collection[str] = decode(key.scopes, type=set[str])
    if any(scope not in known for scope in scopes):
        raise Invalid(Fault("scopes", "invalid", "requested scopes must match scopes on developer key"))
    return encode(list(dict.fromkeys(scopes))).decode()
