"""Terms (learning-resources.md §14)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.courses import terms
from homeroom.school.courses.terms import Dates, Term
from homeroom.school.ground.errors import NotAllowed, Refused
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.reading import may_give_sis_ids, may_read, with_sis_ids_allowed
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import TermId
from homeroom.wire.params.paging import Page, Paging, Under
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes

route = Routes()


class TermDatesJson(Struct):
    start_at: datetime | None
    end_at: datetime | None


class TermJson(Struct):
    id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime | None
    workflow_state: str
    grading_period_group_id: int | None = None
    sis_term_id: str | UnsetType | None = UNSET
    sis_import_id: int | UnsetType | None = UNSET
    overrides: dict[str, TermDatesJson] | UnsetType = UNSET


class ListTerms(Struct):
    workflow_state: frozenset[str] = frozenset(("active",))
    include: frozenset[str] = frozenset()
    term_name: str = ""


class ShowTerm(Struct):
    include: frozenset[str] = frozenset()


class TermDates(Struct):
    start_at: datetime | None = None
    end_at: datetime | None = None


class TermValues(Struct):
    name: str | UnsetType = UNSET
    start_at: datetime | UnsetType | None = UNSET
    end_at: datetime | UnsetType | None = UNSET
    sis_term_id: str | UnsetType | None = UNSET
    overrides: dict[str, TermDates] | UnsetType = UNSET


class CreateTerm(Struct):
    enrollment_term: TermValues


class ChangeTerm(Struct):
    enrollment_term: TermValues
    override_sis_stickiness: bool = True


@route.get("/accounts/:account_id/terms", right=BY_POLICY)
def list_terms(
    account: AccountContext, params: Params[ListTerms], paging: Paging, actor: Actor, db: Connection
) -> Annotated[Page[TermJson], Under("enrollment_terms")]:
    """List enrollment terms."""
    _require_reader(actor, account)
    wanted = params.workflow_state
    states = ("active", "deleted") if "all" in wanted else tuple(wanted & {"active", "deleted"})
    page = paging.of(db, terms.terms_of(account.id, states=states, name=params.term_name))
    own_dates = terms.dates_by_type(db, [term.id for term in page.items]) if "overrides" in params.include else None
    return page.map(lambda term: term_json(term, actor, own_dates))


@route.get("/accounts/:account_id/terms/:id", right=BY_POLICY)
def show_term(account: AccountContext, id: TermId, params: Params[ShowTerm], actor: Actor, db: Connection) -> TermJson:
    """Retrieve enrollment term."""
    _require_reader(actor, account)
    term = terms.find_term(db, actor, id)
    own_dates = terms.dates_by_type(db, [term.id]) if "overrides" in params.include else None
    return term_json(term, actor, own_dates)


@route.post("/accounts/:account_id/terms", right="manage_account_settings")
def create_term(account: AccountContext, params: Params[CreateTerm], actor: Actor, db: Connection) -> TermJson:
    """Create enrollment term."""
    _require_root(account)
    values = params.enrollment_term
    term_id = terms.create_term(db, account.id, _columns(values, actor), _own_dates(values) or {})
    return _shown(db, actor, term_id, with_overrides=values.overrides is not UNSET)


@route.put("/accounts/:account_id/terms/:id", right="manage_account_settings")
def update_term(
    account: AccountContext, id: TermId, params: Params[ChangeTerm], actor: Actor, db: Connection
) -> TermJson:
    """Update enrollment term."""
    _require_root(account)
    term, values = terms.find_term(db, actor, id), params.enrollment_term
    respect = not params.override_sis_stickiness
    terms.update_term(db, term, _columns(values, actor), _own_dates(values), respect_stickiness=respect)
    return _shown(db, actor, term.id, with_overrides=values.overrides is not UNSET)


@route.delete("/accounts/:account_id/terms/:id", right="manage_account_settings")
def delete_term(account: AccountContext, id: TermId, actor: Actor, db: Connection) -> TermJson:
    """Delete enrollment term."""
    _require_root(account)
    term = terms.find_term(db, actor, id)
    terms.delete_term(db, term)
    return _shown(db, actor, term.id, with_overrides=False)


def term_json(term: Term, actor: Actor, own_dates: dict[int, dict[str, Dates]] | None = None) -> TermJson:
    """The Term object; with ``own_dates`` it shows its overrides. As a course's ``term`` too."""
    json = TermJson(
        id=term.id,
        name=term.name,
        start_at=seconds(term.start_at),
        end_at=seconds(term.end_at),
        created_at=seconds(term.created_at),
        workflow_state=term.state,
    )
    if may_read(actor, actor.root.ref, "sis"):
        json.sis_term_id = term.sis_term_id
    if may_give_sis_ids(actor):
        json.sis_import_id = term.sis_import_id
    if own_dates is not None:
        json.overrides = {
            type_: TermDatesJson(seconds(dates.start_at), seconds(dates.end_at))
            for type_, dates in own_dates.get(term.id, {}).items()
        }
    return json


def _shown(db: Connection, actor: Actor, term_id: int, *, with_overrides: bool) -> TermJson:
    own_dates = terms.dates_by_type(db, [term_id]) if with_overrides else None
    return term_json(terms.terms_with_ids(db, {term_id})[term_id], actor, own_dates)


def _columns(values: TermValues, actor: Actor) -> dict[str, object]:
    """The given values of columns. A SIS id is ignored unless the caller may manage SIS data."""
    columns = with_sis_ids_allowed(actor, given(values), ("sis_term_id",))
    columns.pop("overrides", None)
    return columns


def _own_dates(values: TermValues) -> dict[str, Dates] | None:
    if isinstance(values.overrides, UnsetType):
        return None
    dates = {type_: Dates(own.start_at, own.end_at) for type_, own in values.overrides.items()}
    return {type_: own for type_, own in dates.items() if any(own)}


def _require_root(account: FoundAccount) -> None:
    if not account.is_root:
        raise Refused("Terms only belong to root_accounts.")


def _require_reader(actor: Actor, account: FoundAccount) -> None:
    """Whoever administers an account of the school may see its terms: courses are put into them."""
    if not actor.is_admin:
        raise NotAllowed("read_course_list")
    _require_root(account)
