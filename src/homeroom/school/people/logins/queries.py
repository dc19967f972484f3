"""Logins: find one, and list a person's (identity.md §6)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, as_it_is, by
from homeroom.school.people.logins.providers import CANVAS, provider_called
from homeroom.school.schema import (
    AuthenticationProvider,
    Login,
)
from homeroom.school.states import LoginState

COLUMNS = (
    Login.c.id,
    Login.c.user_id,
    Login.c.account_id,
    Login.c.unique_id,
    Login.c.unique_id_key,
    Login.c.sis_user_id,
    Login.c.integration_id,
    Login.c.authentication_provider_id,
    Login.c.provider_key,
    Login.c.declared_user_type,
    Login.c.stuck_sis_fields,
    Login.c.state,
    Login.c.created_at,
    AuthenticationProvider.c.auth_type.label("provider_type"),
)
_LOGINS: AnySelect = select(*COLUMNS).outerjoin(
    AuthenticationProvider, AuthenticationProvider.c.id == Login.c.authentication_provider_id
)


class ProviderRef(NamedTuple):
    """The provider of a login. ``key`` is 0 for Homeroom's own passwords, with or without a provider record."""

    id: int | None
    key: int


OWN_PASSWORDS = ProviderRef(None, 0)
# Whether the login has a password. A login of another provider has none, even if its row has a hash.
HAS_PASSWORD = and_(Login.c.state == LoginState.ACTIVE, Login.c.provider_key == 0, Login.c.password_hash.is_not(None))


def logins_of(user_id: int, account_id: int | None = None) -> Listing[AnyRow]:
    """The person's logins that are not deleted, those of the account when one is given."""
    rows = _LOGINS.where(Login.c.user_id == user_id, Login.c.state != LoginState.DELETED)
    if account_id is not None:
        rows = rows.where(Login.c.account_id == account_id)
    return Listing(rows, by(Login.c.id), as_it_is)


def find_login(db: Connection, form: IdForm, *, account_id: int | None = None, user_id: int | None = None) -> AnyRow:
    """The login of this account or person with this id, if it is not deleted. Raises NotFound."""
    rows = _LOGINS.where(Login.c.id == number_of(form), Login.c.state != LoginState.DELETED)
    if account_id is not None:
        rows = rows.where(Login.c.account_id == account_id)
    if user_id is not None:
        rows = rows.where(Login.c.user_id == user_id)
    row = db.execute(rows).first()
    if row is None:
        raise NotFound("login")
    return row


def find_password_login(db: Connection, form: IdForm, user_id: int) -> AnyRow:
    """The person's login with this id that a password opens, and its hash. Raises NotFound."""
    row = _password_login(db, number_of(form), user_id)
    if row is None:
        raise NotFound("login")
    return row


def find_own_password(db: Connection, login: AnyRow) -> AnyRow | None:
    """The login with its hash; None when no password opens it."""
    return _password_login(db, login.id, login.user_id)


def first_password_login(db: Connection, user_id: int) -> AnyRow | None:
    """The first login of the person that a password opens, and its hash."""
    rows = _LOGINS.add_columns(Login.c.password_hash).where(Login.c.user_id == user_id, HAS_PASSWORD)
    return db.execute(rows.order_by(Login.c.position, Login.c.id).limit(1)).first()


def _password_login(db: Connection, login_id: int, user_id: int) -> AnyRow | None:
    rows = _LOGINS.add_columns(Login.c.password_hash).where(Login.c.id == login_id, Login.c.user_id == user_id)
    return db.execute(rows.where(HAS_PASSWORD)).first()


def login_with_id(db: Connection, login_id: int) -> AnyRow:
    """The login, deleted or not."""
    return db.execute(_LOGINS.where(Login.c.id == login_id)).one()


def find_provider_ref(db: Connection, account_id: int, text: str | None) -> ProviderRef:
    """The account's provider with this number, or its first of this type; nothing given means passwords.

    Raises NotFound.
    """
    if not text:
        return OWN_PASSWORDS
    row = provider_called(db, account_id, text, (AuthenticationProvider.c.id, AuthenticationProvider.c.auth_type))
    return ProviderRef(row.id, 0 if row.auth_type == CANVAS else row.id)
