"""Access tokens: finding one by its number or hint, and a person's own ones (identity.md §4)."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import is_number, local_id
from homeroom.school.schema import AccessToken, DeveloperKey

HINT_LENGTH = 5
COLUMNS = (
    AccessToken.id,
    AccessToken.user_id,
    AccessToken.real_user_id,
    AccessToken.hint,
    AccessToken.scopes,
    AccessToken.purpose,
    AccessToken.state,
    AccessToken.remember_access,
    AccessToken.permanent_expires_at,
    AccessToken.last_used_at,
    AccessToken.created_at,
    AccessToken.updated_at,
    DeveloperKey.name.label("app_name"),
    DeveloperKey.is_default.label("is_manual"),
)
_TOKENS: AnySelect = select(*COLUMNS).join(DeveloperKey, DeveloperKey.id == AccessToken.developer_key_id)


def manual_tokens(user_id: int) -> AnySelect:
    """The tokens that this person, or an admin for them, made by hand."""
    return _TOKENS.where(AccessToken.user_id == user_id, AccessToken.state != "deleted", DeveloperKey.is_default)


def find_token(db: Connection, user_id: int, text: str) -> AnyRow:
    """This person's token with this number, or else with these first five characters. Raises NotFound."""
    which = []
    if is_number(text) and (token_id := local_id(text)) is not None:
        which.append(AccessToken.id == token_id)
    if len(text) == HINT_LENGTH:
        which.append(AccessToken.hint == text)
    if which:
        mine = _TOKENS.where(AccessToken.user_id == user_id, AccessToken.state != "deleted", or_(*which))
        # The number wins; of two tokens with the same beginning, the newer one.
        row = db.execute(mine.order_by(AccessToken.hint == text, AccessToken.id.desc()).limit(1)).first()
        if row is not None:
            return row
    raise NotFound("token")


def token_with_id(db: Connection, token_id: int) -> AnyRow:
    """The token, deleted or not."""
    return db.execute(_TOKENS.where(AccessToken.id == token_id)).one()
