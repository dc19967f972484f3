"""The admins of an account (identity.md §8)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from homeroom.canvas.contexts import AccountContext
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.people import admins
from homeroom.school.people.admins import Admin
from homeroom.school.people.users.queries import find_user, find_user_id, people_with_ids, user_ids_of
from homeroom.school.people.users.search import read_term
from homeroom.wire.params.ids import UserId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


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
def list_admins(account: AccountContext, params: Params[ListAdmins], paging: Paging, call: Call) -> Page[AdminJson]:
    """List account admins."""
    forms = [parse_id("user", text) for text in params.user_id]
    found = admins.admins_of(
        call.db,
        account,
        # Nobody has the id 0: a list of which no id leads to anybody lists nobody.
        user_ids=[*user_ids_of(call.db, call.actor, forms), 0] if forms else (),
        term=read_term(params.search_term),
        with_deleted=params.include_deleted,
    )
    page = paging.of(call.db, found)
    return page.with_items(_rendered(call, account, page.items))


@route.get("/accounts/:account_id/admins/self", right=SELF_ONLY)
def list_own_admin_roles(account: AccountContext, paging: Paging, call: Call) -> Page[AdminJson]:
    """List the caller's own roles in the account."""
    page = paging.of(call.db, admins.admins_of(call.db, account, user_ids=[call.actor.id]))
    return page.with_items(_rendered(call, account, page.items))


@route.post("/accounts/:account_id/admins", right="manage_account_memberships")
def create_admin(account: AccountContext, params: Params[CreateAdmin], call: Call) -> AdminJson:
    """Make an account admin."""
    person = find_user(call.db, call.actor, parse_id("user", params.user_id))
    role = admins.find_account_role(call.db, account, params.role_id, params.role)
    admins.require_power_over(call.db, call.actor, account, role)
    admin = admins.add_admin(call.db, account, person.id, role, notify=params.send_confirmation)
    return _rendered(call, account, [admin])[0]


@route.delete("/accounts/:account_id/admins/:user_id", right="manage_account_memberships")
def delete_admin(account: AccountContext, user_id: UserId, params: Params[AdminRole], call: Call) -> AdminJson:
    """Remove account admin."""
    person = find_user_id(call.db, call.actor, user_id)
    role = admins.find_account_role(call.db, account, params.role_id, params.role)
    admins.require_power_over(call.db, call.actor, account, role)
    admin = admins.remove_admin(call.db, account, person, role)
    return _rendered(call, account, [admin])[0]


def _rendered(call: Call, account: FoundAccount, found: Sequence[Admin]) -> list[AdminJson]:
    view = UserView.in_account(call, account.ref)
    people = people_with_ids(call.db, [admin.user_id for admin in found])
    return [
        AdminJson(admin.id, admin.role, admin.role_id, user_json(people[admin.user_id], view), admin.state)
        for admin in found
    ]
