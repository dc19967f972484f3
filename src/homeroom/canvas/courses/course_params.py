"""What is sent about a course under ``course[...]`` (learning-resources.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from homeroom.school.accounts.accounts.queries import find_account
from homeroom.school.courses.courses.actions import Event
from homeroom.school.courses.terms import find_term
from homeroom.school.ground.errors import Fault, Invalid
from homeroom.school.ground.time_zones import find_zone
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.reading import with_sis_ids_allowed
from homeroom.wire.params.coerce import given
from homeroom.wire.params.ids import parse_id


class CourseValues(Struct):
    name: str | UnsetType = UNSET
    course_code: str | UnsetType = UNSET
    start_at: datetime | UnsetType | None = UNSET
    end_at: datetime | UnsetType | None = UNSET
    license: str | UnsetType | None = UNSET
    is_public: bool | UnsetType = UNSET
    is_public_to_auth_users: bool | UnsetType = UNSET
    public_syllabus: bool | UnsetType = UNSET
    public_syllabus_to_auth: bool | UnsetType = UNSET
    public_description: str | UnsetType | None = UNSET
    term_id: str | UnsetType = UNSET
    account_id: str | UnsetType = UNSET
    sis_course_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    hide_final_grades: bool | UnsetType = UNSET
    apply_assignment_group_weights: bool | UnsetType = UNSET
    time_zone: str | UnsetType | None = UNSET
    default_view: str | UnsetType = UNSET
    syllabus_body: str | UnsetType | None = UNSET
    grading_standard_id: int | UnsetType | None = UNSET
    restrict_enrollments_to_course_dates: bool | UnsetType = UNSET
    open_enrollment: bool | UnsetType = UNSET
    self_enrollment: bool | UnsetType = UNSET
    course_format: str | UnsetType | None = UNSET
    image_id: int | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET
    remove_image: bool = False
    grade_passback_setting: str | UnsetType | None = UNSET
    storage_quota_mb: int | UnsetType = UNSET
    event: Event | UnsetType = UNSET


_IN_THE_FACE = frozenset(("term_id", "account_id", "event", "remove_image"))
_SIS = ("sis_course_id", "integration_id")
_BLANK_IS_NULL = (
    *_SIS,
    "license",
    "course_format",
    "public_description",
    "syllabus_body",
    "image_url",
    "grade_passback_setting",
)


def columns_of(values: CourseValues, actor: Actor) -> dict[str, Any]:
    """The given values of text columns. SIS ids are ignored unless the caller may manage SIS data."""
    columns = {name: value for name, value in given(values).items() if name not in _IN_THE_FACE}
    columns = with_sis_ids_allowed(actor, columns, _SIS)
    for name in _BLANK_IS_NULL:
        if columns.get(name) == "":
            columns[name] = None
    columns |= _image(values, columns)
    if "default_view" in columns and not columns["default_view"]:
        del columns["default_view"]
    if columns.get("time_zone"):
        # As for users, an unknown zone is no error: the account's counts.
        columns["time_zone"] = find_zone(columns["time_zone"])
    return columns


def _image(values: CourseValues, columns: Mapping[str, Any]) -> dict[str, Any]:
    """A course has one image: a file or an address, whichever was given last."""
    if columns.get("image_id") and columns.get("image_url"):
        raise Invalid(Fault("image_url", "invalid", "cannot be given together with image_id"))
    if values.remove_image:
        return {"image_id": None, "image_url": None}
    if columns.get("image_url"):
        return {"image_id": None}
    return {"image_url": None} if columns.get("image_id") else {}


def place_of(db: Connection, actor: Actor, values: CourseValues) -> dict[str, int]:
    """The term and account that were given, found. Raises NotFound."""
    place = {}
    if values.term_id:
        place["enrollment_term_id"] = find_term(db, actor, parse_id("term", values.term_id)).id
    if values.account_id:
        place["account_id"] = find_account(db, actor, parse_id("account", values.account_id)).id
    return place
