"""The types of authentication providers, and which fields each has (homeroom.md §3).

The names are those of Canvas's public documents. Secret fields are sealed and in no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from homeroom.school.ground.errors import Fault, Invalid
from homeroom.school.ground.urls import is_web_url

TEXT_LIMIT = 255
LONG_LIMIT = 262_144
# The attributes that a provider can set, with Canvas's names for federated attributes.
FEDERATED = frozenset(
    (
        "admin_roles", "display_name", "email", "given_name", "integration_id", "locale", "name", "sis_user_id",
        "sortable_name", "surname", "timezone",
    )
)  # fmt: skip
_LONG = frozenset(("metadata",))


class Kind(NamedTuple):
    """One type's fields. ``attributes`` are the values of ``login_attribute``, the first of them the default."""

    fields: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    # What else than ``urls`` says where the other side is.
    addresses: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = {}
    attributes: tuple[str, ...] = ()
    # Any attribute that the provider sends can name the login.
    any_attribute: bool = False

    @property
    def public_fields(self) -> tuple[str, ...]:
        """What an answer shows."""
        return (*self.fields, *self.urls, *self.choices)

    @property
    def default_attribute(self) -> str | None:
        return self.attributes[0] if self.attributes else None


KINDS: dict[str, Kind] = {
    "canvas": Kind(),
    "apple": Kind(("client_id",), attributes=("sub", "email")),
    "cas": Kind(urls=("auth_base", "log_in_url"), required=("auth_base",)),
    "clever": Kind(
        ("client_id", "district_id"),
        ("client_secret",),
        attributes=("id", "sis_id", "email", "student_number", "teacher_number", "state_id", "district_username"),
    ),
    "facebook": Kind(("app_id",), ("app_secret",), attributes=("id", "email")),
    "github": Kind(
        ("client_id", "domain"), ("client_secret",), addresses=("domain",), attributes=("id", "email", "login")
    ),
    "google": Kind(("client_id", "hosted_domain"), ("client_secret",), attributes=("sub", "email")),
    "ldap": Kind(
        ("auth_host", "auth_port", "auth_base", "auth_filter", "identifier_format", "auth_username"),
        ("auth_password",),
        required=("auth_host", "auth_filter"),
        addresses=("auth_host", "auth_port", "auth_over_tls"),
        choices={"auth_over_tls": ("start_tls", "simple_tls")},
    ),
    "linkedin": Kind(("client_id",), ("client_secret",), attributes=("sub", "email")),
    "microsoft": Kind(
        ("application_id", "tenant"),
        ("application_secret",),
        addresses=("tenant",),
        attributes=("tid+oid", "sub", "email", "oid", "preferred_username"),
    ),
    "openid_connect": Kind(
        ("client_id", "scope", "issuer"),
        ("client_secret",),
        ("authorize_url", "token_url", "userinfo_endpoint", "end_session_endpoint", "discovery_url", "jwks_uri"),
        required=("client_id",),
        attributes=("sub",),
        any_attribute=True,
    ),
    "saml": Kind(
        ("metadata", "idp_entity_id", "certificate_fingerprint", "identifier_format", "requested_authn_context"),
        urls=("metadata_uri", "log_in_url", "log_out_url"),
        choices={
            "sig_alg": (
                "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            )
        },
        attributes=("NameID", "eduPersonPrincipalName", "eduPersonPrincipalName_stripped"),
        any_attribute=True,
    ),
}


def check(auth_type: str, values: Mapping[str, Any]) -> None:
    """Raise Invalid with every error for a provider of this type. ``values`` are all of its fields."""
    if faults := list(_faults(KINDS[auth_type], auth_type, values)):
        raise Invalid(*faults)


def _faults(kind: Kind, auth_type: str, values: Mapping[str, Any]) -> Iterator[Fault]:
    for name in kind.required:
        if not values.get(name):
            yield Fault(name, "blank", "can't be blank")
    if auth_type == "openid_connect" and not values.get("discovery_url"):
        for name in ("authorize_url", "token_url"):
            if not values.get(name):
                yield Fault(name, "blank", "can't be blank")
    for name in (*kind.public_fields, *kind.secrets):
        yield from _faults_of_text(name, values.get(name))
    for name in kind.urls:
        if values.get(name) and not is_web_url(_with_scheme(auth_type, name, str(values[name]))):
            yield Fault(name, "invalid", "is not a valid URL")
    for name, choices in kind.choices.items():
        if values.get(name) and values[name] not in choices:
            yield Fault(name, "inclusion", "is not included in the list")
    yield from _faults_of_attributes(kind, values)
    port = str(values.get("auth_port") or "")
    if "auth_port" in kind.fields and port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        yield Fault("auth_port", "invalid", "is not a port")


def _with_scheme(auth_type: str, name: str, value: str) -> str:
    """CAS may be given as a bare host, as in Canvas's own example; https is meant."""
    return f"https://{value}" if (auth_type, name) == ("cas", "auth_base") and "://" not in value else value


def _faults_of_text(name: str, value: Any) -> Iterator[Fault]:
    limit = LONG_LIMIT if name in _LONG else TEXT_LIMIT * 4
    if value is not None and not isinstance(value, str):
        yield Fault(name, "invalid", "must be text")
    elif len(value or "") > limit:
        yield Fault(name, "too_long", f"is too long (maximum is {limit} characters)")


def _faults_of_attributes(kind: Kind, values: Mapping[str, Any]) -> Iterator[Fault]:
    attribute = values.get("login_attribute")
    free = kind.any_attribute and isinstance(attribute, str) and len(attribute) <= TEXT_LIMIT
    if attribute is not None and not free and attribute not in kind.attributes:
        yield Fault("login_attribute", "inclusion", "is not included in the list")
    federated = values.get("federated_attributes")
    if federated is not None and not (
        isinstance(federated, dict)
        and federated.keys() <= FEDERATED
        and all(isinstance(claim, str) and len(claim) <= TEXT_LIMIT for claim in federated.values())
    ):
        yield Fault("federated_attributes", "invalid", "must map known attributes to names")
