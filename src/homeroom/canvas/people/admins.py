"""The admins of an account (identity.md §8)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.people import admins
from homeroom.school.people.admins import Admin
from homeroom.school.people.users.queries import find_user, find_user_id, people_with_ids, user_ids_of
from homeroom.school.people.users.search import read_term
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import AccountAdmin
from homeroom.wire.http.request import Request
from homeroom.wire.params.ids import UserId, parse_id
from homeroom.wire.params.paging import Order, Page, Paging
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes

route = Routes()
_BY_ID = Order(AccountAdmin.c.id, AccountAdmin.c.id)


class AdminJson(Struct):
    id: int
    role: str
    role_id: int
    user: UserJson
    workflow_state: str


class ListAdmins(Struct):
    user_id: list[str] = []
    search_term: str | None = None
    include_deleted: bool = False


class AdminRole(Struct):
    role_id: str = ""
    role: str = ""


class CreateAdmin(Struct):
    user_id: str
    role_id: str = ""
    role: str = ""
    send_confirmation: bool = True


@route.get("/accounts/:account_id/admins", right="manage_account_memberships")
def list_admins(
    account_id: AccountContext,
    params: Params[ListAdmins],
    paging: Paging,
    actor: Actor,
    request: Request,
    db: Connection,
) -> Page[AdminJson]:
    """List account admins."""
    forms = [parse_id("user", text) for text in params.user_id]
    rows = admins.admins_of(
        db,
        account_id,
        # Nobody has the id 0: a list of which no id leads to anybody lists nobody.
        user_ids=[*user_ids_of(db, actor, forms), 0] if forms else (),
        term=read_term(params.search_term),
        with_deleted=params.include_deleted,
    )
    page = paging.of(db, rows, _BY_ID)
    return page.with_items(_rendered(db, actor, request, account_id, [Admin(*row) for row in page.items]))


@route.get("/accounts/:account_id/admins/self", right=SELF_ONLY)
def list_own_admin_roles(
    account_id: AccountContext, paging: Paging, actor: Actor, request: Request, db: Connection
) -> Page[AdminJson]:
    """List the caller's own roles in the account."""
    page = paging.of(db, admins.admins_of(db, account_id, user_ids=[actor.id]), _BY_ID)
    return page.with_items(_rendered(db, actor, request, account_id, [Admin(*row) for row in page.items]))


@route.post("/accounts/:account_id/admins", right="manage_account_memberships")
def create_admin(
    account_id: AccountContext, params: Params[CreateAdmin], actor: Actor, request: Request, db: Connection
) -> AdminJson:
    """Make an account admin."""
    person = find_user(db, actor, parse_id("user", params.user_id))
    role = admins.find_account_role(db, account_id, params.role_id, params.role)
    admins.require_power_over(db, actor, account_id, role)
    admin = admins.add_admin(db, account_id, person.id, role, notify=params.send_confirmation)
    return _rendered(db, actor, request, account_id, [admin])[0]


@route.delete("/accounts/:account_id/admins/:user_id", right="manage_account_memberships")
def delete_admin(
    account_id: AccountContext,
    user_id: UserId,
    params: Params[AdminRole],
    actor: Actor,
    request: Request,
    db: Connection,
) -> AdminJson:
    """Remove account admin."""
    person = find_user_id(db, actor, user_id)
    role = admins.find_account_role(db, account_id, params.role_id, params.role)
    admins.require_power_over(db, actor, account_id, role)
    admin = admins.remove_admin(db, account_id, person, role)
    return _rendered(db, actor, request, account_id, [admin])[0]


def _rendered(
    db: Connection, actor: Actor, request: Request, account: FoundAccount, found: Sequence[Admin]
) -> list[AdminJson]:
    view = UserView.in_account(actor, request, account.ref)
    people = people_with_ids(db, [admin.user_id for admin in found])
    return [
        AdminJson(admin.id, admin.role, admin.role_id, user_json(people[admin.user_id], view), admin.state)
        for admin in found
    ]
