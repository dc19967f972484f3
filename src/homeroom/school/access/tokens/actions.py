"""Making, changing, activating and deleting manual access tokens (identity.md §4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.json import decode, encode
from sqlalchemy import Connection, insert, select, update

from homeroom import clock
from homeroom.db import insert_returning_id
from homeroom.db.types import AnyRow
from homeroom.school.access.credentials import digest_of, new_token
from homeroom.school.access.tokens.queries import HINT_LENGTH
from homeroom.school.errors import Fault, Invalid, SchoolError
from homeroom.school.schema import AccessToken, DeveloperKey
from homeroom.school.security_events import record

PURPOSE_LIMIT = 255


class CannotRegenerate(SchoolError):
    """An expired token is given a new secret, and no new expiry with it."""

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
) -> tuple[int, str]:
    """A new token of the person, pending unless ``active``: its id, and its text, which is nowhere else."""
    now, token = clock.now(), new_token()
    key = db.execute(
        select(DeveloperKey.id, DeveloperKey.require_scopes, DeveloperKey.scopes).where(DeveloperKey.is_default)
    ).one()
    values = {
        "user_id": user_id,
        "real_user_id": real_user_id,
        "developer_key_id": key.id,
        "purpose": _checked_purpose(purpose),
        "scopes": _checked_scopes(key, scopes),
        "permanent_expires_at": expires_at,
        "state": "active" if active else "pending",
        "created_at": now,
        "updated_at": now,
    }
    token_id = insert_returning_id(db, insert(AccessToken).values(**values, **_secret(token)))
    record(db, "token_created", user_id=user_id, object=("access_token", token_id))
    return token_id, token


def change_token(
    db: Connection, token: AnyRow, changes: Mapping[str, Any], *, regenerate: bool, own: bool
) -> str | None:
    """Change ``purpose`` and ``permanent_expires_at``; with ``regenerate`` the old text dies and the new one returns.

    A new text that somebody else than the owner has seen waits for the owner, as a new token does. Raises
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
            values["state"] = "pending"
    db.execute(update(AccessToken).where(AccessToken.id == token.id, AccessToken.state != "deleted").values(**values))
    record(db, "token_changed", user_id=token.user_id, object=("access_token", token.id), regenerated=text is not None)
    return text


def activate_token(db: Connection, token_id: int) -> None:
    """Let a pending token authenticate from now on; one that does already stays as it is."""
    db.execute(
        update(AccessToken)
        .where(AccessToken.id == token_id, AccessToken.state == "pending")
        .values(state="active", updated_at=clock.now())
    )


def delete_token(db: Connection, token_id: int) -> None:
    """The token is never valid again."""
    db.execute(update(AccessToken).where(AccessToken.id == token_id).values(state="deleted", updated_at=clock.now()))
    record(db, "token_deleted", object=("access_token", token_id))


def is_expired(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= clock.now()


def _secret(token: str) -> dict[str, Any]:
    return {"digest": digest_of(token), "hint": token[:HINT_LENGTH]}


def _checked_purpose(purpose: str) -> str:
    if len(purpose) > PURPOSE_LIMIT:
        raise Invalid(Fault("purpose", "too_long", f"is too long (maximum is {PURPOSE_LIMIT} characters)"))
    return purpose


def _checked_scopes(key: AnyRow, scopes: Sequence[str]) -> str:
    """The scopes as they are kept: none while the key does not require them, for then nothing limits a token."""
    if not key.require_scopes:
        return "[]"
    known: Collection[str] = decode(key.scopes, type=set[str])
    if any(scope not in known for scope in scopes):
        raise Invalid(Fault("scopes", "invalid", "requested scopes must match scopes on developer key"))
    return encode(list(dict.fromkeys(scopes))).decode()
