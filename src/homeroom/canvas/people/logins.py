"""Logins (identity.md §6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.canvas.people.old_passwords import NewPassword, require_still_right, try_old_password
from homeroom.db.types import AnyRow
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.ground.errors import NotAllowed, Refused
from homeroom.school.people.logins import actions, policy
from homeroom.school.people.logins.queries import (
    ProviderRef,
    find_login,
    find_provider_ref,
    login_with_id,
    logins_of,
)
from homeroom.school.people.logins.validation import check
from homeroom.school.people.passwords import hash_password
from homeroom.school.people.users import policy as users
from homeroom.school.people.users.queries import Person, find_user
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.reading import may_read, require_giving_sis_ids
from homeroom.school.sign_in.password_resets import send_reset
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.answers import Answer, seconds
from homeroom.wire.params.ids import RecordId, UserId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import MissingParameter
from homeroom.wire.routing.routes import BY_POLICY, Params, Prepared, Routes
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.services import Services

route = Routes()
Text = str | UnsetType | None


class LoginFields(Struct, frozen=True):
    """``login[...]``; fields that are not given stay."""

    unique_id: str | UnsetType = UNSET
    password: Text = UNSET
    sis_user_id: Text = UNSET
    integration_id: Text = UNSET
    authentication_provider_id: Text = UNSET
    declared_user_type: Text = UNSET
    workflow_state: str | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        values = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
        if "unique_id" in values:
            values["unique_id"] = values["unique_id"].strip()
        if not values.get("password"):
            values.pop("password", None)
        return values


class ChangedFields(LoginFields, frozen=True):
    old_password: str = ""

    def given(self) -> dict[str, Any]:
        values = super().given()
        values.pop("old_password", None)
        return values


class Owner(Struct, frozen=True):
    id: str | None = None


class OfUser(Struct):
    user: Owner = Owner()
    user_id: str | None = None


class MakeLogin(OfUser):
    login: LoginFields = LoginFields()


class ChangeLogin(Struct):
    login: ChangedFields = ChangedFields()
    override_sis_stickiness: bool = True


class ResetPassword(Struct):
    email: str = ""


class LoginJson(Struct):
    """A login. SIS ids are only for callers who may see or manage them."""

    id: int
    user_id: int
    account_id: int
    unique_id: str
    created_at: datetime | None
    workflow_state: str
    declared_user_type: str | None
    authentication_provider_id: int | None
    sis_user_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    authentication_provider_type: str | UnsetType = UNSET


@route.get("/users/:user_id/logins", right=BY_POLICY)
def list_logins(user_id: UserId, paging: Paging, actor: Actor, db: Connection) -> Page[LoginJson]:
    """List a user's logins."""
    person = find_user(db, actor, user_id)
    users.require(users.can_read, db, actor, person.id)
    return paging.of(db, logins_of(person.id)).map(lambda login: login_json(login, actor))


@route.get("/accounts/:account_id/logins", right=BY_POLICY)
def list_logins_in_account(
    account: AccountContext, params: Params[OfUser], paging: Paging, actor: Actor, db: Connection
) -> Page[LoginJson]:
    """List a user's logins for the account."""
    _require_root(account)
    person = _owner(db, actor, params)
    users.require(users.can_read, db, actor, person.id)
    return paging.of(db, logins_of(person.id, account.id)).map(lambda login: login_json(login, actor))


def hash_for_new(account: AccountContext, params: Params[MakeLogin], actor: Actor, services: Services) -> str | None:
    """The hash of the password, once it is known that the login may be made."""
    if not params.login.given().get("password"):
        return None
    with services.database.read() as db:
        _check_new(db, account, params, actor)
    return hash_password(str(params.login.password))


@route.post("/accounts/:account_id/logins", right=BY_POLICY, prepare=hash_for_new)
def create_login(
    account: AccountContext,
    params: Params[MakeLogin],
    password_hash: Prepared[str | None],
    actor: Actor,
    db: Connection,
) -> LoginJson | Answer:
    """Create a user login."""
    person, provider = _check_new(db, account, params, actor)
    given = params.login.given()
    if not given:
        return Answer(400, None)
    # The state of a new login is nobody's to choose.
    given.pop("workflow_state", None)
    login_id = actions.make_login(db, account.id, person.id, given, provider, password_hash)
    return login_json(login_with_id(db, login_id), actor)


def _check_new(db: Connection, account: FoundAccount, params: MakeLogin, actor: Actor) -> tuple[Person, ProviderRef]:
    """The person and the provider of the new login. Raises the error that stops it from being made."""
    _require_root(account)
    person = _owner(db, actor, params)
    if not policy.can_manage(db, actor, person.id):
        raise NotAllowed(policy.RIGHT)
    given = params.login.given()
    if any(given.get(name) for name in policy.SIS_FIELDS):
        require_giving_sis_ids(actor)
    provider = find_provider_ref(db, account.id, given.get("authentication_provider_id"))
    if given:
        fields = {"unique_id": "", **given}
        fields.pop("workflow_state", None)
        least = actor.root.settings.password_min_length
        check(fields, unique_id=fields["unique_id"], has_password=not provider.key, min_length=least)
    return person, provider


def check_new_password(
    account: AccountContext,
    id: RecordId,
    params: Params[ChangeLogin],
    actor: Actor,
    browser: Browser,
    services: Services,
) -> NewPassword | None:
    """What is slow and must not hold a transaction up; None when no password is to be changed."""
    if not params.login.given().get("password"):
        return None
    with services.database.read() as db:
        login, _, _ = _check_changed(db, account, id, params, actor)
    old = None
    if policy.is_own(actor, login.user_id):
        old = try_old_password(services.database, login, params.login.old_password, browser.place)
    return NewPassword(hash_password(str(params.login.password)), old)


@route.put("/accounts/:account_id/logins/:id", right=BY_POLICY, prepare=check_new_password)
def update_login(
    account: AccountContext,
    id: RecordId,
    params: Params[ChangeLogin],
    new: Prepared[NewPassword | None],
    actor: Actor,
    db: Connection,
) -> LoginJson | Answer:
    """Edit a user login."""
    login, changes, provider = _check_changed(db, account, id, params, actor)
    if not params.login.given():
        return Answer(400, None)
    if new is not None:
        require_still_right(db, new)
    actions.change_login(
        db,
        login,
        changes,
        provider,
        new.hash if new is not None else None,
        respect_stickiness=not params.override_sis_stickiness,
        session_id=actor.session_id,
    )
    return login_json(login_with_id(db, login.id), actor)


def _check_changed(
    db: Connection, account: FoundAccount, form: RecordId, params: ChangeLogin, actor: Actor
) -> tuple[AnyRow, dict[str, Any], ProviderRef | None]:
    """The login, what changes in it, and its new provider. Raises the error that stops it from being changed."""
    _require_root(account)
    login = find_login(db, form, account_id=account.id)
    manages = policy.can_manage(db, actor, login.user_id)
    if not manages and not policy.is_own(actor, login.user_id):
        raise NotAllowed(policy.RIGHT)
    given = params.login.given()
    provider = None
    if "authentication_provider_id" in given:
        provider = find_provider_ref(db, account.id, given.pop("authentication_provider_id"))
    changes = {name: value for name, value in given.items() if not _is_same(login, name, value)}
    _require_rights(actor, login, changes, provider, manages=manages)
    check(
        changes,
        unique_id=changes.get("unique_id", login.unique_id),
        has_password=not (provider.key if provider else login.provider_key),
        min_length=actor.root.settings.password_min_length,
    )
    return login, changes, provider


def _require_rights(
    actor: Actor, login: AnyRow, changes: dict[str, Any], provider: ProviderRef | None, *, manages: bool
) -> None:
    moves = provider is not None and provider.id != login.authentication_provider_id
    if not manages and (moves or changes.keys() - {"password"}):
        raise NotAllowed(policy.RIGHT)
    if changes.keys() & policy.SIS_FIELDS:
        require_giving_sis_ids(actor)
    if "password" in changes and not policy.can_change_password(actor, login.user_id, manages=manages):
        raise NotAllowed("change_password")


@route.delete("/users/:user_id/logins/:id", right=BY_POLICY)
def delete_login(user_id: UserId, id: RecordId, actor: Actor, db: Connection) -> LoginJson:
    """Delete a user login."""
    person = find_user(db, actor, user_id)
    # Before the login is looked for: who may not manage them does not learn which logins there are.
    if not policy.can_manage(db, actor, person.id):
        raise NotAllowed(policy.RIGHT)
    login = find_login(db, id, user_id=person.id)
    if login.sis_user_id:
        require_giving_sis_ids(actor)
    actions.delete_login(db, login)
    return login_json(login_with_id(db, login.id), actor)


class RequestedJson(Struct):
    requested: bool


@route.post("/users/reset_password", right=BY_POLICY)
def kick_off_password_recovery(params: Params[ResetPassword], call: Call) -> RequestedJson | Answer:
    """Send a link for a new password to a user's e-mail address."""
    call.actor.require(policy.RIGHT, call.actor.root.ref)
    found = bool(params.email.strip()) and send_reset(
        call.db, params.email, call.actor.root.name, call.request.address_for_mail
    )
    return Answer(200 if found else 404, RequestedJson(found))


def _require_root(account: FoundAccount) -> None:
    if not account.is_root or account.row.is_site_admin:
        raise Refused("Action must be called on a root account.")


def _owner(db: Connection, actor: Actor, params: OfUser) -> Person:
    text = params.user.id or params.user_id
    if not text:
        raise MissingParameter("user")
    return find_user(db, actor, parse_id("user", text))


def _is_same(login: AnyRow, name: str, value: Any) -> bool:
    if name == "password":
        return False
    column = "state" if name == "workflow_state" else name
    return bool((value or None) == getattr(login, column))


def login_json(login: AnyRow, actor: Actor) -> LoginJson:
    json = LoginJson(
        id=login.id,
        user_id=login.user_id,
        account_id=login.account_id,
        unique_id=login.unique_id,
        created_at=seconds(login.created_at),
        workflow_state=login.state,
        declared_user_type=login.declared_user_type,
        authentication_provider_id=login.authentication_provider_id,
    )
    if may_read(actor, actor.root.ref, "sis"):
        json.sis_user_id, json.integration_id = login.sis_user_id, login.integration_id
    if login.provider_type is not None:
        json.authentication_provider_type = login.provider_type
    return json
