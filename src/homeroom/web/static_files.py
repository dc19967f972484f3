"""Pictures that answers link to, and the files of the pages' layout."""

from __future__ import annotations

from pathlib import Path

from homeroom.wire.browser.assets import DAILY, FOR_EVER, file_answer, read_folder
from homeroom.wire.browser.pages import ASSETS
from homeroom.wire.http.answers import Answer
from homeroom.wire.http.request import Request
from homeroom.wire.routing.routes import PUBLIC, Rest, Routes

route = Routes()

_STATIC = Path(__file__).parent / "static"
IMAGES = read_folder(_STATIC / "images")
API_DOCS = {**read_folder(_STATIC / "vendor" / "swagger-ui"), **read_folder(_STATIC / "api-docs")}


@route.get("/images/*path", right=PUBLIC, scope=False)
def show_image(path: Rest, request: Request) -> Answer:
    """A picture that answers refer to: ``/images/dotted_pic.png``."""
    return file_answer(IMAGES.get("/".join(path)), request)


@route.get("/static/:name", right=PUBLIC, scope=False, free_tail=True)
def show_asset(name: str, request: Request) -> Answer:
    """A part of the layout: ``/static/homeroom.css?v=...``."""
    file = ASSETS.get(name)
    asked = request.query.decode("latin-1")
    return file_answer(file, request, FOR_EVER if file and asked == f"v={file.version}" else DAILY)


@route.get("/static/api-docs/:name", right=PUBLIC, scope=False)
def show_part_of_api_docs(name: str, request: Request) -> Answer:
    """A part of the page on which the API can be tried."""
    return file_answer(API_DOCS.get(name), request)
