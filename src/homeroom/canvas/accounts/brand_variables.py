"""The brand's colors, for clients that look like the pages (Brand Configs API documentation)."""

from __future__ import annotations

from homeroom.wire.browser.pages import asset_url, redirect
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Routes

route = Routes()


@route.get("/brand_variables", right=PUBLIC, status=302)
def show_brand_variables(request: Request) -> Answer:
    """Get the brand config variables: the way to a JSON file that has them."""
    return redirect(request.base_url + asset_url("brand_variables.json"))
