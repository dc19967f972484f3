"""The terms of use of a root account (identity.md §11)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection, insert, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.school.accounts.settings import change_settings
from homeroom.school.ground.errors import NotFound, Refused
from homeroom.school.rights.account_settings import read_settings
from homeroom.school.schema import Account, TermsOfService

TermsType = Literal["default", "custom", "no_terms"]

LONGEST_TERMS = 100_000
DEFAULT_TERMS = (
    "<p>Your school runs this server and decides who may use it. Keep your password to yourself, and act here only in "
    "your own name. What you write and hand in stays yours; people of your school see it as far as its rules and the "
    "rights of their roles allow. The school may limit or close accounts that harm others or the server.</p>"
)


class Terms(NamedTuple):
    """The terms of a root account. ``passive``: nobody is asked to accept them. ``content`` is HTML."""

    id: int
    account_id: int
    terms_type: str
    passive: bool
    content: str | None
    self_registration: str


class TermsChange(Struct, forbid_unknown_fields=True):
    terms_type: TermsType | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    passive: bool | UnsetType = UNSET


def find_terms(db: Connection, root_account_id: int) -> Terms:
    """The terms of this root account. Raises NotFound for an account that has none of its own."""
    row = db.execute(
        select(
            TermsOfService.c.id,
            TermsOfService.c.account_id,
            TermsOfService.c.terms_type,
            TermsOfService.c.content,
            Account.c.settings,
        )
        .join(Account, Account.c.id == TermsOfService.c.account_id)
        .where(TermsOfService.c.account_id == root_account_id)
    ).first()
    if row is None:
        raise NotFound("terms of service")
    settings = read_settings(row.settings)
    content = DEFAULT_TERMS if row.terms_type == "default" else row.content
    return Terms(
        row.id, row.account_id, row.terms_type, not settings.require_terms, content, settings.self_registration
    )


def add_terms(db: Connection, root_account_id: int) -> None:
    """Give a new root account the default terms."""
    now = clock.now()
    row = insert(TermsOfService).values(account_id=root_account_id, terms_type="default")
    db.execute(row.values(created_at=now, updated_at=now))


def change_terms(db: Connection, root_account_id: int, change: TermsChange) -> None:
    """Change the given fields, all or none. Raises NotFound, and Refused for invalid terms."""
    lock(db, Account, [root_account_id])
    now = find_terms(db, root_account_id)
    terms_type = now.terms_type if change.terms_type is UNSET else change.terms_type
    passive = now.passive if change.passive is UNSET else change.passive
    own_content = now.content if now.terms_type == "custom" else None
    content = own_content if change.content is UNSET else change.content
    if terms_type != "custom":
        if change.content:
            raise Refused("Only custom terms have a content of their own.")
        content = None
    elif not content or len(content) > LONGEST_TERMS:
        raise Refused(f"Custom terms need content of at most {LONGEST_TERMS} characters.")
    if terms_type == "no_terms" and not passive:
        raise Refused("People can only be asked to accept terms if there are terms.")
    db.execute(
        update(TermsOfService)
        .where(TermsOfService.c.account_id == root_account_id)
        .values(terms_type=terms_type, content=content, updated_at=clock.now())
    )
    if passive != now.passive:
        change_settings(db, root_account_id, {"require_terms": not passive})
