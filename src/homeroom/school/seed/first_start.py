"""The first start: root account, site-admin account, built-in roles, and the site admin (homeroom.md §1)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from homeroom import clock
from homeroom.db import Database, begin_ids_anew, digest_of, new_uuid
from homeroom.school.ground.email_addresses import address_key
from homeroom.school.people import directory
from homeroom.school.people.names import names_on_create, search_key
from homeroom.school.people.passwords import hash_password
from homeroom.school.rights import permissions
from homeroom.school.schema import (
    METADATA,
    AccessToken,
    Account,
    AccountAdmin,
    AuthenticationProvider,
    ChannelState,
    CommunicationChannel,
    DeveloperKey,
    EnrollmentTerm,
    Login,
    LoginState,
    Role,
    SystemFact,
    TermsOfService,
    TokenState,
    User,
    UserState,
)
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
            add_token(db, _first_admin(db), "HOMEROOM_ADMIN_TOKEN", token)


def _first_admin(db: Connection) -> int:
    admins = select(AccountAdmin.c.user_id).join(Account, Account.c.id == AccountAdmin.c.account_id)
    admins = admins.where(Account.c.is_site_admin, AccountAdmin.c.state == "active").order_by(AccountAdmin.c.id)
    return int(db.execute(admins.limit(1)).scalar_one())


def set_up(db: Connection, *, name: str, token: str | None, password: str, password_hash: str) -> FirstAdmin:
    """Create what every school needs. ``password_hash`` was made outside the transaction, for hashing is slow."""
    now = clock.now()
    root = _add_account(db, name)
    site = _add_account(db, "Site Admin", is_site_admin=True)
    roles = add_built_in_roles(db, root)
    db.execute(
        insert(EnrollmentTerm).values(
            root_account_id=root, name="Default Term", is_default=True, state="active", created_at=now, updated_at=now
        )
    )
    db.execute(insert(TermsOfService).values(account_id=root, terms_type="default", created_at=now, updated_at=now))
    db.execute(
        insert(DeveloperKey).values(
            name="User-Generated",
            is_default=True,
            state="active",
            auto_expire_tokens=False,
            created_at=now,
            updated_at=now,
        )
    )
    db.execute(
        insert(AuthenticationProvider).values(
            account_id=root, auth_type="canvas", position=1, state="active", created_at=now, updated_at=now
        )
    )
    db.execute(insert(SystemFact).values(name="secret_key", value=secrets.token_urlsafe(48)))
    admin = _add_admin_user(db, root, password_hash)
    for account in (root, site):
        db.execute(
            insert(AccountAdmin).values(
                account_id=account,
                user_id=admin,
                role_id=roles[permissions.ADMIN],
                state="active",
                created_at=now,
                updated_at=now,
            )
        )
    directory.refresh(db, [admin])
    directory.associate(db, [admin])
    return FirstAdmin(ADMIN_LOGIN, password, add_token(db, admin, "First admin token", token))


def add_built_in_roles(db: Connection, root_id: int) -> dict[str, int]:
    """Add the built-in roles; name -> id."""
    now = clock.now()
    for name in (permissions.ADMIN, *permissions.COURSE_ROLES):
        db.execute(
            insert(Role).values(
                account_id=root_id, name=name, base_role_type=name, state="built_in", created_at=now, updated_at=now
            )
        )
    return {row.name: row.id for row in db.execute(select(Role.c.id, Role.c.name).where(Role.c.account_id == root_id))}


def add_token(db: Connection, user_id: int, purpose: str, token: str | None = None) -> str:
    """An access token of this user that never expires; the token itself is returned and not kept."""
    token = token or new_token()
    now = clock.now()
    key = db.execute(select(DeveloperKey.c.id).where(DeveloperKey.c.is_default)).scalar_one()
    db.execute(
        insert(AccessToken).values(
            user_id=user_id,
            developer_key_id=key,
            digest=digest_of(token),
            hint=token[:5],
            purpose=purpose,
            state=TokenState.ACTIVE,
            created_at=now,
            updated_at=now,
        )
    )
    return token


def _add_account(db: Connection, name: str, *, is_site_admin: bool = False) -> int:
    now = clock.now()
    account_id = db.execute(
        insert(Account).values(
            name=name,
            uuid=new_uuid(),
            ancestry="",
            is_site_admin=is_site_admin,
            state="active",
            lti_guid=new_uuid(),
            created_at=now,
            updated_at=now,
        )
    ).inserted_primary_key[0]  # type: ignore[index]
    db.execute(Account.update().where(Account.c.id == account_id).values(ancestry=f"/{account_id}/"))
    return int(account_id)


def _add_admin_user(db: Connection, root_id: int, password_hash: str) -> int:
    now = clock.now()
    names = names_on_create("Homeroom Admin", login_id=ADMIN_LOGIN)
    user_id = int(
        db.execute(
            insert(User).values(
                uuid=new_uuid(),
                name=names.name,
                short_name=names.short_name,
                sortable_name=names.sortable_name,
                state=UserState.REGISTERED,
                calendar_code=new_uuid(),
                created_at=now,
                updated_at=now,
            )
        ).inserted_primary_key[0]  # type: ignore[index]
    )
    db.execute(
        insert(Login).values(
            user_id=user_id,
            account_id=root_id,
            unique_id=ADMIN_LOGIN,
            unique_id_key=search_key(ADMIN_LOGIN),
            password_hash=password_hash,
            state=LoginState.ACTIVE,
            created_at=now,
            updated_at=now,
        )
    )
    db.execute(
        insert(CommunicationChannel).values(
            user_id=user_id,
            type="email",
            address=ADMIN_LOGIN,
            address_key=address_key(ADMIN_LOGIN),
            state=ChannelState.ACTIVE,
            trusted=True,
            created_at=now,
            updated_at=now,
        )
    )
    return user_id
