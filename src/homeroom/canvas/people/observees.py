"""Observers and those whom they observe (identity.md §9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.people.user_json import UserJson, UserView, user_json
from homeroom.school.accounts.accounts.queries import find_account
from homeroom.school.ground.errors import NotFound, TooManyTries
from homeroom.school.ground.listing import Listing
from homeroom.school.people.observers import links, pairing_codes
from homeroom.school.people.observers.links import ObserveeRefused
from homeroom.school.people.users import policy
from homeroom.school.people.users.policy import Rule
from homeroom.school.people.users.queries import Person, find_person, find_user, find_user_id
from homeroom.school.rights.actor import Actor
from homeroom.school.sign_in import attempts, password_sign_in
from homeroom.school.sign_in import observer_proofs as proofs
from homeroom.school.sign_in.observer_proofs import TypedCode
from homeroom.school.sign_in.password_sign_in import Checked
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.answers import seconds
from homeroom.wire.params.ids import UserId, parse_id
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.routing.routes import BY_POLICY, Params, Prepared, Routes
from homeroom.wire.serving.call import Call
from homeroom.wire.serving.services import Services

route = Routes()
UNKNOWN = "Unknown observee."
WRONG_PASSWORD = "Invalid credentials provided."
WRONG_CODE = "Invalid pairing code."
_WINDOW = int(attempts.WINDOW.total_seconds())
_TOKEN = "observee by token"


class ListObservees(Struct):
    include: frozenset[str] = frozenset()


class Credentials(Struct, frozen=True):
    unique_id: str = ""
    password: str = ""


class AddObservee(Struct):
    observee: Credentials = Credentials()
    pairing_code: str = ""
    access_token: str = ""
    root_account_id: str = ""


class RootAccount(Struct):
    root_account_id: str = ""


class Proof(NamedTuple):
    """What proves that a student agrees to be observed: their password, checked; or a pairing code, looked up."""

    password: Checked | None = None
    code: TypedCode | None = None


class PairingCodeJson(Struct):
    user_id: int
    code: str
    expires_at: datetime | None
    workflow_state: str


@route.get("/users/:user_id/observees", right=BY_POLICY)
def list_observees(user_id: UserId, params: Params[ListObservees], paging: Paging, call: Call) -> Page[UserJson]:
    """List the people whom somebody observes, by sortable name."""
    return _list(call, user_id, links.observees_of, params, paging)


@route.get("/users/:user_id/observers", right=BY_POLICY)
def list_observers(user_id: UserId, params: Params[ListObservees], paging: Paging, call: Call) -> Page[UserJson]:
    """List the people who observe somebody, by sortable name."""
    return _list(call, user_id, links.observers_of, params, paging)


@route.get("/users/:user_id/observees/:observee_id", right=BY_POLICY)
def show_observee(user_id: UserId, observee_id: UserId, call: Call) -> UserJson:
    """Show somebody whom this person observes."""
    observer = _person(call.db, call.actor, user_id, links.can_see_links_of)
    student = find_user(call.db, call.actor, observee_id)
    links.require_link(call.db, observer.id, student.id)
    return _shown(student, call)


@route.get("/users/:user_id/observers/:observer_id", right=BY_POLICY)
def show_observer(user_id: UserId, observer_id: UserId, call: Call) -> UserJson:
    """Show somebody who observes this person."""
    student = _person(call.db, call.actor, user_id, links.can_see_links_of)
    observer = find_user(call.db, call.actor, observer_id)
    links.require_link(call.db, observer.id, student.id)
    return _shown(observer, call)


def _prove(user_id: UserId, params: Params[AddObservee], call: Call, browser: Browser, services: Services) -> Proof:
    """Check the password, or look the pairing code up, before the transaction. Raises TooManyTries, ObserveeRefused.

    An attempt with a code or a token is counted before it is looked at, so many at once do not get around the limit.
    """
    with services.database.read() as db:
        _person(db, call.actor, user_id, links.can_see_links_of)
    if params.pairing_code:
        typed = TypedCode(params.pairing_code, call.actor.real_id, call.request.remote_ip)
        code = proofs.look_up(services.database, typed)
        if code is None:
            raise TooManyTries(_WINDOW)
        return Proof(code=code)
    given = params.observee
    if not given.unique_id:
        if params.access_token:
            with services.database.write() as db:
                admitted = proofs.admit(db, _TOKEN, call.actor.real_id, call.request.remote_ip)
            if not admitted:
                raise TooManyTries(_WINDOW)
        return Proof()
    checked = password_sign_in.check(services.database, given.unique_id, given.password, browser.place)
    if checked.wait:
        raise TooManyTries(checked.wait)
    if checked.candidate is None:
        raise ObserveeRefused(UNKNOWN)
    if not checked.is_right:
        raise ObserveeRefused(WRONG_PASSWORD, status=401)
    return Proof(password=checked)


@route.post("/users/:user_id/observees", right=BY_POLICY, prepare=_prove)
def add_observee_with_credentials(
    user_id: UserId, params: Params[AddObservee], proved: Prepared[Proof], call: Call
) -> UserJson:
    """Let somebody observe a student whose password, access token or pairing code they have."""
    observer = _person(call.db, call.actor, user_id, links.can_see_links_of)
    _require_root(call.db, call.actor, params.root_account_id)
    student = find_person(call.db, _student(call, params, proved))
    links.link(call.db, call.actor.root.id, observer.id, student.id)
    return _shown(student, call)


def _student(call: Call, params: AddObservee, proved: Proof) -> int:
    """The student who agreed. Uses the code up, and resets the count of wrong tries. Raises ObserveeRefused."""
    if proved.code is not None:
        student_id = proofs.use_code(call.db, proved.code)
        if student_id is None:
            raise ObserveeRefused(WRONG_CODE)
        return student_id
    if (checked := proved.password) is not None:
        if checked.candidate is None or not password_sign_in.enter(call.db, checked):
            raise ObserveeRefused(WRONG_PASSWORD, status=401)
        return checked.candidate.user_id
    student_id = proofs.student_of_token(call.db, params.access_token)
    if student_id is None:
        raise ObserveeRefused(UNKNOWN)
    proofs.was_right(call.db, _TOKEN, call.actor.real_id, call.request.remote_ip)
    return student_id


@route.put("/users/:user_id/observees/:observee_id", right=BY_POLICY)
def add_observee(user_id: UserId, observee_id: UserId, params: Params[RootAccount], call: Call) -> UserJson:
    """Let somebody observe a student. For admins."""
    observer, student = _managed_pair(call.db, call.actor, user_id, observee_id, params)
    links.link(call.db, call.actor.root.id, observer.id, student.id)
    return _shown(student, call)


@route.delete("/users/:user_id/observees/:observee_id", right=BY_POLICY)
def remove_observee(user_id: UserId, observee_id: UserId, params: Params[RootAccount], call: Call) -> UserJson:
    """Stop observing a student. For the observer and for admins."""
    observer, student = _own_pair(call.db, call.actor, user_id, observee_id, params) or _managed_pair(
        call.db, call.actor, user_id, observee_id, params
    )
    links.unlink(call.db, observer.id, student.id)
    return _shown(student, call)


class _NewCode(NamedTuple):
    code: str
    digest: bytes


def _new_code(user_id: UserId, call: Call, services: Services) -> _NewCode:
    with services.database.read() as db:
        _person(db, call.actor, user_id, links.can_make_pairing_codes_for)
        key = proofs.code_key(db)
    while True:
        code = pairing_codes.new_code()
        new = _NewCode(code, pairing_codes.digest_of_code(code, key))
        with services.database.read() as db:
            if pairing_codes.is_free(db, new.digest):
                return new


@route.post("/users/:user_id/observer_pairing_codes", right=BY_POLICY, prepare=_new_code)
def create_pairing_code(user_id: UserId, new: Prepared[_NewCode], actor: Actor, db: Connection) -> PairingCodeJson:
    """Make a code by which somebody may observe this student."""
    student = _person(db, actor, user_id, links.can_make_pairing_codes_for)
    made = pairing_codes.keep_code(db, student.id, new.code, new.digest)
    return PairingCodeJson(made.user_id, made.code, seconds(made.expires_at), made.state)


def _person(db: Connection, actor: Actor, form: UserId, rule: Rule) -> Person:
    person = find_user(db, actor, form)
    policy.require(rule, db, actor, person.id)
    return person


def _own_pair(
    db: Connection, actor: Actor, user_id: UserId, observee_id: UserId, params: RootAccount
) -> tuple[Person, Person] | None:
    """The actor and the student; None if somebody else is the observer."""
    if not actor.is_(find_user_id(db, actor, user_id)):
        return None
    _require_root(db, actor, params.root_account_id)
    return find_user(db, actor, user_id), find_user(db, actor, observee_id)


def _managed_pair(
    db: Connection, actor: Actor, user_id: UserId, observee_id: UserId, params: RootAccount
) -> tuple[Person, Person]:
    """The observer and the student. Raises NotFound without a root account of both in which the actor has the right."""
    observer = _person(db, actor, user_id, links.can_manage_links_of)
    student = find_user(db, actor, observee_id)
    _require_root(db, actor, params.root_account_id)
    manages = actor.holds("manage_user_observers", actor.root.ref)
    if not manages or not links.share_root_account(db, actor.root.id, observer.id, student.id):
        raise NotFound("root account")
    return observer, student


def _require_root(db: Connection, actor: Actor, text: str) -> None:
    """Raise NotFound for any other account: there is one root account (homeroom.md §1)."""
    if text not in ("", "all") and find_account(db, actor, parse_id("account", text)).id != actor.root.id:
        raise NotFound("root account")


def _list(
    call: Call, user_id: UserId, linked: Callable[[int], Listing[Person]], params: ListObservees, paging: Paging
) -> Page[UserJson]:
    person = _person(call.db, call.actor, user_id, links.can_see_links_of)
    view = UserView.in_account(call, call.actor.root.ref)

    def render(person: Person) -> UserJson:
        json = user_json(person, view, params.include & {"avatar_url"})
        json.observation_link_root_account_ids = [call.actor.root.id]
        return json

    return paging.of(call.db, linked(person.id)).map(render)


def _shown(person: Person, call: Call) -> UserJson:
    """One end of a link that there is, or that has just been taken away."""
    json = user_json(person, UserView.in_account(call, call.actor.root.ref))
    json.observation_link_root_account_ids = [call.actor.root.id]
    return json
