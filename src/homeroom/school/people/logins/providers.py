"""Finding an authentication provider by what a client calls it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import is_number, local_id
from homeroom.school.ground.listing import Order
from homeroom.school.schema import AuthenticationProvider

CANVAS = "canvas"
IN_ORDER = Order(AuthenticationProvider.c.position, AuthenticationProvider.c.id)


def live_providers(account_id: int, columns: Sequence[Any]) -> AnySelect:
    """The account's providers that are not deleted."""
    return select(*columns).where(
        AuthenticationProvider.c.account_id == account_id, AuthenticationProvider.c.state != "deleted"
    )


def provider_called(db: Connection, account_id: int, text: str, columns: Sequence[Any]) -> AnyRow:
    """The account's provider with this number, or its first one of this type. Raises NotFound."""
    if is_number(text):
        meant = AuthenticationProvider.c.id == (local_id(text) or 0)
    else:
        meant = AuthenticationProvider.c.auth_type == text
    row = db.execute(live_providers(account_id, columns).where(meant).order_by(*IN_ORDER.clauses).limit(1)).first()
    if row is None:
        raise NotFound("authentication provider")
    return row
