"""The settings of a root account (homeroom.md §1, §5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from homeroom.school import locales, time_zones
from homeroom.school.errors import Refused

DEFAULT_PRONOUNS = ["She/Her", "He/Him", "They/Them"]


class AccountSettings(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Stored as the JSON of what differs from these defaults."""

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
    password_min_length: int = 8
    admins_can_change_passwords: bool = False
    limit_personal_access_tokens: bool = False
    limit_personal_access_tokens_to_staff: bool = False
    require_token_expiry: bool = False
    edit_institution_email: bool = True
    students_can_create_courses: bool = False
    teachers_can_create_courses: bool = False
    sis_imports: bool = True


@lru_cache(maxsize=256)
def read_settings(text: str) -> AccountSettings:
    """The settings in an account's ``settings`` column."""
    return msgspec.json.decode(text, type=AccountSettings)


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
    if not 1 <= settings.password_min_length <= 255:
        raise Refused("password_min_length must be between 1 and 255.")
    if time_zones.find_zone(settings.default_time_zone) is None:
        raise Refused(f"There is no time zone {settings.default_time_zone!r}.")
    if not locales.is_installed(settings.default_locale):
        raise Refused(f"There is no language {settings.default_locale!r}.")
    return settings


def _expected(name: str) -> str:
    """What a value of the setting is, in words."""
    (kind,) = (field.type for field in msgspec.structs.fields(AccountSettings) if field.name == name)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    words = {bool: "true or false", int: "a whole number", str: "a text"}
    return words.get(kind, "false or a list of texts")


def settings_text(settings: AccountSettings) -> str:
    """What the ``settings`` column holds."""
    return msgspec.json.encode(settings).decode()
