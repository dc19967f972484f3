"""Changing a person by hand (users-core.md §6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, select, update

from homeroom import clock
from homeroom.db import lock
from homeroom.school.ground.email_addresses import is_email
from homeroom.school.ground.errors import Fault, Invalid, NotFound
from homeroom.school.ground.events import announce
from homeroom.school.ground.locales import is_installed
from homeroom.school.ground.sis_stickiness import is_stuck, with_stuck
from homeroom.school.ground.time_zones import find_zone
from homeroom.school.people import account_notices, directory
from homeroom.school.people.avatars import Avatar
from homeroom.school.people.communication_channels import channels
from homeroom.school.people.communication_channels.channels import Channel
from homeroom.school.people.events import LoginsClosed
from homeroom.school.people.names import NAME_LIMIT, Given, Names, names_after_change
from homeroom.school.people.users.queries import Person, find_person
from homeroom.school.schema import (
    Login,
    User,
)
from homeroom.school.security.events import record
from homeroom.school.states import LoginState, UserState

# The columns that a SIS import leaves alone once somebody changed them by hand (custom-data-files-sis.md §3).
STICKY = frozenset(("name", "short_name", "sortable_name", "pronouns"))
LIMITS = {"title": 255, "pronunciation": 255, "bio": 65_535}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """A change of a person; UNSET stays. ``pronouns`` are from the account's list."""

    name: Given = UNSET
    short_name: Given = UNSET
    sortable_name: Given = UNSET
    email: str | UnsetType | None = UNSET
    time_zone: str | UnsetType | None = UNSET
    locale: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    bio: str | UnsetType | None = UNSET
    pronunciation: str | UnsetType | None = UNSET
    pronouns: str | UnsetType | None = UNSET
    avatar: Avatar | UnsetType = UNSET


def edit_user(
    db: Connection, user_id: int, change: UserChange, *, respect_stickiness: bool = False, trusted_email: bool = False
) -> Channel | None:
    """Make the whole change or nothing. Returns the new e-mail channel, if there is one; it waits to be confirmed.

    ``trusted_email``: by it they may finish their registration. Their other addresses are told of it.
    Raises Invalid, and NotFound for who was deleted meanwhile.
    With ``respect_stickiness`` the fields that were changed by hand before stay as they are.
    """
    lock(db, User, [user_id])
    person = find_person(db, user_id)
    if person.state == UserState.DELETED:
        raise NotFound("user")
    values = _new_values(person, change)
    marks = db.execute(select(User.c.stuck_sis_fields).where(User.c.id == person.id)).scalar_one()
    if respect_stickiness:
        values = {name: value for name, value in values.items() if not is_stuck(marks, name)}
    values = {name: value for name, value in values.items() if value != getattr(person, name)}
    if faults := [*_faults(values), *_email_faults(change)]:
        raise Invalid(*faults)
    if values:
        marks = with_stuck(marks, STICKY & values.keys())
        if "avatar_source" in values or "avatar_url" in values:
            values["avatar_updated_at"] = clock.now()
        edited = update(User).where(User.c.id == person.id)
        db.execute(edited.values(**values, stuck_sis_fields=marks, updated_at=clock.now()))
    channel = None
    if change.email:
        channel = channels.add_channel(db, person.id, "email", change.email.strip(), trusted=trusted_email)
        channels.put_first(db, person.id, channel.id)
        if channel.is_new:
            record(db, "address_added", user_id=user_id, object=("communication_channel", channel.id))
    if change.email or values.keys() & {"name", "sortable_name"}:
        directory.refresh(db, [person.id])
    if "sortable_name" in values:
        directory.resort(db, person.id, values["sortable_name"])
    if channel is None or not channel.is_new:
        return None
    account_notices.tell_of_address(db, channel)
    return channel


def set_login_states(db: Connection, root_id: int, user_id: int, state: str, *, also_sis: bool) -> None:
    """Suspend the person's logins, or make them active again; those with a SIS id only if ``also_sis``."""
    before = LoginState.ACTIVE if state == LoginState.SUSPENDED else LoginState.SUSPENDED
    logins = update(Login).where(Login.c.user_id == user_id, Login.c.account_id == root_id, Login.c.state == before)
    if not also_sis:
        logins = logins.where(Login.c.sis_user_id.is_(None))
    changed = db.execute(logins.values(state=state, updated_at=clock.now()).returning(Login.c.id)).scalars().all()
    if changed:
        record(db, "login_suspended" if state == LoginState.SUSPENDED else "login_restored", user_id=user_id)
    if state == LoginState.SUSPENDED and changed:
        announce(db, LoginsClosed(user_id, tuple(changed)))


def chosen_pronouns(known: Sequence[str], given: str | None) -> str | UnsetType | None:
    """The matching pronouns of the account's list; None clears them, UNSET if the list does not have them."""
    wanted = (given or "").strip().casefold()
    if not wanted:
        return None
    return next((pronouns for pronouns in known if pronouns.casefold() == wanted), UNSET)


def _new_values(person: Person, change: UserChange) -> dict[str, Any]:
    names = names_after_change(
        Names(person.name, person.short_name, person.sortable_name),
        name=change.name,
        short_name=change.short_name,
        sortable_name=change.sortable_name,
        email=person.email,
    )
    values: dict[str, Any] = dict(zip(("name", "short_name", "sortable_name"), _columns(names), strict=True))
    for name in ("title", "bio", "pronunciation", "pronouns"):
        values[name] = getattr(change, name) or None if getattr(change, name) is not UNSET else UNSET
    if change.locale is not UNSET:
        values["locale"] = change.locale or None
    if change.time_zone is not UNSET:
        values["time_zone"] = find_zone(change.time_zone) if change.time_zone else None
    if change.avatar is not UNSET:
        values |= {f"avatar_{name}": value for name, value in change.avatar._asdict().items()}
    return {name: value for name, value in values.items() if value is not UNSET}


def _columns(names: Names) -> tuple[str, str, str]:
    return names.name, names.short_name, names.sortable_name


def _faults(values: dict[str, Any]) -> Iterator[Fault]:
    for name in ("name", "short_name", "sortable_name"):
        if len(values.get(name, "")) > NAME_LIMIT:
            yield Fault(name, "too_long")
    for name, limit in LIMITS.items():
        if len(values.get(name) or "") > limit:
            yield Fault(name, "too_long")
    if values.get("locale") is not None and not is_installed(values["locale"]):
        yield Fault("locale", "inclusion")


def _email_faults(change: UserChange) -> Iterator[Fault]:
    if change.email and not is_email(change.email.strip()):
        yield Fault("email", "invalid")
