"""Accounts and sub-accounts (homeroom.md §3), and what the caller may do there (identity.md §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from msgspec import UNSET, Struct
from sqlalchemy import Connection

from homeroom.canvas.accounts.account_json import AccountJson, AccountView, account_json, name_json
from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.accounts import actions, policy, queries
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.accounts.accounts.validation import AccountChange
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.permissions import PERMISSIONS
from homeroom.school.rights.reading import may_give_sis_ids
from homeroom.school.rights.views_outside_dates import restrictions_of_account
from homeroom.school.sign_in.authentication_providers.queries import first_other_provider
from homeroom.wire.params.ids import AccountId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, PUBLIC, SELF_ONLY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()


class ListAccounts(Struct):
    include: frozenset[str] = frozenset()


class ListSubAccounts(ListAccounts):
    recursive: bool = False
    order: Literal["id", "name"] = "id"


class CreateSubAccount(Struct):
    account: AccountChange


class UpdateAccount(Struct):
    account: AccountChange
    override_sis_stickiness: bool = True


class InheritedSettingJson(Struct):
    """``locked``: by an account above; ``inherited``: not said by this account."""

    value: bool
    locked: bool
    inherited: bool


class AccountSettingsJson(Struct):
    restrict_student_past_view: InheritedSettingJson
    restrict_student_future_view: InheritedSettingJson


class AskPermissions(Struct):
    permissions: list[str] = []


@route.get("/accounts", right=SELF_ONLY)
def list_accounts(params: Params[ListAccounts], paging: Paging, actor: Actor, db: Connection) -> Page[AccountJson]:
    """List the accounts that the caller administers."""
    page = paging.of(db, queries.administered(actor))
    return page.with_items(_rendered(db, actor, page.items, params.include))


@route.get("/manageable_accounts", right=SELF_ONLY)
def list_manageable_accounts(paging: Paging, actor: Actor, db: Connection) -> Page[AccountJson]:
    """List the accounts in which the caller may make or manage courses."""
    names = ("manage_courses_add", "manage_courses_admin")
    accounts = [account for account in queries.accounts_below(db, actor) if actor.holds_any(names, account.ref)]
    page = paging.cut(accounts)
    return page.with_items(_rendered(db, actor, page.items))


@route.get("/course_creation_accounts", right=SELF_ONLY)
def list_course_creation_accounts(paging: Paging, actor: Actor, db: Connection) -> Page[AccountJson]:
    """List the accounts in which the caller may make courses."""
    accounts = [one for one in queries.accounts_below(db, actor) if actor.holds("manage_courses_add", one.ref)]
    page = paging.cut(accounts)
    return page.with_items(_rendered(db, actor, page.items))


class SearchAccounts(Struct):
    name: str = ""
    domain: str = ""


class AccountDomainJson(Struct):
    """An institution that one can sign in to."""

    name: str
    domain: str
    authentication_provider: str | None


@route.get("/accounts/search", right=PUBLIC)
def search_accounts(params: Params[SearchAccounts], paging: Paging, call: Call) -> Page[AccountDomainJson]:
    """Search account domains: the root account, at the address that was called."""
    root, domain = call.actor.root, urlsplit(call.request.base_url).netloc
    found = params.name.casefold() in root.name.casefold() and params.domain.casefold() in domain.casefold()
    provider = first_other_provider(call.db, root.id)
    return paging.cut([AccountDomainJson(root.name, domain, provider)] if found else [])


@route.get("/course_accounts", right=SELF_ONLY)
def list_course_accounts(paging: Paging, actor: Actor, db: Connection) -> Page[AccountJson]:
    """List the accounts of the courses in which the caller is a teacher, a TA or a designer."""
    return paging.of(db, queries.accounts_of_staff(actor.id)).map(name_json)


@route.get("/accounts/:id", right=BY_POLICY)
def show_account(account: AccountContext, actor: Actor, db: Connection) -> AccountJson:
    """Get a single account."""
    if policy.can_read(actor, account):
        return account_json(account, AccountView(actor))
    if policy.works_in(db, actor, account):
        return name_json(account)
    raise NotAllowed("read")


@route.put("/accounts/:id", right=BY_POLICY)
def update_account(account: AccountContext, params: Params[UpdateAccount], actor: Actor, db: Connection) -> AccountJson:
    """Update an account."""
    parent = None
    if params.account.parent_account_id is not UNSET:
        parent = queries.find_account(db, actor, parse_id("account", params.account.parent_account_id))
    policy.require_change(actor, account, params.account, parent)
    actions.update_account(db, account, params.account, parent, override_stickiness=params.override_sis_stickiness)
    return _show(db, actor, account.id)


@route.get("/accounts/:account_id/settings", right="manage_account_settings")
def show_account_settings(account: AccountContext, db: Connection) -> AccountSettingsJson:
    """Show account settings."""
    found = restrictions_of_account(db, account.ref.chain)
    return AccountSettingsJson(**{name: InheritedSettingJson(*setting) for name, setting in found.items()})


@route.get("/accounts/:account_id/sub_accounts", right=BY_POLICY)
def list_sub_accounts(
    account: AccountContext, params: Params[ListSubAccounts], paging: Paging, actor: Actor, db: Connection
) -> Page[AccountJson]:
    """Get the sub-accounts of an account."""
    policy.require_read(actor, account)
    below = queries.sub_accounts(account, recursive=params.recursive, by_name=params.order == "name")
    page = paging.of(db, below)
    return page.with_items(_rendered(db, actor, page.items, params.include))


@route.post("/accounts/:account_id/sub_accounts", right="manage_account_settings")
def create_sub_account(
    account: AccountContext, params: Params[CreateSubAccount], actor: Actor, db: Connection
) -> AccountJson:
    """Create a new sub-account."""
    change = params.account
    if change.quotas:
        actor.require("manage_storage_quotas", account.ref)
    if not may_give_sis_ids(actor):
        # As for users (users-core.md §4): without the right the SIS id is not heard.
        change.sis_account_id = UNSET
    return _show(db, actor, actions.create_sub_account(db, account, change))


@route.delete("/accounts/:account_id/sub_accounts/:id", right="manage_account_settings")
def delete_sub_account(account: AccountContext, id: AccountId, actor: Actor, db: Connection) -> AccountJson:
    """Delete a sub-account that is below the account of the path."""
    sub_account = queries.find_account(db, actor, id)
    if account.id not in sub_account.ref.chain:
        raise NotFound("account")
    actions.delete_sub_account(db, sub_account)
    json = account_json(sub_account, AccountView(actor))
    json.workflow_state = "deleted"
    return json


@route.get("/accounts/:account_id/permissions", right=BY_POLICY)
def show_permissions(
    account: AccountContext, params: Params[AskPermissions], actor: Actor, db: Connection
) -> dict[str, bool]:
    """Say which of these permissions the caller has on the account; all of them when none is named."""
    if not policy.can_read(actor, account) and not policy.works_in(db, actor, account):
        raise NotAllowed("read")
    return {name: actor.holds(name, account.ref) for name in params.permissions or PERMISSIONS}


def _show(db: Connection, actor: Actor, account_id: int) -> AccountJson:
    account = queries.account_with_id(db, account_id)
    assert account is not None
    return account_json(account, AccountView(actor))


def _rendered(
    db: Connection, actor: Actor, accounts: Sequence[FoundAccount], include: frozenset[str] = frozenset()
) -> list[AccountJson]:
    ids = [account.id for account in accounts]
    view = AccountView(
        actor,
        courses=queries.course_counts(db, ids) if "course_count" in include else None,
        sub_accounts=queries.sub_account_counts(db, ids) if "sub_account_count" in include else None,
    )
    return [account_json(account, view) for account in accounts]
