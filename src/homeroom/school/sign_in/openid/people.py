"""Finds or creates the login for an OpenID provider's claims (homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import UNSET
from sqlalchemy import Connection, select

from homeroom.school.ground.email_addresses import is_email
from homeroom.school.ground.locales import is_installed
from homeroom.school.people.communication_channels.channels import Channel
from homeroom.school.people.logins.queries import ProviderRef
from homeroom.school.people.names import NAME_LIMIT, names_on_create, search_key
from homeroom.school.people.users.creation import create_user
from homeroom.school.people.users.sign_up import InvalidSignUp, NewChannel, NewUser, fault_of_unique_id
from homeroom.school.schema import (
    Login,
    User,
)
from homeroom.school.security.events import report
from homeroom.school.sign_in import password_sign_in
from homeroom.school.sign_in.openid.discovery import OpenIdProvider
from homeroom.school.sign_in.openid.errors import UNKNOWN, SignInFailed
from homeroom.school.states import LoginState, UserState

# The claims that are used if the provider's federated_attributes do not name others.
_STANDARD = {"name": "name", "email": "email"}


class Entrant(NamedTuple):
    """The person who signs in. ``channel`` belongs to a new person and may need to be confirmed."""

    login_id: int
    user_id: int
    channel: Channel | None = None


def enter(db: Connection, provider: OpenIdProvider, claims: Mapping[str, Any]) -> Entrant:
    """The person to sign in. Records the sign-in; creates the person if the provider allows it. Raises SignInFailed."""
    unique_id = _unique_id(provider, claims)
    entrant = _find(db, provider, unique_id)
    if entrant is None and provider.jit_provisioning:
        entrant = _make(db, provider, claims, unique_id)
    if entrant is None:
        report("sign_in_failed", object=("authentication_provider", provider.id))
        raise SignInFailed(UNKNOWN)
    password_sign_in.signed_in(db, entrant.login_id, entrant.user_id)
    return entrant


def _unique_id(provider: OpenIdProvider, claims: Mapping[str, Any]) -> str:
    name = provider.login_attribute
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or fault_of_unique_id(value.strip(), must_be_email=False):
        raise SignInFailed(UNKNOWN)
    if name == "email" and claims.get("email_verified", True) not in (True, "true"):
        # An unverified address may be somebody else's.
        raise SignInFailed(UNKNOWN)
    return value.strip()


def _find(db: Connection, provider: OpenIdProvider, unique_id: str) -> Entrant | None:
    """The login of this provider with this id. Raises SignInFailed if it is suspended."""
    row = db.execute(
        select(Login.c.id, Login.c.user_id, Login.c.unique_id, Login.c.state, User.c.state.label("user_state"))
        .join(User, User.c.id == Login.c.user_id)
        .where(
            Login.c.account_id == provider.account_id,
            Login.c.provider_key == provider.id,
            Login.c.unique_id_key == search_key(unique_id),
            Login.c.state != LoginState.DELETED,
        )
    ).first()
    if row is None:
        return None
    if (
        row.state != LoginState.ACTIVE
        or row.user_state == UserState.DELETED
        or not _is_same(provider, row.unique_id, unique_id)
    ):
        raise SignInFailed(UNKNOWN)
    return Entrant(row.id, row.user_id)


def _is_same(provider: OpenIdProvider, known: str, said: str) -> bool:
    """Letter case counts for a ``sub`` and not for other logins. Folding merges letters that only look alike."""
    return known == said or (provider.login_attribute != "sub" and known.isascii() and said.isascii())


def _make(db: Connection, provider: OpenIdProvider, claims: Mapping[str, Any], unique_id: str) -> Entrant | None:
    channel = None
    try:
        with db.begin_nested():
            made = create_user(db, provider.account_id, _new_user(provider, claims, unique_id), None)
            channel = made.channel
    except InvalidSignUp:
        # The same person signed in twice at the same time and was created a moment ago.
        pass
    entrant = _find(db, provider, unique_id)
    return entrant._replace(channel=channel) if entrant is not None else None


def _new_user(provider: OpenIdProvider, claims: Mapping[str, Any], unique_id: str) -> NewUser:
    attributes = _attributes(provider, claims)
    email = attributes.get("email", "")
    channel = None
    if is_email(email):
        channel = NewChannel("email", email, confirmed=claims.get("email_verified") in (True, "true"))
    joined = " ".join(filter(None, (attributes.get("given_name"), attributes.get("surname"))))
    name = attributes.get("name") or joined or unique_id
    given = (name, attributes.get("display_name") or UNSET, attributes.get("sortable_name") or UNSET)
    locale = attributes.get("locale", "")
    return NewUser(
        names=names_on_create(*given, login_id=unique_id, email=email or None),
        names_given=given,
        time_zone=attributes.get("timezone"),
        locale=locale if is_installed(locale) else None,
        accepts_terms=False,
        registered=True,
        initial_enrollment_type=None,
        unique_id=unique_id,
        provider=ProviderRef(provider.id, provider.id),
        password=None,
        sis_user_id=None,
        integration_id=None,
        channel=channel,
        notice=None,
        revive=False,
    )


def _attributes(provider: OpenIdProvider, claims: Mapping[str, Any]) -> dict[str, str]:
    """The provider's texts about the person, by our attribute names. SIS ids and roles are never used."""
    found = {name: claims.get(claim) for name, claim in (provider.names or _STANDARD).items()}
    return {
        name: value.strip()[:NAME_LIMIT]
        for name, value in found.items()
        if isinstance(value, str) and value.strip() and value.isprintable()
    }
