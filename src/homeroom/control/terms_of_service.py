"""The terms of service of a root account (identity.md §11)."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from homeroom.control.contexts import SiteAdminsAccount, without_credentials
from homeroom.school.accounts.terms_of_service import TermsChange, change_terms, find_terms
from homeroom.school.ground.errors import Refused
from homeroom.wire.routing.routes import BY_POLICY, RawParams, Routes

route = Routes()


class TermsJson(msgspec.Struct):
    id: int
    account_id: int
    terms_type: str
    passive: bool
    content: str | None
    self_registration: str


@route.put("/accounts/:id/terms_of_service", right=BY_POLICY, scope=False, takes=TermsChange)
def change_terms_of_service(account: SiteAdminsAccount, changes: RawParams, db: Connection) -> TermsJson:
    """Change what people agree to, and whether they must."""
    try:
        change = msgspec.convert(without_credentials(changes), TermsChange)
    except msgspec.ValidationError as error:
        raise Refused(f"The terms cannot be changed: {error}.") from None
    change_terms(db, account.id, change)
    return TermsJson(*find_terms(db, account.id))
