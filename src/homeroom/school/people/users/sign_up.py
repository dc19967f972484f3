"""Signing up: what a form may set, depending on its sender, and its errors (users-core.md §4, §5).

The kinds of sign-up accept and require different fields; see ``as_admin`` and ``as_self``. ``creation.create_user``
creates the person from their result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from msgspec import UNSET

from homeroom.school.ground.email_addresses import is_email, is_phone
from homeroom.school.ground.errors import Fault, Invalid, NotFound, SchoolError
from homeroom.school.ground.locales import is_installed
from homeroom.school.people.logins.queries import OWN_PASSWORDS, ProviderRef
from homeroom.school.people.names import Given, Names, names_on_create
from homeroom.school.people.passwords import message_of, problem_with
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.actor import AccountRef, Actor
from homeroom.school.rights.reading import may_give_sis_ids

LOGIN_LIMIT = 100
SIS_ID_LIMIT = 255
PASSWORDS_ELSEWHERE = "password can only be set for Canvas authentication"
WRONG_CODE = Fault("code", "invalid", record="pairing_code")
INITIAL_TYPES = frozenset(("student", "teacher", "ta", "observer"))

# The mail that a new person gets: a link to finish the registration, or news of the account.
Notice = Literal["registration", "account"]


class SignUpClosed(SchoolError):
    """Self registration is off, and the caller is not an admin: 403 ``{}``."""


class InvalidSignUp(Invalid):
    """The form is invalid. It creates several records, so each fault names its record."""

    def __init__(self, *faults: Fault) -> None:
        if any(fault.record == "pseudonym" for fault in faults):
            # An invalid login makes the person invalid too.
            faults = (*faults, Fault("pseudonyms", "invalid", record="user"))
        super().__init__(*faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpForm:
    """The form as sent, whoever sent it. ``address`` is UNSET without a ``communication_channel``."""

    unique_id: str
    name: Given = UNSET
    short_name: Given = UNSET
    sortable_name: Given = UNSET
    time_zone: str | None = None
    locale: str | None = None
    terms_of_use: bool = False
    skip_registration: bool = False
    initial_enrollment_type: str | None = None
    password: str | None = None
    sis_user_id: str | None = None
    integration_id: str | None = None
    provider: ProviderRef = OWN_PASSWORDS
    send_confirmation: bool = False
    force_self_registration: bool = False
    channel_type: str = "email"
    address: str | None = None
    skip_confirmation: bool = False
    force_validations: bool = False
    revive: bool = False
    code_is_wrong: bool = False


class NewChannel(NamedTuple):
    type: str
    address: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The person to create; ``names_given`` are the names that a revived person takes over. With ``faults`` nothing is
    created: they are kept so that all errors are answered at once.
    """

    names: Names
    names_given: tuple[Given, Given, Given]
    time_zone: str | None
    locale: str | None
    accepts_terms: bool
    registered: bool
    initial_enrollment_type: str | None
    unique_id: str
    provider: ProviderRef
    password: str | None
    sis_user_id: str | None
    integration_id: str | None
    channel: NewChannel | None
    notice: Notice | None
    revive: bool
    faults: tuple[Fault, ...] = ()


class Checks(NamedTuple):
    """The requirements of a kind of sign-up beyond those of every record."""

    name: bool
    terms: bool
    email_login: bool


def is_admin_for(actor: Actor, account: AccountRef) -> bool:
    """Whether the actor signs up other people, not themselves."""
    return actor.holds("manage_user_logins", account)


def as_admin(actor: Actor, account: AccountRef, form: SignUpForm) -> NewUser:
    """The form of an admin who creates a user."""
    settings = actor.root.settings
    strict = form.force_validations
    may_confirm = actor.holds("manage_students", account) or actor.is_site_admin
    sis = may_give_sis_ids(actor)
    notice: Notice | None = "account" if form.send_confirmation else None
    new = _decided(
        form,
        password=form.password or None,
        sis_user_id=form.sis_user_id or None if sis else None,
        integration_id=form.integration_id or None if sis else None,
        registered=form.skip_registration or bool(form.password),
        confirmed=form.skip_confirmation and may_confirm,
        notice="registration" if form.force_self_registration else notice,
        revive=form.revive,
    )
    checks = Checks(name=strict, terms=strict and settings.require_terms, email_login=strict)
    return _checked(new, form, settings, checks)


def as_self(root_settings: AccountSettings, form: SignUpForm, *, paired: bool = False) -> NewUser:
    """Self registration. ``paired``: with a student's code, which also allows a password. Raises SignUpClosed if it is
    off.
    """
    require_open(root_settings, form.initial_enrollment_type)
    if form.provider.key:
        # People who register here choose a password here.
        raise NotFound("authentication provider")
    password = form.password or None if paired else None
    new = _decided(
        form,
        password=password,
        sis_user_id=None,
        integration_id=None,
        registered=password is not None,
        confirmed=False,
        notice="registration",
        revive=False,
    )
    return _checked(new, form, root_settings, Checks(name=True, terms=root_settings.require_terms, email_login=True))


def require_open(root_settings: AccountSettings, initial_type: str | None) -> None:
    """Raises SignUpClosed unless self registration is open for this kind of user."""
    allowed = root_settings.self_registration
    if allowed == "none" or (allowed == "observer" and initial_type != "observer"):
        raise SignUpClosed


def _decided(
    form: SignUpForm,
    *,
    password: str | None,
    sis_user_id: str | None,
    integration_id: str | None,
    registered: bool,
    confirmed: bool,
    notice: Notice | None,
    revive: bool,
) -> NewUser:
    unique_id = form.unique_id.strip()
    channel = _channel(form, unique_id, confirmed=confirmed)
    email = channel.address if channel and channel.type == "email" else None
    given = (form.name, form.short_name, form.sortable_name)
    return NewUser(
        names=names_on_create(*given, login_id=unique_id, email=email),
        names_given=given,
        time_zone=form.time_zone,
        locale=form.locale or None,
        accepts_terms=form.terms_of_use,
        registered=registered,
        initial_enrollment_type=form.initial_enrollment_type if form.initial_enrollment_type in INITIAL_TYPES else None,
        unique_id=unique_id,
        provider=form.provider,
        password=password,
        sis_user_id=sis_user_id,
        integration_id=integration_id,
        channel=channel,
        notice=notice,
        revive=revive,
    )


def _channel(form: SignUpForm, unique_id: str, *, confirmed: bool) -> NewChannel | None:
    """The channel to create; None for an invalid address, which is not an error."""
    address = (form.address or unique_id).strip()
    if form.channel_type == "email":
        return NewChannel("email", address, confirmed) if is_email(address) else None
    if form.channel_type == "sms":
        return NewChannel("sms", address, confirmed) if is_phone(address) or is_email(address) else None
    return None


def _checked(new: NewUser, form: SignUpForm, settings: AccountSettings, checks: Checks) -> NewUser:
    faults = [*_faults_of_user(new, form, checks), *_faults_of_login(new, settings, checks)]
    if form.code_is_wrong:
        faults.append(WRONG_CODE)
    return replace(new, faults=tuple(faults))


def _faults_of_user(new: NewUser, form: SignUpForm, checks: Checks) -> Iterator[Fault]:
    if checks.name and not (isinstance(form.name, str) and form.name.strip()):
        yield Fault("name", "blank", record="user")
    for attribute in new.names.too_long():
        yield Fault(attribute, "too_long", record="user")
    if new.locale is not None and not is_installed(new.locale):
        yield Fault("locale", "inclusion", record="user")
    if checks.terms and not new.accepts_terms:
        yield Fault("terms_of_use", "accepted", record="user")


def _faults_of_login(new: NewUser, settings: AccountSettings, checks: Checks) -> Iterator[Fault]:
    if kind := fault_of_unique_id(new.unique_id, must_be_email=checks.email_login):
        yield Fault("unique_id", kind, record="pseudonym")
    for attribute in ("sis_user_id", "integration_id"):
        if len(getattr(new, attribute) or "") > SIS_ID_LIMIT:
            yield Fault(attribute, "too_long", record="pseudonym")
    if new.password is not None and new.provider.key:
        yield Fault("password", "invalid", PASSWORDS_ELSEWHERE, record="pseudonym")
    elif new.password is not None:
        least = settings.password_min_length
        if problem := problem_with(new.password, new.unique_id, least):
            yield Fault("password", problem, message_of(problem, least), record="pseudonym")


def fault_of_unique_id(unique_id: str, *, must_be_email: bool) -> str | None:
    """The reason why this text cannot be a login, as an error type (users-core.md §4)."""
    if not unique_id:
        return "blank"
    if len(unique_id) > LOGIN_LIMIT:
        return "too_long"
    if must_be_email:
        return None if is_email(unique_id) else "not_email"
    return None if unique_id.isprintable() else "invalid"
