"""Users: find one by any form of an id, and read the columns for an answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select

from homeroom.db import lock, one_of
from homeroom.db.prepared import Prepared
from homeroom.db.types import AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import IdForm, number_of
from homeroom.school.people.names import search_key
from homeroom.school.rights.actor import AccountRef, Actor, chain_of
from homeroom.school.schema import (
    Account,
    DirectoryEntry,
    Enrollment,
    Login,
    ObserverLink,
    User,
    UserAccountAssociation,
)
from homeroom.school.states import EnrollmentState, LoginState, UserState


class Person(NamedTuple):
    """The values of a User object, with the login and the e-mail (users-core.md §1).

    The fields without a default are those that every list shows; see LISTED.
    """

    id: int
    name: str
    created_at: datetime
    sortable_name: str
    short_name: str
    state: str
    pronouns: str | None
    merged_into_user_id: int | None
    has_login: bool
    login_id: str | None
    sis_user_id: str | None
    integration_id: str | None
    sis_import_id: int | None
    uuid: str = ""
    time_zone: str | None = None
    locale: str | None = None
    avatar_source: str | None = None
    avatar_url: str | None = None
    avatar_state: str = "none"
    avatar_file_id: int | None = None
    title: str | None = None
    bio: str | None = None
    pronunciation: str | None = None
    terms_accepted_at: datetime | None = None
    lti_id: str | None = None
    lti_context_id: str | None = None
    email: str | None = None
    last_login: datetime | None = None


# In the order of Person's fields: a row, or its beginning, is a Person.
PERSON_COLUMNS = (
    User.c.id,
    User.c.name,
    User.c.created_at,
    User.c.sortable_name,
    User.c.short_name,
    User.c.state,
    User.c.pronouns,
    User.c.merged_into_user_id,
    DirectoryEntry.c.login_db_id.is_not(None).label("has_login"),
    DirectoryEntry.c.login_id,
    DirectoryEntry.c.sis_user_id,
    DirectoryEntry.c.integration_id,
    DirectoryEntry.c.sis_import_id,
    User.c.uuid,
    User.c.time_zone,
    User.c.locale,
    User.c.avatar_source,
    User.c.avatar_url,
    User.c.avatar_state,
    User.c.avatar_file_id,
    User.c.title,
    User.c.bio,
    User.c.pronunciation,
    User.c.terms_accepted_at,
    User.c.lti_id,
    User.c.lti_context_id,
    DirectoryEntry.c.email,
    DirectoryEntry.c.last_login_at.label("last_login"),
)
# The number of columns for a list without includes.
LISTED = 13
_PEOPLE: AnySelect = select(*PERSON_COLUMNS).outerjoin(DirectoryEntry, DirectoryEntry.c.user_id == User.c.id)
_BY_ID = Prepared(_PEOPLE.where(User.c.id == bindparam("id")))
_BY_IDS = Prepared(_PEOPLE.where(one_of(User.c.id, "ids")))


def find_person(db: Connection, user_id: int) -> Person:
    """The person with this id, deleted or not. Raises NotFound."""
    row = _BY_ID.first(db, id=user_id)
    if row is None:
        raise NotFound("user")
    return Person(*row)


def people_with_ids(db: Connection, user_ids: list[int]) -> dict[int, Person]:
    """These people by id, in one statement; missing ones are left out."""
    if not user_ids:
        return {}
    return {row.id: Person(*row) for row in _BY_IDS.all(db, ids=user_ids)}


def user_id_of(db: Connection, actor: Actor, form: IdForm) -> int | None:
    """The user id for this form of an id, whether or not the user exists; None if it matches nobody (basics.md §4)."""
    match form.kind:
        case "id":
            return number_of(form) or None
        case "self":
            return actor.id or None
    rows = _users_by(actor, form.kind, [form.value])
    return db.execute(rows.limit(1)).scalar() if rows is not None else None


def user_ids_of(db: Connection, actor: Actor, forms: Iterable[IdForm]) -> set[int]:
    """The user ids for these forms; one statement for each kind of form, however many there are."""
    ids: set[int | None] = set()
    values: dict[str, list[str]] = {}
    for form in forms:
        if form.kind in ("id", "self"):
            ids.add(user_id_of(db, actor, form))
        else:
            values.setdefault(form.kind, []).append(form.value)
    for kind, texts in values.items():
        rows = _users_by(actor, kind, texts)
        ids.update(db.execute(rows).scalars() if rows is not None else ())
    return {user_id for user_id in ids if user_id is not None}


def _users_by(actor: Actor, kind: str, values: Sequence[str]) -> AnySelect | None:
    """The ids of the users who have one of these values, those with a password of ours first; None: no such form."""
    if kind in _LOGIN_IDS:
        keys = [search_key(value) for value in values] if kind == "sis_login_id" else values
        own = Login.c.account_id == actor.root.id, Login.c.state != LoginState.DELETED
        return select(Login.c.user_id).where(_LOGIN_IDS[kind].in_(keys), *own).order_by(Login.c.provider_key)
    if kind in _USER_IDS:
        return select(User.c.id).where(or_(*(column.in_(values) for column in _USER_IDS[kind])))
    return None


_LOGIN_IDS: dict[str, Any] = {
    "sis_user_id": Login.c.sis_user_id,
    "sis_integration_id": Login.c.integration_id,
    "sis_login_id": Login.c.unique_id_key,
}
_USER_IDS: dict[str, tuple[Any, ...]] = {
    "uuid": (User.c.uuid,),
    "lti_context_id": (User.c.lti_context_id,),
    "lti_1_3_id": (User.c.lti_id,),
    # The profile shows the context id under this name; launches of LTI 1.3 send the other.
    "lti_user_id": (User.c.lti_context_id, User.c.lti_id),
}


def find_user_id(db: Connection, actor: Actor, form: IdForm) -> int:
    """Like ``user_id_of``, but raises NotFound instead of None. The user may still not exist."""
    if form.kind == "self":
        actor.require_signed_in()
    user_id = user_id_of(db, actor, form)
    if user_id is None:
        raise NotFound("user")
    return user_id


def find_user(db: Connection, actor: Actor, form: IdForm) -> Person:
    """The person for this form of an id, if not deleted. Raises NotFound. The policy checks the rights."""
    person = find_person(db, find_user_id(db, actor, form))
    if person.state == UserState.DELETED:
        raise NotFound("user")
    return person


def hold_users(db: Connection, *user_ids: int) -> None:
    """Lock these people until this transaction ends. Raises NotFound if one of them was deleted meanwhile."""
    lock(db, User, user_ids)
    _require_living(db, user_ids)


def hold_with_observers(db: Connection, *user_ids: int) -> None:
    """As ``hold_users``, and with them those who observe them: what becomes of the ones becomes of the others."""
    lock_with_observers(db, user_ids)
    _require_living(db, user_ids)


def lock_with_observers(db: Connection, user_ids: Collection[int]) -> None:
    """Lock these people and those who observe them, whether or not they are deleted; all at once, in id order."""
    if db.dialect.name == "sqlite":
        return
    by_link = select(ObserverLink.c.observer_id).where(
        ObserverLink.c.student_id.in_(user_ids), ObserverLink.c.state == "active"
    )
    by_hand = select(Enrollment.c.user_id).where(
        Enrollment.c.associated_user_id.in_(user_ids), Enrollment.c.state != EnrollmentState.DELETED
    )
    observers = by_link.union(by_hand)
    wanted = {*user_ids, *db.execute(observers).scalars()}
    lock(db, User, wanted)
    # Somebody may have begun to observe them before they were held. From now on nobody can.
    lock(db, User, set(db.execute(observers).scalars()) - wanted)


def _require_living(db: Connection, user_ids: Collection[int]) -> None:
    living = select(func.count()).where(User.c.id.in_(user_ids), User.c.state != UserState.DELETED)
    if db.execute(living).scalar_one() != len(set(user_ids)):
        raise NotFound("user")


def accounts_of(db: Connection, user_id: int) -> list[AccountRef]:
    """The accounts that the person belongs to, as rights need them."""
    return accounts_of_each(db, [user_id])[user_id]


def accounts_of_each(db: Connection, user_ids: Collection[int]) -> dict[int, list[AccountRef]]:
    """Like ``accounts_of``, for many people in one statement."""
    accounts: dict[int, list[AccountRef]] = {user_id: [] for user_id in user_ids}
    for row in _ACCOUNTS_OF.all(db, user_ids=user_ids):
        accounts[row.user_id].append(AccountRef(row.id, chain_of(row.ancestry)))
    return accounts


_ACCOUNTS_OF = Prepared(
    select(UserAccountAssociation.c.user_id, Account.c.id, Account.c.ancestry)
    .join(Account, Account.c.id == UserAccountAssociation.c.account_id)
    .where(one_of(UserAccountAssociation.c.user_id, "user_ids"))
)
