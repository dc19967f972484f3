"""From a token to an actor, in one statement; and the rules of masquerading (basics.md §1, §7; identity.md §1)."""

from __future__ import annotations

import secrets
import string
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, bindparam, exists, func, select

from homeroom import clock
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnyRow
from homeroom.school.ground.errors import SchoolError
from homeroom.school.rights.account_roles import overrides_of, read_overrides, read_roles, roles_of
from homeroom.school.rights.account_settings import read_settings
from homeroom.school.rights.actor import Actor, Root, has_all_rights_of
from homeroom.school.schema import (
    AccessToken,
    Account,
    DeveloperKey,
    Login,
    User,
)
from homeroom.school.sign_in.key_switches import is_switched_on
from homeroom.school.states import LoginState, TokenState, UserState


class BadToken(SchoolError):
    """A credential that does not authenticate. ``message`` is the documented sentence (basics.md §2.2)."""

    def __init__(self, message: str = "Invalid access token.", expired_at: datetime | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.expired_at = expired_at


class InsufficientScopes(SchoolError):
    """The token's key requires scopes, and this route is not among them."""


class BadMasquerade(SchoolError):
    """The caller cannot act as ``as_user_id``. ``merged_into`` is the user into whom ``as_user_id`` was merged."""

    def __init__(self, message: str = "Invalid as_user_id", merged_into: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.merged_into = merged_into


_root = ROOT_ACCOUNT = Account.alias("root")
_site = Account.alias("site_admin")
ROOT_COLUMNS = (
    _root.c.id.label("root_id"),
    _root.c.uuid.label("root_uuid"),
    _root.c.name.label("root_name"),
    _root.c.settings.label("root_settings"),
    select(_site.c.id).where(_site.c.is_site_admin).scalar_subquery().label("site_admin_account_id"),
)
# One root account only (homeroom.md §1): the account that has no parent and is not the site admin's.
IS_ROOT = and_(_root.c.parent_account_id.is_(None), _root.c.is_site_admin.is_(False))
USER_COLUMNS = (
    User.c.id.label("user_id"),
    User.c.name.label("user_name"),
    User.c.uuid.label("user_uuid"),
    User.c.state.label("user_state"),
    User.c.time_zone.label("user_time_zone"),
    User.c.locale.label("user_locale"),
    roles_of(User.c.id).label("roles"),
    overrides_of(User.c.id).label("overrides"),
)
_HAS_LOGIN = exists().where(Login.c.user_id == User.c.id, Login.c.state != LoginState.DELETED)

_BY_TOKEN = Prepared(
    select(
        *ROOT_COLUMNS,
        *USER_COLUMNS,
        # A person who acts as somebody else has signed in with their own login.
        exists()
        .where(
            Login.c.user_id == func.coalesce(AccessToken.c.real_user_id, User.c.id), Login.c.state == LoginState.ACTIVE
        )
        .label("has_login"),
        AccessToken.c.id.label("token_id"),
        AccessToken.c.real_user_id,
        AccessToken.c.developer_key_id,
        AccessToken.c.scopes,
        AccessToken.c.state.label("token_state"),
        AccessToken.c.expires_at,
        AccessToken.c.permanent_expires_at,
        AccessToken.c.last_used_at,
        DeveloperKey.c.require_scopes,
        DeveloperKey.c.allow_includes,
        DeveloperKey.c.scopes.label("key_scopes"),
        DeveloperKey.c.state.label("key_state"),
        DeveloperKey.c.is_default.label("is_manual"),
    )
    .join(User, User.c.id == AccessToken.c.user_id)
    .join(DeveloperKey, DeveloperKey.c.id == AccessToken.c.developer_key_id)
    .join(_root, IS_ROOT)
    .where(AccessToken.c.digest == bindparam("digest"))
)
_ROOT = select(*ROOT_COLUMNS).where(IS_ROOT)
_TARGET = (
    select(*ROOT_COLUMNS, *USER_COLUMNS, _HAS_LOGIN.label("has_login"), User.c.merged_into_user_id)
    .join(_root, IS_ROOT)
    .where(User.c.id == bindparam("user_id"))
)
_WORD = string.ascii_letters + string.digits
_read_scopes = msgspec.json.Decoder(list[str])


def new_token() -> str:
    """A new access token: 64 letters and digits. It begins with a letter, so that its hint is not a number."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(_WORD) for _ in range(63))


def root_of(row: AnyRow) -> Root:
    return Root(
        row.root_id,
        row.root_uuid,
        row.root_name,
        row.site_admin_account_id,
        read_settings(row.root_settings),
    )


def find_root(db: Connection) -> Root:
    """The root account; one statement."""
    return root_of(db.execute(_ROOT).one())


def actor_of(row: AnyRow) -> Actor:
    """The actor in a row with ROOT_COLUMNS and USER_COLUMNS."""
    return Actor(
        root=root_of(row),
        id=row.user_id,
        name=row.user_name,
        uuid=row.user_uuid,
        state=row.user_state,
        time_zone=row.user_time_zone,
        locale=row.user_locale,
        real_id=row.user_id,
        roles=read_roles(row.roles),
        overrides=read_overrides(row.overrides),
    )


def actor_of_token(db: Connection, digest: bytes) -> Actor:
    """The actor of this token, in one statement. Raises BadToken with the documented message.

    Of an application's token it is asked, too, whether its key is switched on; of one made while acting as somebody,
    whether its maker still may.
    """
    row = _BY_TOKEN.first(db, digest=digest)
    if row is None or row.token_state == TokenState.PENDING or row.key_state != "active":
        raise BadToken
    if row.token_state == TokenState.DELETED:
        raise BadToken("Revoked access token.")
    if row.permanent_expires_at is not None and row.permanent_expires_at <= clock.now():
        raise BadToken("Expired access token.", row.permanent_expires_at)
    if (
        row.user_state == UserState.DELETED
        or not row.has_login
        or (row.expires_at is not None and row.expires_at <= clock.now())
    ):
        raise BadToken
    actor = actor_of(row)
    if not row.is_manual and not is_switched_on(db, actor.root, row.developer_key_id):
        raise BadToken
    if row.real_user_id is not None and not may_still_act_as(db, row.real_user_id, actor):
        raise BadToken
    actor.token_id = row.token_id
    actor.real_id = row.real_user_id or row.user_id
    actor.developer_key_id = row.developer_key_id
    actor.last_used_at = row.last_used_at
    if row.require_scopes:
        # A scope that the key lost after the grant is lost for the token too.
        actor.scopes = frozenset(_read_scopes.decode(row.scopes)).intersection(_read_scopes.decode(row.key_scopes))
        actor.allow_includes = row.allow_includes
    return actor


def find_actor(db: Connection, user_id: int) -> Actor | None:
    """Any user as an actor with their rights; None if there is no such user. Checks nothing else."""
    row = db.execute(_TARGET, {"user_id": user_id}).first()
    return actor_of(row) if row is not None else None


def masquerade(db: Connection, actor: Actor, user_id: int | None) -> Actor:
    """The actor acting as this user. Raises BadMasquerade (basics.md §7)."""
    if actor.is_masquerading:
        if user_id == actor.id:
            return actor
        raise BadMasquerade("Cannot change masquerade")
    if user_id == actor.id:
        return actor
    row = db.execute(_TARGET, {"user_id": user_id}).first() if user_id is not None else None
    if row is None:
        raise BadMasquerade
    target = actor_of(row)
    if row.user_state == UserState.DELETED:
        known = row.merged_into_user_id if actor.holds("manage_user_logins", actor.root.ref) else None
        raise BadMasquerade(merged_into=known)
    if not row.has_login or not _may_act_as(db, actor, target):
        raise BadMasquerade
    target.real_id = actor.id
    target.token_id, target.developer_key_id, target.session_id = (
        actor.token_id,
        actor.developer_key_id,
        actor.session_id,
    )
    target.scopes, target.allow_includes, target.last_used_at = actor.scopes, actor.allow_includes, actor.last_used_at
    return target


def may_still_act_as(db: Connection, real_id: int, target: Actor) -> bool:
    """Whether a person who acts as the target would still be allowed to begin it now."""
    real = find_actor(db, real_id)
    return real is not None and _may_act_as(db, real, target)


def _may_act_as(db: Connection, actor: Actor, target: Actor) -> bool:
    return actor.holds("become_user", actor.root.ref) and has_all_rights_of(db, actor, target)
