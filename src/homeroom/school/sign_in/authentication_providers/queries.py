"""Authentication providers: finding one, and an account's list (homeroom.md §3)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import is_number, number_in
from homeroom.school.schema import AuthenticationProvider

CANVAS = "canvas"
OPENID = "openid_connect"
COLUMNS = (
    AuthenticationProvider.c.id,
    AuthenticationProvider.c.account_id,
    AuthenticationProvider.c.auth_type,
    AuthenticationProvider.c.position,
    AuthenticationProvider.c.jit_provisioning,
    AuthenticationProvider.c.login_attribute,
    AuthenticationProvider.c.settings,
    AuthenticationProvider.c.sealed_secrets,
    AuthenticationProvider.c.state,
)


def providers_of(account_id: int) -> AnySelect:
    """The account's providers that are not deleted."""
    return select(*COLUMNS).where(
        AuthenticationProvider.c.account_id == account_id, AuthenticationProvider.c.state != "deleted"
    )


def find_provider(db: Connection, account_id: int, text: str) -> AnyRow:
    """The account's provider with this number, or its first one of this type. Raises NotFound."""
    rows = providers_of(account_id)
    if is_number(text):
        rows = rows.where(AuthenticationProvider.c.id == number_in(text))
    else:
        rows = rows.where(AuthenticationProvider.c.auth_type == text)
    row = db.execute(rows.order_by(AuthenticationProvider.c.position, AuthenticationProvider.c.id).limit(1)).first()
    if row is None:
        raise NotFound("authentication provider")
    return row


def provider_with_id(db: Connection, provider_id: int) -> AnyRow:
    """The provider, deleted or not."""
    return db.execute(select(*COLUMNS).where(AuthenticationProvider.c.id == provider_id)).one()


def sign_in_path(db: Connection, account_id: int, text: str = "") -> str:
    """The sign-in page of this provider, or of the account's first one if the text names none. Types that are only
    stored lead to the password form.
    """
    rows = db.execute(
        providers_of(account_id).order_by(AuthenticationProvider.c.position, AuthenticationProvider.c.id)
    ).all()
    named = [row for row in rows if text and text in (row.auth_type, str(row.id))]
    chosen = next(iter(named or rows), None)
    if chosen is not None and chosen.auth_type == OPENID:
        return f"/login/openid_connect/{chosen.id}"
    return "/login/canvas"


def has_openid(db: Connection, account_id: int) -> bool:
    """Whether people can sign in through an OpenID provider."""
    rows = providers_of(account_id).where(AuthenticationProvider.c.auth_type == OPENID)
    return db.execute(rows.limit(1)).first() is not None


def first_other_provider(db: Connection, account_id: int) -> str | None:
    """The type of the account's first provider that does not take our own passwords; None without one."""
    rows = providers_of(account_id).where(AuthenticationProvider.c.auth_type != CANVAS)
    row = db.execute(rows.order_by(AuthenticationProvider.c.position, AuthenticationProvider.c.id).limit(1)).first()
    return None if row is None else str(row.auth_type)
