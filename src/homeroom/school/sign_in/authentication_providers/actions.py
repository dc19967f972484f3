"""Adding, changing, ordering and deleting authentication providers (homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec.json import decode, encode
from sqlalchemy import Connection, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from homeroom import clock
from homeroom.db import insert_returning_id, lock, violated
from homeroom.db.types import AnyRow
from homeroom.school.accounts.settings import change_settings
from homeroom.school.ground.errors import Fault, Invalid, NotFound, Refused
from homeroom.school.ground.vault import Vault
from homeroom.school.rights.actor import Actor
from homeroom.school.schema import Account, AuthenticationProvider
from homeroom.school.security.events import record
from homeroom.school.sign_in.authentication_providers.kinds import KINDS, check
from homeroom.school.sign_in.authentication_providers.policy import require_power_over_people_of
from homeroom.school.sign_in.authentication_providers.queries import CANVAS, provider_with_id


@dataclass(frozen=True, slots=True)
class ProviderChange:
    """What is given: ``fields`` by name, public and secret ones; None empties a field."""

    fields: Mapping[str, Any]
    position: int | None = None
    jit_provisioning: bool | None = None
    self_registration: str | None = None


def add_provider(db: Connection, vault: Vault, account_id: int, auth_type: str, change: ProviderChange) -> int:
    """A new provider, the last one unless ``position`` says otherwise. Raises Invalid."""
    if auth_type not in KINDS:
        raise Invalid(Fault("auth_type", "inclusion", "is not included in the list"))
    now = clock.now()
    row = insert(AuthenticationProvider).values(
        account_id=account_id,
        auth_type=auth_type,
        position=0,
        jit_provisioning=bool(change.jit_provisioning) and auth_type != CANVAS,
        state="active",
        created_at=now,
        updated_at=now,
        **_columns(vault, _merged(auth_type, {}, {}, change.fields)),
    )
    lock(db, Account, [account_id])
    try:
        with db.begin_nested():
            provider_id = insert_returning_id(db, row)
    except IntegrityError as error:
        if violated(error, AuthenticationProvider) != "uq_authentication_providers_canvas":
            raise
        raise Invalid(Fault("auth_type", "taken", "has already been taken")) from None
    _order(db, account_id, provider_id, change.position)
    _register_themselves(db, account_id, auth_type, change)
    record(db, "provider_changed", object=("authentication_provider", provider_id), change="added")
    return provider_id


def add_own_passwords(db: Connection, account_id: int) -> None:
    """Let people of a new root account sign in with passwords."""
    now = clock.now()
    row = insert(AuthenticationProvider).values(account_id=account_id, auth_type=CANVAS, position=1, state="active")
    db.execute(row.values(created_at=now, updated_at=now))


def change_provider(db: Connection, actor: Actor, vault: Vault, provider: AnyRow, change: ProviderChange) -> None:
    """Change what is given. A secret that is not given stays, unless the provider is somewhere else now.

    Raises Invalid, NotFound for what is deleted by now, and NotAllowed (see ``policy``).
    """
    provider = _held(db, provider)
    settings = decode(provider.settings)
    if provider.login_attribute is not None:
        settings["login_attribute"] = provider.login_attribute
    known = vault.open_json(provider.sealed_secrets) if provider.sealed_secrets else {}
    new = _merged(provider.auth_type, settings, known, change.fields)
    _require_secrets_of_place(provider.auth_type, settings, known, new, change.fields)
    values = _columns(vault, new)
    if change.jit_provisioning is not None and provider.auth_type != CANVAS:
        values["jit_provisioning"] = change.jit_provisioning
    if (new.public, new.hidden) != (settings, known) or values.get(
        "jit_provisioning", False
    ) > provider.jit_provisioning:
        require_power_over_people_of(db, actor, provider)
    changed = update(AuthenticationProvider).where(AuthenticationProvider.c.id == provider.id)
    db.execute(changed.values(**values, updated_at=clock.now()))
    fields = sorted(change.fields)
    record(db, "provider_changed", object=("authentication_provider", provider.id), change="changed", fields=fields)
    if change.position is not None:
        _order(db, provider.account_id, provider.id, change.position)
    _register_themselves(db, provider.account_id, provider.auth_type, change)


def delete_provider(db: Connection, provider: AnyRow) -> None:
    """Delete the provider and its secrets. Raises NotFound if it is already deleted."""
    if provider.auth_type == CANVAS:
        # Administrators must always be able to sign in with a password.
        raise Refused("The canvas provider cannot be deleted.")
    provider = _held(db, provider)
    db.execute(
        update(AuthenticationProvider)
        .where(AuthenticationProvider.c.id == provider.id)
        .values(state="deleted", sealed_secrets=None, updated_at=clock.now())
    )
    record(db, "provider_changed", object=("authentication_provider", provider.id), change="removed")
    _order(db, provider.account_id, None, None)


def _held(db: Connection, provider: AnyRow) -> AnyRow:
    """The provider, locked with the account's other providers until this transaction ends. Raises NotFound."""
    lock(db, Account, [provider.account_id])
    provider = provider_with_id(db, provider.id)
    if provider.state == "deleted":
        raise NotFound("authentication provider")
    return provider


class _Fields(NamedTuple):
    """What a provider is: the fields that answers show, ``login_attribute`` among them, and its secrets."""

    public: dict[str, Any]
    hidden: dict[str, str]


def _merged(
    auth_type: str, settings: Mapping[str, Any], secrets: Mapping[str, str], given: Mapping[str, Any]
) -> _Fields:
    """What was known with what is given on top. Raises Invalid."""
    kind = KINDS[auth_type]
    names = {*kind.public_fields, "login_attribute", *(() if auth_type == CANVAS else ("federated_attributes",))}
    public = {**settings, **{name: value for name, value in given.items() if name in names}}
    hidden = {**secrets, **{name: value for name, value in given.items() if name in kind.secrets}}
    public = {name: value for name, value in public.items() if value not in (None, "")}
    hidden = {name: value for name, value in hidden.items() if value not in (None, "")}
    if kind.default_attribute is not None:
        public.setdefault("login_attribute", kind.default_attribute)
    check(auth_type, {**public, **hidden})
    return _Fields(public, hidden)


def _require_secrets_of_place(
    auth_type: str, settings: Mapping[str, Any], known: Mapping[str, str], new: _Fields, given: Mapping[str, Any]
) -> None:
    """Raise Invalid where a secret would go to another place than the one that it was given for."""
    kind = KINDS[auth_type]
    if any(settings.get(name) != new.public.get(name) for name in (*kind.urls, *kind.addresses)):
        kept = [name for name in known if name in new.hidden and name not in given]
        if kept:
            again = "must be given again when an address of the provider changes"
            raise Invalid(*(Fault(name, "required", again) for name in kept))


def _columns(vault: Vault, fields: _Fields) -> dict[str, Any]:
    public = dict(fields.public)
    attribute = public.pop("login_attribute", None)
    return {
        "login_attribute": attribute,
        "settings": encode(public).decode(),
        "sealed_secrets": vault.seal_json(fields.hidden) if fields.hidden else None,
    }


def _order(db: Connection, account_id: int, moved: int | None, position: int | None) -> None:
    """Number the account's providers from 1, with ``moved`` at this position, or last."""
    rows = db.execute(
        select(AuthenticationProvider.c.id)
        .where(AuthenticationProvider.c.account_id == account_id, AuthenticationProvider.c.state != "deleted")
        .order_by(AuthenticationProvider.c.position, AuthenticationProvider.c.id)
    )
    ids = [row.id for row in rows if row.id != moved]
    if moved is not None:
        ids.insert(len(ids) if position is None else max(position, 1) - 1, moved)
    if ids:
        places = case(
            {provider_id: place for place, provider_id in enumerate(ids, 1)}, value=AuthenticationProvider.c.id
        )
        db.execute(update(AuthenticationProvider).where(AuthenticationProvider.c.id.in_(ids)).values(position=places))


def _register_themselves(db: Connection, account_id: int, auth_type: str, change: ProviderChange) -> None:
    if auth_type == CANVAS and change.self_registration is not None:
        change_settings(db, account_id, {"self_registration": change.self_registration})
