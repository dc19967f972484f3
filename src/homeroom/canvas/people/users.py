"""Users: list, show, delete (users-core.md §2, §3; homeroom.md §3)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.canvas.contexts import AccountContext, RootAccountContext
from homeroom.canvas.people.user_json import ALWAYS_ON_SHOW, UserJson, UserView, user_json
from homeroom.school.ground.errors import NotFound, Refused
from homeroom.school.people.communication_channels.channels import confirmation_path, invited_channel
from homeroom.school.people.users import policy
from homeroom.school.people.users.listing import PeopleFilter, allowed_sort, people_in_account
from homeroom.school.people.users.queries import LISTED, PERSON_COLUMNS, find_person, find_user, find_user_id
from homeroom.school.people.users.removal import remove_from_root_account
from homeroom.school.people.users.restoring import restore_user
from homeroom.school.people.users.search import read_term, search_in_account
from homeroom.school.rights.actor import Actor, has_all_rights_of
from homeroom.school.rights.permissions import COURSE_ROLES, STUDENT_VIEW
from homeroom.school.states import UserState
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.coerce import items_of
from homeroom.wire.params.ids import UserId
from homeroom.wire.params.paging import Page, Paging
from homeroom.wire.params.scalars import RecordNumber
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes
from homeroom.wire.serving.call import Call

route = Routes()

_INCLUDES = frozenset(("avatar_url", "email", "last_login", "time_zone", "uuid"))
_QUICK = frozenset(("page", "per_page", "sort", "order", "include", "access_token", "as_user_id"))
_COURSE_SORTS = frozenset(("total_activity_time", "last_activity_at", "section_name", "role"))
_ENROLLMENT_TYPES = {name.removesuffix("Enrollment").lower(): name for name in COURSE_ROLES}
_ENROLLMENT_TYPES |= {"student_view": STUDENT_VIEW, "studentview": STUDENT_VIEW}


class ListUsers(Struct):
    search_term: str | None = None
    enrollment_type: list[str] = []
    role_filter_id: RecordNumber | None = None
    sort: str | None = None
    order: str = "asc"
    include: frozenset[str] = frozenset()
    include_deleted_users: bool = False
    uuids: list[str] | None = None


def _may_take_long(params: dict[str, Any]) -> bool:
    """A plain page reads one range of an index. A search, or a page number far into the list, may read much more."""
    page = str(params.get("page", ""))
    return not params.keys() <= _QUICK or (page.isdigit() and len(page) > 3)


@route.get("/accounts/:account_id/users", right="read_roster", slow=_may_take_long)
def list_users(account: AccountContext, params: Params[ListUsers], paging: Paging, call: Call) -> Page[UserJson]:
    """List users in account."""
    if params.sort in _COURSE_SORTS:
        raise Refused(f"Users of an account cannot be sorted by {params.sort}")
    sort = allowed_sort(call.actor, account.ref, params.sort)
    term = read_term(params.search_term)
    which = PeopleFilter(
        search=search_in_account(call.actor, account.ref, term) if term else None,
        enrollment_types=enrollment_types_of(params.enrollment_type),
        role_id=params.role_filter_id,
        uuids=params.uuids,
        with_deleted=params.include_deleted_users,
    )
    include = params.include & _INCLUDES
    if sort == "last_login":
        include |= {"last_login"}
    width = len(PERSON_COLUMNS) if include else LISTED
    descending = sort is not None and params.order == "desc"
    found = people_in_account(call.db, call.actor.root, account.id, which, sort, width, descending=descending)
    # Pages of bookmarks have no numbers, so no last one.
    counted = "ui_invoked" in params.include and sort != "id"
    page = paging.of(call.db, found, counted=counted, bookmarks=sort == "id")
    view = UserView.in_account(call, account.ref)
    return page.map(lambda person: user_json(person, view, include))


def enrollment_types_of(given: list[str]) -> frozenset[str]:
    """Base roles out of ``student`` or ``StudentEnrollment`` forms. Raises Refused for an unknown one."""
    names = {name: _ENROLLMENT_TYPES.get(name.removesuffix("Enrollment").lower()) for name in given if name}
    for name, known in names.items():
        if known is None:
            raise Refused(f"Invalid enrollment_type: {name}")
    return frozenset(known for known in names.values() if known)


class ShowUser(Struct):
    include: frozenset[str] = frozenset()


def _asks_for_link(params: dict[str, Any]) -> bool:
    """Whether the call asks for a link. Links are stored as digests, so each such call makes a new one."""
    return "confirmation_url" in items_of(params.get("include"))


@route.get("/users/:id", right=BY_POLICY, writes=_asks_for_link)
def show_user(id: UserId, params: Params[ShowUser], call: Call) -> UserJson | Answer:
    """Show user details."""
    person = find_person(call.db, find_user_id(call.db, call.actor, id))
    if not policy.can_show(call.db, call.actor, person.id):
        raise NotFound("user")
    if person.state == UserState.DELETED and not call.actor.is_site_admin:
        raise NotFound("user")
    view = UserView.in_account(call, call.actor.root.ref)
    include = ALWAYS_ON_SHOW | (params.include & {"uuid", "last_login"})
    if "avatar_state" in params.include and policy.can_manage_details(call.db, call.actor, person.id):
        include |= {"avatar_state"}
    json = user_json(person, view, include)
    if "confirmation_url" in params.include and _may_have_link(call.db, call.actor, person.id):
        channel = invited_channel(call.db, person.id)
        nonce = channel.nonce if channel else None
        json.confirmation_url = call.request.base_url + confirmation_path(nonce) if nonce else None
    # Who may still see a deleted person gets them, under a status that says that there is none.
    return Answer(404, json) if person.state == UserState.DELETED else json


def _may_have_link(db: Connection, actor: Actor, user_id: int) -> bool:
    """Whoever has the link finishes the registration, and is that person from then on."""
    return actor.holds("manage_user_logins", actor.root.ref) and has_all_rights_of(db, actor, user_id)


@route.delete("/accounts/:account_id/users/:user_id", right="manage_user_logins")
def delete_user(account: RootAccountContext, user_id: UserId, call: Call) -> UserJson:
    """Delete a user from the root account."""
    person = find_user(call.db, call.actor, user_id)
    policy.require(policy.can_remove, call.db, call.actor, person.id)
    remove_from_root_account(call.db, account.id, person.id)
    return user_json(find_person(call.db, person.id), UserView.in_account(call, account.ref))


@route.put("/accounts/:account_id/users/:user_id/restore", right="manage_user_logins")
def restore_deleted_user(account: RootAccountContext, user_id: UserId, call: Call) -> UserJson:
    """Restore a deleted user from a root account."""
    person = find_person(call.db, find_user_id(call.db, call.actor, user_id))
    restore_user(call.db, account.id, person.id)
    return user_json(find_person(call.db, person.id), UserView.in_account(call, account.ref))
