"""Terms of service (identity.md §11)."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.terms_of_service import Terms, find_terms
from homeroom.school.ground.errors import NotFound
from homeroom.school.rights.actor import Actor
from homeroom.wire.routing.routes import PUBLIC, Routes

route = Routes()


class TermsOfServiceJson(Struct):
    id: int
    terms_type: str
    passive: bool
    account_id: int
    content: str | None
    self_registration_type: str


@route.get("/accounts/:account_id/terms_of_service", right=PUBLIC)
def show_terms_of_service(account: AccountContext, actor: Actor, db: Connection) -> TermsOfServiceJson:
    """Get the terms of service: a sub-account has those of its root account."""
    # Whoever registers reads the terms before they are anybody, and learns nothing of other accounts by asking.
    if not actor.is_signed_in and account.id != actor.root.id:
        raise NotFound("account")
    return terms_json(find_terms(db, account.id if account.is_root else actor.root.id))


def terms_json(terms: Terms) -> TermsOfServiceJson:
    return TermsOfServiceJson(
        terms.id, terms.terms_type, terms.passive, terms.account_id, terms.content, terms.self_registration
    )
