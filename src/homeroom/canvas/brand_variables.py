"""The brand's colors, for clients that look like the pages (Brand Configs API documentation)."""

from __future__ import annotations

from homeroom.wire.answers import Answer
from homeroom.wire.pages import asset_url, redirect
from homeroom.wire.request import Request
from homeroom.wire.routes import PUBLIC, Routes

route = Routes()


@route.get("/brand_variables", right=PUBLIC, status=302)
def show_brand_variables(request: Request) -> Answer:
    """Get the brand config variables: the way to a JSON file that has them."""
    return redirect(request.base_url + asset_url("brand_variables.json"))
