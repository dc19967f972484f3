"""The first start: root account, site-admin account, built-in roles, and the site admin (homeroom.md §1)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import UNSET
from sqlalchemy import Connection, select

from homeroom.db import Database, begin_ids_anew, digest_of
from homeroom.school.accounts.accounts.actions import create_top_account
from homeroom.school.accounts.roles.actions import add_built_in_roles
from homeroom.school.accounts.terms_of_service import add_terms
from homeroom.school.apps.access_tokens.actions import keep_token
from homeroom.school.apps.developer_keys.actions import make_default_key
from homeroom.school.courses.terms import create_term
from homeroom.school.ground.secret_key import make_secret_key
from homeroom.school.people.admins import give_role
from homeroom.school.people.logins.queries import OWN_PASSWORDS
from homeroom.school.people.names import names_on_create
from homeroom.school.people.passwords import hash_password
from homeroom.school.people.users.creation import create_user
from homeroom.school.people.users.sign_up import NewChannel, NewUser
from homeroom.school.rights import permissions
from homeroom.school.schema import METADATA, AccessToken, Account, AccountAdmin
from homeroom.school.sign_in.authentication_providers.actions import add_own_passwords
from homeroom.school.sign_in.credentials import new_token

ADMIN_LOGIN = "admin@homeroom.example"


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The credentials of the first admin; shown once."""

    login: str
    password: str
    token: str


def is_empty(db: Connection) -> bool:
    """Whether this school has not been set up."""
    return db.execute(select(Account.c.id).limit(1)).first() is None


def first_start(database: Database, *, token: str | None, keep: Callable[[FirstAdmin], None]) -> FirstAdmin | None:
    """Set up an empty school; None if it was set up before. If several processes start together, one does it. ``keep``
    stores the credentials before the school is committed: without them nobody could get in.
    """
    with database.read() as db:
        if not is_empty(db):
            return None
    password = secrets.token_urlsafe(12)
    password_hash = hash_password(password)
    with database.alter() as db:
        if not is_empty(db):
            return None
        # A first start that broke off used ids up, and the root account is account 1.
        begin_ids_anew(db, METADATA.sorted_tables)
        admin = set_up(db, name="Homeroom", token=token, password=password, password_hash=password_hash)
        keep(admin)
        return admin


def honour_token(database: Database, token: str) -> None:
    """Accept this token of the first admin too (HOMEROOM_ADMIN_TOKEN). A revoked token stays revoked."""
    with database.read() as db:
        if db.execute(select(AccessToken.c.id).where(AccessToken.c.digest == digest_of(token))).first():
            return
    with database.alter() as db:
        if not db.execute(select(AccessToken.c.id).where(AccessToken.c.digest == digest_of(token))).first():
            keep_token(db, _first_admin(db), "HOMEROOM_ADMIN_TOKEN", token)


def _first_admin(db: Connection) -> int:
    admins = select(AccountAdmin.c.user_id).join(Account, Account.c.id == AccountAdmin.c.account_id)
    admins = admins.where(Account.c.is_site_admin, AccountAdmin.c.state == "active").order_by(AccountAdmin.c.id)
    return int(db.execute(admins.limit(1)).scalar_one())


def set_up(db: Connection, *, name: str, token: str | None, password: str, password_hash: str) -> FirstAdmin:
    """Create what every school needs. ``password_hash`` was made outside the transaction, for hashing is slow."""
    root = create_top_account(db, name)
    site = create_top_account(db, "Site Admin", is_site_admin=True)
    roles = add_built_in_roles(db, root)
    create_term(db, root, {"name": "Default Term", "is_default": True}, {})
    add_terms(db, root)
    make_default_key(db)
    add_own_passwords(db, root)
    make_secret_key(db)
    admin = create_user(db, root, _new_admin(), password_hash).user_id
    for account in (root, site):
        give_role(db, account, admin, roles[permissions.ADMIN])
    token = token or new_token()
    keep_token(db, admin, "First admin token", token)
    return FirstAdmin(ADMIN_LOGIN, password, token)


def _new_admin() -> NewUser:
    return NewUser(
        names=names_on_create("Homeroom Admin", login_id=ADMIN_LOGIN),
        names_given=(UNSET, UNSET, UNSET),
        time_zone=None,
        locale=None,
        accepts_terms=False,
        registered=True,
        initial_enrollment_type=None,
        unique_id=ADMIN_LOGIN,
        provider=OWN_PASSWORDS,
        password=None,
        sis_user_id=None,
        integration_id=None,
        channel=NewChannel("email", ADMIN_LOGIN, confirmed=True),
        notice=None,
        revive=False,
    )
