"""The fields for creating and changing an account (Accounts API documentation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import UNSET, Struct, UnsetType

from homeroom.school.ground import time_zones
from homeroom.school.ground.errors import Fault, Invalid
from homeroom.school.rights.views_outside_dates import NAMES as VIEWS

NAME_LIMIT = 255
_LARGEST_QUOTA_MB = 10**9
QUOTAS = ("default_storage_quota_mb", "default_user_storage_quota_mb", "default_group_storage_quota_mb")
_SETTLED = ("name", "default_time_zone", "course_template_id", "settings", "services", "parent_account_id")


class PasswordPolicy(Struct):
    """The minimum length counts. Turning one of the others on is refused: nobody should rely on what is not there."""

    minimum_character_length: int | UnsetType = UNSET
    require_number_characters: bool = False
    require_symbol_characters: bool = False
    allow_login_suspension: bool = False
    maximum_login_attempts: int | None = None


class InheritedSetting(Struct):
    """A setting that the courses and accounts below have too, unless they say otherwise; ``locked``: they may not."""

    value: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET


class SettingsChange(Struct):
    """The documented ``account[settings]`` that Homeroom has."""

    restrict_student_past_view: InheritedSetting | UnsetType = UNSET
    restrict_student_future_view: InheritedSetting | UnsetType = UNSET
    password_policy: PasswordPolicy | UnsetType = UNSET
    suppress_notifications: bool = False


class ServicesChange(Struct):
    """The documented ``account[services]`` that Homeroom has."""

    avatars: bool | UnsetType = UNSET


class AccountChange(Struct):
    """The given ``account[...]`` fields; the others stay as they are."""

    name: str | UnsetType = UNSET
    sis_account_id: str | UnsetType = UNSET
    default_time_zone: str | UnsetType = UNSET
    default_storage_quota_mb: int | UnsetType = UNSET
    default_user_storage_quota_mb: int | UnsetType = UNSET
    default_group_storage_quota_mb: int | UnsetType = UNSET
    course_template_id: int | UnsetType | None = UNSET
    parent_account_id: str | UnsetType = UNSET
    settings: SettingsChange | UnsetType = UNSET
    services: ServicesChange | UnsetType = UNSET

    @property
    def quotas(self) -> dict[str, int]:
        """The given quotas."""
        given = {name: getattr(self, name) for name in QUOTAS}
        return {name: value for name, value in given.items() if value is not UNSET}

    @property
    def views(self) -> dict[str, bool]:
        """The columns of what is said about students' views outside the dates of courses."""
        if not self.settings:
            return {}
        said = {name: getattr(self.settings, name) for name in VIEWS}
        columns = {
            column: value
            for name, setting in said.items()
            if setting is not UNSET
            for column, value in ((name, setting.value), (f"{name}_locked", setting.locked))
        }
        return {column: value for column, value in columns.items() if value is not UNSET}

    @property
    def settled(self) -> bool:
        """Whether a field is given that needs ``manage_account_settings``."""
        return any(getattr(self, name) is not UNSET for name in _SETTLED)


def check(change: AccountChange, *, is_new: bool) -> None:
    """Raise Invalid with everything that is wrong."""
    faults = [*_name_faults(change.name, is_new), *_sis_faults(change.sis_account_id)]
    faults += quota_faults(change.quotas)
    zone = change.default_time_zone
    if zone is not UNSET and zone and time_zones.find_zone(zone) is None:
        faults.append(Fault("default_time_zone", "invalid", f"'{zone}' is not a recognized time zone"))
    # Homeroom has no template courses: 0 means none, null inherits the parent's.
    if change.course_template_id:
        faults.append(Fault("course_template_id", "invalid", "is not a course template"))
    faults += _not_there(change)
    if faults:
        raise Invalid(*faults)


def _not_there(change: AccountChange) -> Iterator[Fault]:
    """What cannot be turned on because Homeroom does not do it."""
    if not change.settings:
        return
    policy = change.settings.password_policy or PasswordPolicy()
    wanted = {name: getattr(policy, name) for name in _NOT_IN_THE_POLICY}
    wanted["suppress_notifications"] = change.settings.suppress_notifications
    yield from (Fault(name, "invalid", "is not available") for name, value in wanted.items() if value)


_NOT_IN_THE_POLICY = (
    "require_number_characters",
    "require_symbol_characters",
    "allow_login_suspension",
    "maximum_login_attempts",
)


def quota_faults(quotas: Mapping[str, int]) -> list[Fault]:
    """The errors of these quotas in megabytes, by name."""
    return [
        Fault(name, "inclusion", f"must be between 0 and {_LARGEST_QUOTA_MB}")
        for name, value in quotas.items()
        if not 0 <= value <= _LARGEST_QUOTA_MB
    ]


def _name_faults(name: str | UnsetType, is_new: bool) -> list[Fault]:
    if name is UNSET:
        return [Fault("name", "blank")] if is_new else []
    if not name.strip():
        return [Fault("name", "blank")]
    return [Fault("name", "too_long")] if len(name) > NAME_LIMIT else []


def _sis_faults(sis_id: str | UnsetType) -> list[Fault]:
    return [Fault("sis_account_id", "too_long")] if sis_id is not UNSET and len(sis_id) > NAME_LIMIT else []
