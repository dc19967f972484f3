"""Developer keys and tokens that tests need and no route makes (before somebody walks through OAuth2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from homeroom.db import digest_of, insert_returning_id
from homeroom.school.schema import AccessToken, AccountAdmin, Role, RoleOverride
from tests.conftest import School
from tests.support.cast import THEN


def new_key(school: School, **fields: Any) -> Any:
    """A developer key of the root account, as its maker sees it; switched on there."""
    reply = school.as_("admin").post(
        "/api/v1/accounts/1/developer_keys", json={"developer_key": {"name": "App", **fields}}
    )
    assert reply.status == 200, reply.text
    key = reply.json
    return {**key, "developer_key_account_binding": switch(school, key, "on")}


def switch(school: School, key: Any, state: str) -> Any:
    """Switch the key ``on`` or ``off`` for the root account; the binding."""
    url = f"/api/v1/accounts/1/developer_keys/{key['id']}/developer_key_account_bindings"
    reply = school.as_("admin").post(url, {"developer_key_account_binding": {"workflow_state": state}})
    assert reply.status == 200, reply.text
    return reply.json


def token_of_key(school: School, who: str, key: Any, scopes: Sequence[str] = (), **columns: Any) -> str:
    """A token that the person granted to this key."""
    token = f"granted-by-{who}-{key['id']}-{len(scopes)}"

    def grant(db: Connection) -> int:
        return insert_returning_id(
            db,
            insert(AccessToken).values(
                **{
                    "user_id": school.id(who),
                    "developer_key_id": key["id"] - 10_000_000_000_000,
                    "digest": digest_of(token),
                    "hint": token[:5],
                    "scopes": json.dumps(list(scopes)),
                    "state": "active",
                    "created_at": THEN,
                    "updated_at": THEN,
                    **columns,
                }
            ),
        )

    school.write(grant)
    return token


TOKENS = "/api/v1/users/self/tokens"
SELF = "/api/v1/users/self"
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def make_token(school: School, who: str = "student", **fields: Any) -> Any:
    """A token that the person made by hand, as they see it then."""
    reply = school.as_(who).post(TOKENS, {"token": {"purpose": "Sync", **fields}})
    assert reply.status == 200, reply.text
    return reply.json


def tokens_of(school: School, who: str) -> str:
    return f"/api/v1/users/{school.id(who)}/tokens"


def works(school: School, token: Any) -> bool:
    """Whether the token authenticates."""
    return school.with_token(token["visible_token"]).get(SELF).status == 200


def grant(school: School, right: str) -> None:
    """Give the narrow admin one more right."""

    def add(db: Connection) -> None:
        role = db.execute(
            select(Role.c.id)
            .join(AccountAdmin, AccountAdmin.c.role_id == Role.c.id)
            .where(AccountAdmin.c.user_id == school.id("narrow_admin"))
        ).scalar_one()
        now = datetime.now(UTC)
        db.execute(
            insert(RoleOverride).values(
                account_id=1, role_id=role, permission=right, enabled=True, created_at=now, updated_at=now
            )
        )

    school.write(add)


def settings_of(school: School, **values: Any) -> None:
    """Change settings of the root account."""
    reply = school.as_("site_admin").put("/homeroom/v1/accounts/1/settings", json=values)
    assert reply.status == 200, reply.text
