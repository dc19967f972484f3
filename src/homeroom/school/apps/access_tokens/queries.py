"""Access tokens: finding one by its number or hint, and a person's own ones (identity.md §4)."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import number_in
from homeroom.school.ground.listing import Listing, as_it_is, by
from homeroom.school.schema import (
    AccessToken,
    DeveloperKey,
)
from homeroom.school.states import TokenState

HINT_LENGTH = 5
COLUMNS = (
    AccessToken.c.id,
    AccessToken.c.user_id,
    AccessToken.c.real_user_id,
    AccessToken.c.hint,
    AccessToken.c.scopes,
    AccessToken.c.purpose,
    AccessToken.c.state,
    AccessToken.c.remember_access,
    AccessToken.c.permanent_expires_at,
    AccessToken.c.last_used_at,
    AccessToken.c.created_at,
    AccessToken.c.updated_at,
    DeveloperKey.c.name.label("app_name"),
    DeveloperKey.c.is_default.label("is_manual"),
)
_TOKENS: AnySelect = select(*COLUMNS).join(DeveloperKey, DeveloperKey.c.id == AccessToken.c.developer_key_id)


def manual_tokens(user_id: int) -> Listing[AnyRow]:
    """The tokens that this person, or an admin for them, made by hand, the oldest first."""
    rows = _TOKENS.where(
        AccessToken.c.user_id == user_id, AccessToken.c.state != TokenState.DELETED, DeveloperKey.c.is_default
    )
    return Listing(rows, by(AccessToken.c.id), as_it_is)


def find_token(db: Connection, user_id: int, text: str) -> AnyRow:
    """This person's token with this number, or else with these first five characters. Raises NotFound."""
    which = []
    if token_id := number_in(text):
        which.append(AccessToken.c.id == token_id)
    if len(text) == HINT_LENGTH:
        which.append(AccessToken.c.hint == text)
    if which:
        mine = _TOKENS.where(AccessToken.c.user_id == user_id, AccessToken.c.state != TokenState.DELETED, or_(*which))
        # The number wins; of two tokens with the same beginning, the newer one.
        row = db.execute(mine.order_by(AccessToken.c.hint == text, AccessToken.c.id.desc()).limit(1)).first()
        if row is not None:
            return row
    raise NotFound("token")


def token_with_id(db: Connection, token_id: int) -> AnyRow:
    """The token, deleted or not."""
    return db.execute(_TOKENS.where(AccessToken.c.id == token_id)).one()
