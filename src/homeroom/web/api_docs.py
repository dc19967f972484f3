"""The API, to read and to try: a page, and the OpenAPI document it is made from (homeroom.md §3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from homeroom.web.pages import PAGES
from homeroom.wire.browser.browser import Browser
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.openapi.document import document
from homeroom.wire.routing.routes import ANONYMOUS, PUBLIC, Routes
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.services import Services

route = Routes()


@route.get("/api/docs", right=PUBLIC, scope=False)
def show_api_docs(browser: Browser) -> Answer:
    """The page on which the API can be tried."""
    # Swagger UI draws its arrows and locks from pictures in its style sheet.
    return PAGES.show(browser, "api_docs.html", img_src=("data:",))


@route.get("/api/docs/openapi.json", right=ANONYMOUS, scope=False)
def show_openapi(request: Request, services: Services) -> Answer:
    """The OpenAPI 3.1 document, for the address that it is asked at."""
    servers = [{"url": request.base_url}]
    body = msgspec.json.encode({**_document(services.faces), "servers": servers})
    # Programs on other sites may read it; it holds nothing that is not public.
    return Answer(200, body, [("Access-Control-Allow-Origin", "*")])


@lru_cache(maxsize=1)
def _document(faces: tuple[Face, ...]) -> dict[str, Any]:
    return document(faces, "")
