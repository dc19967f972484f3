"""Contexts in a path: found before the handler runs, so that a route's right is asked of them."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import Connection

from homeroom.school.accounts.accounts.queries import FoundAccount, find_account, find_root_account
from homeroom.school.courses.courses.queries import FoundCourse, find_course
from homeroom.school.courses.sections import Section, find_section
from homeroom.school.ground.ids import IdForm
from homeroom.school.rights.actor import Actor
from homeroom.wire.routing.routes import FromContext


def _root_above(db: Connection, actor: Actor, form: IdForm) -> FoundAccount:
    account = find_account(db, actor, form)
    # The site-admin account has no logins: its people have theirs in the root account.
    return account if account.id == actor.root.id else find_root_account(db, actor)


AccountContext = Annotated[FoundAccount, FromContext("account", find_account)]
# User routes replace a sub-account by its root account (users-core.md §4).
RootAccountContext = Annotated[FoundAccount, FromContext("account", _root_above)]
CourseContext = Annotated[FoundCourse, FromContext("course", find_course)]
SectionContext = Annotated[Section, FromContext("section", find_section)]
