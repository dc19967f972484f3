"""Whom a control route answers: site admins, and some only while developing."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import Connection

from homeroom.school.accounts.accounts.queries import FoundAccount, find_account
from homeroom.school.ground.errors import NotAllowed, NotFound
from homeroom.school.ground.ids import IdForm
from homeroom.school.rights.actor import Actor
from homeroom.settings import Settings
from homeroom.wire.routing.routes import FromContext


def require_site_admin(actor: Actor) -> None:
    """Raises NotAllowed."""
    if not actor.holds("site_admin", actor.root.ref):
        raise NotAllowed("site_admin")


# Who holds them all can do, at the root account, most of what a security event tells of.
_READ_SECURITY_EVENTS = ("manage_user_logins", "manage_account_memberships", "manage_role_overrides")


def require_reader_of_security_events(actor: Actor) -> None:
    """Raise NotAllowed for everybody but site admins, and admins who manage logins, admins and roles of the whole
    school.
    """
    actor.require_signed_in()
    if not all(actor.holds(right, actor.root.ref) for right in _READ_SECURITY_EVENTS):
        raise NotAllowed("security events")


def require_development(actor: Actor, settings: Settings) -> None:
    """Raises NotFound unless HOMEROOM_DEV is on: the route is not there then. Raises NotAllowed."""
    if not settings.dev:
        raise NotFound("route")
    require_site_admin(actor)


def _find_for_site_admin(db: Connection, actor: Actor, form: IdForm) -> FoundAccount:
    # Asked before the account is looked for, so that nobody else learns which accounts there are.
    require_site_admin(actor)
    return find_account(db, actor, form)


SiteAdminsAccount = Annotated[FoundAccount, FromContext("account", _find_for_site_admin)]

# Ways to say who asks (basics.md §1, §7).
_CREDENTIALS = ("access_token", "as_user_id")


def without_credentials(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a route whose names are data."""
    return {name: value for name, value in params.items() if name not in _CREDENTIALS}
