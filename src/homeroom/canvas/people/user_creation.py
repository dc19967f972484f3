"""Users: creating one, and signing up by oneself (users-core.md §4, §5)."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import RootAccountContext
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.apps import session_tokens
from homeroom.school.ground.errors import Refused
from homeroom.school.people.communication_channels.channels import confirmation_path
from homeroom.school.people.logins.queries import find_provider_ref
from homeroom.school.people.passwords import hash_password, problem_with
from homeroom.school.people.users import sign_up
from homeroom.school.people.users.creation import Created
from homeroom.school.people.users.queries import find_person
from homeroom.school.people.users.sign_up import NewUser, SignUpForm
from homeroom.school.rights.actor import has_all_rights_of
from homeroom.school.sign_in import complete_sign_up
from homeroom.school.sign_in.observer_proofs import TypedCode, look_up
from homeroom.wire.browser.own_addresses import is_page_of_ours
from homeroom.wire.routing.routes import ANONYMOUS, PUBLIC, Params, Prepared, Routes
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.services import Services

route = Routes("users")
_TOO_MANY = "Too many tries. Try again later."


class NewUserParams(Struct, frozen=True):
    name: str | UnsetType | None = UNSET
    short_name: str | UnsetType | None = UNSET
    sortable_name: str | UnsetType | None = UNSET
    time_zone: str | None = None
    locale: str | None = None
    terms_of_use: bool | UnsetType = UNSET
    skip_registration: bool = False
    initial_enrollment_type: str | None = None


class NewLoginParams(Struct, frozen=True):
    unique_id: str = ""
    password: str | None = None
    sis_user_id: str | None = None
    integration_id: str | None = None
    authentication_provider_id: str | None = None
    send_confirmation: bool = False
    force_self_registration: bool = False


class NewChannelParams(Struct, frozen=True):
    type: str = "email"
    address: str | None = None
    confirmation_url: bool = False
    skip_confirmation: bool = False


class PairingCodeParams(Struct, frozen=True):
    code: str = ""


class CreateUser(Struct):
    user: NewUserParams = NewUserParams()
    pseudonym: NewLoginParams = NewLoginParams()
    communication_channel: NewChannelParams = NewChannelParams()
    pairing_code: PairingCodeParams = PairingCodeParams()
    force_validations: bool = False
    enable_sis_reactivation: bool = False
    initial_enrollment_type: str | None = None
    destination: str | None = None

    @property
    def initial_type(self) -> str | None:
        return self.initial_enrollment_type or self.user.initial_enrollment_type

    @property
    def code(self) -> str:
        """The pairing code of a student; only observers have one."""
        return self.pairing_code.code if self.initial_type == "observer" else ""


class Checked(NamedTuple):
    """The result of the step before the transaction: the student of the pairing code."""

    code: TypedCode
    password_hash: str | None = None


def check_registration(params: Params[CreateUser], call: Call, services: Services) -> Checked:
    """Raises SignUpClosed, and Refused for too many sign-ups and too many guesses of a pairing code."""
    sign_up.require_open(call.actor.root.settings, params.initial_type)
    with services.database.write() as db:
        admitted = complete_sign_up.admit(db, call.request.remote_ip)
    if not admitted:
        raise Refused(_TOO_MANY, status=429)
    return Checked(_look_up_code(params, call, services))


def hash_if_used(account: RootAccountContext, params: Params[CreateUser], call: Call, services: Services) -> Checked:
    """The hash of the password, if it will be used. Hashing is slow, so no other call may cause it."""
    login = params.pseudonym
    by_admin = sign_up.is_admin_for(call.actor, account.ref)
    checked = Checked(_look_up_code(params, call, services)) if by_admin else check_registration(params, call, services)
    if not login.password or not (by_admin or checked.code.student_id):
        return checked
    if problem_with(login.password, login.unique_id.strip(), call.actor.root.settings.password_min_length):
        return checked
    return checked._replace(password_hash=hash_password(login.password))


def _look_up_code(params: CreateUser, call: Call, services: Services) -> TypedCode:
    """The student of the pairing code. The try is counted even if the call fails later."""
    typed = TypedCode(params.code, call.actor.real_id, call.request.remote_ip)
    found = look_up(services.database, typed)
    if found is None:
        raise Refused(_TOO_MANY, status=429)
    return found


@route.post("/accounts/:account_id/users", right=PUBLIC, prepare=hash_if_used)
def create_user_in_account(
    account: RootAccountContext,
    params: Params[CreateUser],
    checked: Prepared[Checked],
    call: Call,
    services: Services,
) -> UserJson:
    """Create a user."""
    by_admin = sign_up.is_admin_for(call.actor, account.ref)
    form = _form(call.db, account.id, params, checked)
    if by_admin:
        new = sign_up.as_admin(call.actor, account.ref, form)
    else:
        new = sign_up.as_self(call.actor.root.settings, form, paired=checked.code.student_id is not None)
    created = _create(call, params, new, checked)
    json = _user_json(call, params, created, *(("uuid",) if by_admin else ()))
    if by_admin and params.communication_channel.confirmation_url and has_all_rights_of(call.db, call.actor, json.id):
        nonce = created.channel.nonce if created.channel else None
        json.confirmation_url = call.request.base_url + confirmation_path(nonce) if nonce else None
    wanted = params.destination or ""
    if checked.password_hash is not None and is_page_of_ours(wanted, call.request, services.router):
        json.destination = session_tokens.with_token(wanted, session_tokens.make(call.db, json.id))
    return json


@route.post("/accounts/:account_id/self_registration", right=ANONYMOUS, prepare=check_registration)
def register_self(
    account: RootAccountContext, params: Params[CreateUser], checked: Prepared[Checked], call: Call
) -> UserJson:
    """Self register a user."""
    new = sign_up.as_self(call.actor.root.settings, _form(call.db, account.id, params, checked))
    created = _create(call, params, new, checked)
    return _user_json(call, params, created)


def _create(call: Call, params: CreateUser, new: NewUser, checked: Checked) -> Created:
    return complete_sign_up.join(
        call.db, call.actor, new, checked.code, checked.password_hash, call.request.address_for_mail
    )


def _user_json(call: Call, params: CreateUser, created: Created, *more: str) -> UserJson:
    include = {"locale", *more, *(() if params.user.terms_of_use is UNSET else ("terms_of_use",))}
    view = UserView.in_account(call, call.actor.root.ref)
    return user_json(find_person(call.db, created.user_id), view, frozenset(include))


def _form(db: Connection, root_id: int, params: CreateUser, checked: Checked) -> SignUpForm:
    user, login, channel = params.user, params.pseudonym, params.communication_channel
    return SignUpForm(
        unique_id=login.unique_id,
        name=user.name,
        short_name=user.short_name,
        sortable_name=user.sortable_name,
        time_zone=user.time_zone,
        locale=user.locale,
        terms_of_use=user.terms_of_use is True,
        skip_registration=user.skip_registration,
        initial_enrollment_type=params.initial_type,
        password=login.password,
        sis_user_id=login.sis_user_id,
        integration_id=login.integration_id,
        provider=find_provider_ref(db, root_id, login.authentication_provider_id),
        send_confirmation=login.send_confirmation,
        force_self_registration=login.force_self_registration,
        channel_type=channel.type,
        address=channel.address,
        skip_confirmation=channel.skip_confirmation,
        force_validations=params.force_validations,
        revive=params.enable_sis_reactivation,
        code_is_wrong=checked.code.is_wrong,
    )
