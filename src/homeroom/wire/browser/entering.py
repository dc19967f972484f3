"""From a right password, a mailed link or a session token into a session; by way of the second factor if there is one.

What an authentication provider vouches for does not come here: its second factor is the provider's.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from homeroom import clock
from homeroom.school.ground.vault import open_vault
from homeroom.school.rights.actor import Root
from homeroom.school.sign_in import second_factors
from homeroom.school.sign_in.sessions import ENTERING
from homeroom.wire.browser.browser import Browser, Header
from homeroom.wire.browser.pages import redirect
from homeroom.wire.http.answers import Answer

SECOND_STEP = "/login/canvas/second_factor"
_SECONDS = 600


class Entering(Struct, frozen=True, kw_only=True):
    """Somebody on their way in. It waits in the browser's session while the second factor is asked for."""

    user_id: int
    login_id: int
    # Whoever acts as user_id; their second factor counts.
    real_user_id: int | None = None
    remember: bool = False
    # A token is neither a password nor somebody's mail: it makes no browser known, and sets no second factor up.
    by_token: bool = False
    # Where to go on; empty: to the page that was wanted.
    goes_to: str = ""
    # The secret of a second factor that is set up on the way in.
    sealed_secret: str | None = None
    ends_at: float = 0.0

    @property
    def who(self) -> int:
        """Whose second factor it is."""
        return self.real_user_id or self.user_id


def enter(db: Connection, browser: Browser, root: Root, entering: Entering) -> Answer:
    """Sign in and go on, or to the page that asks for the second factor first."""
    demand = second_factors.demand_of(db, root.settings, entering.who)
    if demand == "nothing":
        cookies = let_in(db, browser, entering, vouched=False)
        return redirect(goes_to(browser, entering), cookies)
    if demand == "enrolment":
        if entering.by_token:
            # Who found a token must not be the one who sets the second factor up.
            return redirect("/login")
        vault = open_vault(db)
        entering = replace(entering, sealed_secret=vault.seal(second_factors.new_secret()))
    waiting = replace(entering, ends_at=clock.now().timestamp() + _SECONDS)
    return redirect(SECOND_STEP, browser.wait(db, entering.who, msgspec.to_builtins(waiting)))


def waiting_in(browser: Browser) -> Entering | None:
    """Who is on their way in in this browser."""
    kept = browser.kept.get(ENTERING)
    entering = msgspec.convert(kept, Entering) if kept is not None else None
    return entering if entering is not None and entering.ends_at > clock.now().timestamp() else None


def let_in(db: Connection, browser: Browser, entering: Entering, *, vouched: bool) -> list[Header]:
    """Start the session; the cookies to answer with."""
    if entering.by_token:
        return browser.sign_in(
            db,
            entering.user_id,
            login_id=entering.login_id,
            real_user_id=entering.real_user_id,
            vouched=vouched,
        )
    return browser.enter(db, entering.user_id, login_id=entering.login_id, remember=entering.remember, vouched=vouched)


def goes_to(browser: Browser, entering: Entering) -> str:
    """Where somebody goes on who is in."""
    return entering.goes_to or browser.wanted or "/?login_success=1"
