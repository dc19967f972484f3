"""Developer keys: finding them, and lists (identity.md §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from homeroom.db.types import AnyRow, AnySelect
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.ground.listing import Listing, as_it_is, by
from homeroom.school.rights.actor import AccountRef, Actor
from homeroom.school.schema import (
    AccessToken,
    Account,
    DeveloperKey,
    DeveloperKeyBinding,
    User,
)
from homeroom.school.states import TokenState

RIGHT = "manage_developer_keys"
_site = Account.alias("site_admin")
_SITE_ADMIN = select(_site.c.name).where(_site.c.is_site_admin).scalar_subquery()
_live_tokens = (AccessToken.c.developer_key_id == DeveloperKey.c.id, AccessToken.c.state == TokenState.ACTIVE)

COLUMNS = (
    DeveloperKey.c.id,
    DeveloperKey.c.account_id,
    DeveloperKey.c.user_id,
    DeveloperKey.c.name,
    DeveloperKey.c.email,
    DeveloperKey.c.notes,
    DeveloperKey.c.icon_url,
    DeveloperKey.c.vendor_code,
    DeveloperKey.c.is_default,
    DeveloperKey.c.state,
    DeveloperKey.c.sealed_secret,
    DeveloperKey.c.client_type,
    DeveloperKey.c.public_jwk,
    DeveloperKey.c.public_jwk_url,
    DeveloperKey.c.redirect_uri,
    DeveloperKey.c.redirect_uris,
    DeveloperKey.c.require_scopes,
    DeveloperKey.c.allow_includes,
    DeveloperKey.c.scopes,
    DeveloperKey.c.auto_expire_tokens,
    DeveloperKey.c.visible,
    DeveloperKey.c.test_cluster_only,
    DeveloperKey.c.client_credentials_audience,
    DeveloperKey.c.created_at,
    User.c.name.label("user_name"),
    func.coalesce(Account.c.name, _SITE_ADMIN).label("account_name"),
    select(func.count()).select_from(AccessToken).where(*_live_tokens).scalar_subquery().label("access_token_count"),
    select(func.max(AccessToken.c.last_used_at)).where(*_live_tokens).scalar_subquery().label("last_used_at"),
)
_KEYS: AnySelect = (
    select(*COLUMNS)
    .select_from(DeveloperKey)
    .outerjoin(User, User.c.id == DeveloperKey.c.user_id)
    .outerjoin(Account, Account.c.id == DeveloperKey.c.account_id)
)


def key_owner(actor: Actor, account_id: int) -> int | None:
    """The ``account_id`` of this account's keys; null for the site admin's."""
    return None if account_id == actor.root.site_admin_account_id else account_id


def keys_of(actor: Actor, account_id: int, *, inherited: bool) -> Listing[AnyRow]:
    """The account's keys that are not deleted, the newest first; with ``inherited`` those that it inherits from the
    site admin."""
    rows = _KEYS.where(DeveloperKey.c.state != "deleted")
    owner = None if inherited else key_owner(actor, account_id)
    rows = rows.where(DeveloperKey.c.account_id.is_(None) if owner is None else DeveloperKey.c.account_id == owner)
    if inherited:
        rows = rows.where(DeveloperKey.c.visible)
    return Listing(rows, by(DeveloperKey.c.id, descending=True), as_it_is)


_BINDINGS = select(
    DeveloperKeyBinding.c.id,
    DeveloperKeyBinding.c.account_id,
    DeveloperKeyBinding.c.developer_key_id,
    DeveloperKeyBinding.c.state,
)


class Binding(NamedTuple):
    """Whether an account has a key switched on. ``owned``: it says so itself, and not the site admin for it."""

    id: int
    account_id: int
    developer_key_id: int
    state: str
    owned: bool


def bindings_in(db: Connection, actor: Actor, account_id: int, key_ids: Sequence[int]) -> dict[int, Binding]:
    """What counts for the account of each key: the site admin's word, unless it leaves the choice to others."""
    site = actor.root.site_admin_account_id
    theirs = (
        DeveloperKeyBinding.c.developer_key_id.in_(key_ids),
        DeveloperKeyBinding.c.account_id.in_((site, account_id)),
    )
    found: dict[int, Binding] = {}
    for row in db.execute(_BINDINGS.where(*theirs).order_by(DeveloperKeyBinding.c.account_id == site)):
        # The account's own word comes first.
        if row.developer_key_id not in found or row.state != "allow":
            found[row.developer_key_id] = Binding(*row, owned=row.account_id == account_id)
    return found


def binding_of(db: Connection, account_id: int, key_id: int) -> Binding:
    """What the account itself says of the key; it has said something."""
    own = DeveloperKeyBinding.c.developer_key_id == key_id, DeveloperKeyBinding.c.account_id == account_id
    return Binding(*db.execute(_BINDINGS.where(*own)).one(), owned=True)


def find_key(db: Connection, key_id: int) -> AnyRow:
    """The key with all COLUMNS, deleted or not. Raises NotFound."""
    row = db.execute(_KEYS.where(DeveloperKey.c.id == key_id)).first()
    if row is None:
        raise NotFound("developer key")
    return row


def find_managed_key(db: Connection, actor: Actor, form: IdForm) -> AnyRow:
    """The key that the id means, which the actor manages.

    Raises NotFound and NotAllowed; for who manages no keys here always NotAllowed, whether there is such a key or not.
    """
    try:
        row = find_key(db, number_of(form))
        if row.state == "deleted":
            raise NotFound("developer key")
    except NotFound:
        actor.require(RIGHT, actor.root.ref)
        raise
    if not actor.holds(RIGHT, owner_ref(actor, row.account_id)):
        raise NotAllowed(RIGHT)
    return row


def owner_ref(actor: Actor, account_id: int | None) -> AccountRef:
    """The account whose rights decide about a key. Keys belong only to root accounts and to the site admin."""
    owner = actor.root.site_admin_account_id if account_id is None else account_id
    return AccountRef(owner, (owner,))
