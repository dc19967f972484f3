"""What `homeroom doctor` looks at outside the school: where files lie, and who takes mail."""

from __future__ import annotations

import secrets
from typing import Literal
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from homeroom.services.smtp import NotNow, greet
from homeroom.settings import Settings

Found = tuple[Literal["ok", "note", "problem"], str, str]


def check_storage(settings: Settings) -> Found:
    """Write, read and delete a small file there."""
    if settings.storage_url is None:
        return "ok", "the data folder", ""
    place = urlsplit(settings.storage_url)
    shown = f"{place.scheme}://{place.hostname or ''}{place.path}"
    name = f"homeroom-doctor-{secrets.token_hex(8)}"
    try:
        store = from_url(settings.storage_url)
        obstore.put(store, name, b"Homeroom was here.")
        obstore.delete(store, name)
    except (BaseError, ValueError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        return "problem", f"{shown} cannot be written to: {said[0][:200]}", "Check HOMEROOM_STORAGE_URL and its keys."
    return "ok", f"{shown}, writable", ""


def check_mail(settings: Settings) -> Found:
    """Connect to the mail server, and sign in where the URL says as whom."""
    server = settings.mail_server
    if server is None:
        return "ok", "kept in the outbox, for HOMEROOM_SMTP_URL is not set", ""
    where = f"{server.host}:{server.port}"
    try:
        greet(server)
    except NotNow as error:
        return "problem", f"{where} takes no mail from us: {error}", "Check HOMEROOM_SMTP_URL."
    return "ok", f"{where} answers", ""
