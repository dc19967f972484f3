"""The valid values of a developer key's fields (identity.md §3, homeroom.md §3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec.json import decode, encode

from homeroom.school.ground.errors import Fault, Invalid
from homeroom.school.ground.jwts import BadKey, public_members, read_key
from homeroom.school.ground.urls import is_redirect_uri, is_web_url

SHORT_TEXT = 255
LONG_TEXT = 65_536
MOST_REDIRECT_URIS = 100
# The scopes that a key for LTI Advantage services may request with client_credentials, as 1EdTech names them.
IMS_SCOPES = frozenset(
    f"https://purl.imsglobal.org/spec/{name}"
    for name in (
        "lti-ags/scope/lineitem",
        "lti-ags/scope/lineitem.readonly",
        "lti-ags/scope/result.readonly",
        "lti-ags/scope/score",
        "lti-nrps/scope/contextmembership.readonly",
    )
)
_TEXTS = {"name": SHORT_TEXT, "email": SHORT_TEXT, "vendor_code": SHORT_TEXT, "notes": LONG_TEXT}
_URLS = ("icon_url", "public_jwk_url")
_FLAGS = ("visible", "test_cluster_only", "require_scopes", "allow_includes", "auto_expire_tokens")


def column_values(given: Mapping[str, Any], known_scopes: Collection[str]) -> dict[str, Any]:
    """The columns for these fields. Raises Invalid with every error in them."""
    faults = list(_faults(given, known_scopes))
    if faults:
        raise Invalid(*faults)
    values = {name: given[name] or None for name in (*_TEXTS, *_URLS) if name in given}
    values |= {name: given[name] for name in (*_FLAGS, "client_type") if name in given}
    values |= {name: given[name] or None for name in ("redirect_uri", "client_credentials_audience") if name in given}
    for name in ("scopes", "redirect_uris"):
        if name in given:
            values[name] = encode(list(dict.fromkeys(given[name]))).decode()
    if "public_jwk" in given:
        jwk = given["public_jwk"]
        values["public_jwk"] = encode(public_members(jwk)).decode() if jwk else None
    return values


def _faults(given: Mapping[str, Any], known_scopes: Collection[str]) -> Iterator[Fault]:
    for name, limit in _TEXTS.items():
        if len(given.get(name) or "") > limit:
            yield Fault(name, "too_long", f"is too long (maximum is {limit} characters)")
    for name in _URLS:
        if (url := given.get(name)) and not is_web_url(url):
            yield Fault(name, "invalid", "is not a valid URL")
    yield from _redirect_faults(given)
    if unknown := [scope for scope in given.get("scopes", ()) if scope not in known_scopes and scope not in IMS_SCOPES]:
        yield Fault("scopes", "invalid", f"cannot contain {', '.join(unknown)}")
    if jwk := given.get("public_jwk"):
        try:
            read_key(jwk)
        except BadKey as fault:
            yield Fault("public_jwk", "invalid", str(fault))


def _redirect_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    if (uri := given.get("redirect_uri")) and not is_redirect_uri(uri):
        yield Fault("redirect_uri", "invalid", "is not a valid URI")
    uris = given.get("redirect_uris", ())
    if not all(map(is_redirect_uri, uris)):
        yield Fault("redirect_uris", "invalid", "is not a valid URI")
    if len(uris) > MOST_REDIRECT_URIS:
        yield Fault("redirect_uris", "too_long", f"are too many (maximum is {MOST_REDIRECT_URIS})")


def read_list(text: str) -> list[str]:
    """A list from the text in a key's column."""
    return decode(text, type=list[str])
