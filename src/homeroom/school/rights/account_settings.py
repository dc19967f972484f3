"""The settings of a root account (homeroom.md §1, §5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from homeroom.school.ground import locales, time_zones
from homeroom.school.ground.errors import Refused

# OWASP ASVS 5, 6.2.1. No account can ask for less.
LEAST_PASSWORD_LENGTH = 8


class AccountSettings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Stored as JSON with the values that differ from these defaults."""

    self_registration: Literal["none", "observer", "all"] = "none"
    avatars: bool = True
    users_can_edit_name: bool = True
    users_can_edit_profile: bool = True
    profiles: bool = False
    pronouns: Literal[False] | list[str] = False
    name_pronunciation: bool = False
    require_terms: bool = False
    default_time_zone: str = "Etc/UTC"
    default_locale: str = "en"
    open_registration: bool = False
    password_min_length: int = LEAST_PASSWORD_LENGTH
    admins_can_change_passwords: bool = False
    require_second_factor_of_admins: bool = False
    limit_personal_access_tokens: bool = False
    limit_personal_access_tokens_to_staff: bool = False
    require_token_expiry: bool = False
    edit_institution_email: bool = True
    students_can_create_courses: bool = False
    teachers_can_create_courses: bool = False
    sis_imports: bool = True
    # How people sign in (``sso_settings``).
    login_handle_name: str | None = None
    change_password_url: str | None = None
    auth_discovery_url: str | None = None
    unknown_user_url: str | None = None


@lru_cache(maxsize=256)
def read_settings(text: str) -> AccountSettings:
    """The settings in an account's ``settings`` column."""
    settings = msgspec.json.decode(text, type=AccountSettings)
    if settings.password_min_length < LEAST_PASSWORD_LENGTH:
        # Stored before there was a floor.
        settings = replace(settings, password_min_length=LEAST_PASSWORD_LENGTH)
    return settings


def changed_settings(current: AccountSettings, changes: dict[str, Any]) -> AccountSettings:
    """The settings with these changes. Raises Refused for an unknown name or a wrong type; then nothing changes."""
    known = msgspec.to_builtins(current)
    for name in changes:
        if name not in AccountSettings.__struct_fields__:
            raise Refused(f"There is no setting {name!r}.")
        try:
            msgspec.convert({name: changes[name]}, AccountSettings)
        except msgspec.ValidationError:
            raise Refused(f"{name} must be {_expected(name)}.") from None
    settings = msgspec.convert({**known, **changes}, AccountSettings)
    if not LEAST_PASSWORD_LENGTH <= settings.password_min_length <= 255:
        raise Refused(f"password_min_length must be between {LEAST_PASSWORD_LENGTH} and 255.")
    if time_zones.find_zone(settings.default_time_zone) is None:
        raise Refused(f"There is no time zone {settings.default_time_zone!r}.")
    for name in _ADDRESSES:
        if (address := getattr(settings, name)) is not None and not _is_web_address(address):
            raise Refused(f"{name} must be an http or https address.")
    if not locales.is_installed(settings.default_locale):
        raise Refused(f"There is no language {settings.default_locale!r}.")
    return settings


_ADDRESSES = ("change_password_url", "auth_discovery_url", "unknown_user_url")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text


def _expected(name: str) -> str:
    """What a value of the setting is, in words."""
    (kind,) = (field.type for field in msgspec.structs.fields(AccountSettings) if field.name == name)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    words = {bool: "true or false", int: "a whole number", str: "a text", str | None: "a text or null"}
    return words.get(kind, "false or a list of texts")


def effective_zone(settings: AccountSettings, *chosen: str | None) -> str:
    """The time zone that counts: the first of these that was chosen (the person's own; or the course's, then its
    account's), else the root account's. As stored: see ``time_zones``.
    """
    return next((zone for zone in chosen if zone), settings.default_time_zone)


def settings_text(settings: AccountSettings) -> str:
    """The text for the ``settings`` column."""
    return msgspec.json.encode(settings).decode()
