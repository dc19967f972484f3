"""Users: creating one, and signing up by oneself (users-core.md §4, §5)."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import RootAccountContext
from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.access import observees, session_tokens
from homeroom.school.access.credentials import secret_key
from homeroom.school.accounts.queries import FoundAccount
from homeroom.school.actor import Actor
from homeroom.school.errors import Fault, Refused
from homeroom.school.people import observers, pairing_codes
from homeroom.school.people.channels import confirmation_path
from homeroom.school.people.logins.queries import find_provider_ref
from homeroom.school.people.passwords import hash_password, problem_with
from homeroom.school.people.users import sign_up
from homeroom.school.people.users.creation import Created, create_user
from homeroom.school.people.users.notices import send_notice
from homeroom.school.people.users.queries import find_person
from homeroom.school.people.users.sign_up import InvalidSignUp, NewUser, SignUpForm
from homeroom.wire.addresses import is_page_of_ours
from homeroom.wire.request import Request
from homeroom.wire.routes import ANONYMOUS, PUBLIC, Params, Prepared, Routes
from homeroom.wire.services import Services

route = Routes("users")


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


def count_pairing(params: Params[CreateUser], actor: Actor, request: Request, services: Services) -> bool:
    """Whether the pairing code leads to a student. A code can be guessed, so that tries are counted, and the count is
    kept whatever becomes of the call. Raises Refused when there were too many."""
    if not params.code:
        return False
    with services.database.write() as db:
        admitted = observees.admit_code(db, actor.real_id, request.remote_ip)
        paired = admitted and pairing_codes.find_student(db, secret_key(db), params.code) is not None
    if not admitted:
        raise Refused("Too many tries. Try again later.", status=429)
    return paired


class Checked(NamedTuple):
    """What was found out before the transaction."""

    paired: bool
    password_hash: str | None = None


def hash_if_used(
    account_id: RootAccountContext, params: Params[CreateUser], actor: Actor, request: Request, services: Services
) -> Checked:
    """The hash of the password, if it will be used: nobody else's call may cost what hashing costs."""
    login = params.pseudonym
    paired = count_pairing(params, actor, request, services)
    if not login.password or not (paired or sign_up.is_admin_for(actor, account_id.ref)):
        return Checked(paired)
    if problem_with(login.password, login.unique_id.strip(), actor.root.settings.password_min_length):
        return Checked(paired)
    return Checked(paired, hash_password(login.password))


@route.post("/accounts/:account_id/users", right=PUBLIC, prepare=hash_if_used)
def create_user_in_account(
    account_id: RootAccountContext,
    params: Params[CreateUser],
    checked: Prepared[Checked],
    actor: Actor,
    request: Request,
    services: Services,
    db: Connection,
) -> UserJson:
    """Create a user."""
    if not sign_up.is_admin_for(actor, account_id.ref):
        json = _sign_up_by_self(params, checked, actor, request, db)
    else:
        json = _create(account_id, params, checked, actor, request, db)
    wanted = params.destination or ""
    if checked.password_hash is not None and is_page_of_ours(wanted, request, services.router):
        json.destination = session_tokens.with_token(wanted, session_tokens.make(db, json.id))
    return json


def _create(
    account_id: FoundAccount, params: CreateUser, checked: Checked, actor: Actor, request: Request, db: Connection
) -> UserJson:
    new = sign_up.as_admin(actor, account_id.ref, _form(db, account_id.id, params))
    created = create_user(db, account_id.id, secret_key(db), new, checked.password_hash)
    _pair(params, created, actor, request, db)
    _notify(new, created, actor, request, db)
    json = _user_json(params, created, actor, request, db, "uuid")
    if params.communication_channel.confirmation_url:
        nonce = created.channel.nonce if created.channel else None
        json.confirmation_url = request.base_url + confirmation_path(nonce) if nonce else None
    return json


@route.post("/accounts/:account_id/self_registration", right=ANONYMOUS, prepare=count_pairing)
def register_self(
    account_id: RootAccountContext,
    params: Params[CreateUser],
    actor: Actor,
    request: Request,
    db: Connection,
) -> UserJson:
    """Self register a user."""
    return _sign_up_by_self(params, Checked(paired=False), actor, request, db)


def _sign_up_by_self(
    params: CreateUser,
    checked: Checked,
    actor: Actor,
    request: Request,
    db: Connection,
) -> UserJson:
    new = sign_up.as_self(actor.root.settings, _form(db, actor.root.id, params), paired=checked.paired)
    created = create_user(db, actor.root.id, secret_key(db), new, checked.password_hash)
    _pair(params, created, actor, request, db)
    _notify(new, created, actor, request, db)
    return _user_json(params, created, actor, request, db)


def _pair(params: CreateUser, created: Created, actor: Actor, request: Request, db: Connection) -> None:
    """Let the new person observe the student whose code they have. Raises InvalidSignUp, and then there is nobody."""
    if not params.code:
        return
    student_id = pairing_codes.use_code(db, secret_key(db), params.code)
    if student_id is None:
        raise InvalidSignUp(Fault("code", "invalid", record="pairing_code"))
    observees.code_was_right(db, actor.real_id, request.remote_ip)
    observers.link(db, actor.root.id, created.user_id, student_id)


def _notify(new: NewUser, created: Created, actor: Actor, request: Request, db: Connection) -> None:
    if new.notice and created.channel:
        send_notice(db, new.notice, created.channel, actor.root.name, request.address_for_mail)


def _user_json(
    params: CreateUser, created: Created, actor: Actor, request: Request, db: Connection, *more: str
) -> UserJson:
    include = {"locale", *more, *(() if params.user.terms_of_use is UNSET else ("terms_of_use",))}
    view = UserView.in_account(actor, request, actor.root.ref)
    return user_json(find_person(db, created.user_id), view, frozenset(include))


def _form(db: Connection, root_id: int, params: CreateUser) -> SignUpForm:
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
    )
