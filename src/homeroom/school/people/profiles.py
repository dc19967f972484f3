"""What only a person's profile shows: links and connected services (users-core.md §11)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from homeroom.school.schema import ProfileLink, UserService


class Link(NamedTuple):
    url: str
    title: str


class Service(NamedTuple):
    """A service elsewhere that the person has connected."""

    service: str
    visible: bool
    link: str


def links_of(db: Connection, user_id: int) -> list[Link]:
    """The links on the person's profile, in their order."""
    rows = (
        select(ProfileLink.c.url, ProfileLink.c.title)
        .where(ProfileLink.c.user_id == user_id)
        .order_by(ProfileLink.c.position, ProfileLink.c.id)
    )
    return [Link(*row) for row in db.execute(rows)]


def services_of(db: Connection, user_id: int, *, only_visible: bool) -> list[Service]:
    """The person's connected services; hidden ones only for the person."""
    rows = select(UserService.c.service, UserService.c.visible, UserService.c.service_user_link).where(
        UserService.c.user_id == user_id
    )
    if only_visible:
        rows = rows.where(UserService.c.visible)
    return [Service(*row) for row in db.execute(rows.order_by(UserService.c.id))]
