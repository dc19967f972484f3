"""The Canvas Account object (homeroom.md §3). Asks nothing of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import UNSET, Struct, UnsetType

from homeroom.school.accounts.accounts.queries import FoundAccount
from homeroom.school.ground.time_zones import iana_name
from homeroom.school.rights.account_settings import effective_zone
from homeroom.school.rights.actor import Actor
from homeroom.school.rights.reading import may_give_sis_ids, may_read


class AccountJson(Struct):
    """An account. Keys whose condition fails are absent, not null."""

    id: int
    name: str
    workflow_state: str
    parent_account_id: int | None
    root_account_id: int | None
    uuid: str | UnsetType = UNSET
    default_storage_quota_mb: int | UnsetType = UNSET
    default_user_storage_quota_mb: int | UnsetType = UNSET
    default_group_storage_quota_mb: int | UnsetType = UNSET
    default_time_zone: str | UnsetType = UNSET
    course_template_id: int | UnsetType | None = UNSET
    sis_account_id: str | UnsetType | None = UNSET
    integration_id: str | UnsetType | None = UNSET
    sis_import_id: int | UnsetType | None = UNSET
    lti_guid: str | UnsetType = UNSET
    course_count: int | UnsetType = UNSET
    sub_account_count: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class AccountView:
    """Who looks, and the counts that they asked for (None: not asked for), by account."""

    actor: Actor
    courses: Mapping[int, int] | None = field(default=None)
    sub_accounts: Mapping[int, int] | None = field(default=None)


def name_json(account: FoundAccount) -> AccountJson:
    """What the staff of an account's courses see of it."""
    row = account.row
    return AccountJson(row.id, row.name, row.state, row.parent_account_id, row.root_account_id)


def account_json(account: FoundAccount, view: AccountView) -> AccountJson:
    """What admins see of an account; the SIS fields by their rights."""
    actor, row = view.actor, account.row
    json = name_json(account)
    json.uuid = row.uuid
    json.default_storage_quota_mb = row.default_storage_quota_mb
    json.default_user_storage_quota_mb = row.default_user_storage_quota_mb
    json.default_group_storage_quota_mb = row.default_group_storage_quota_mb
    root = actor.root
    settings = account.settings if account.is_root else root.settings
    json.default_time_zone = iana_name(effective_zone(settings, row.default_time_zone))
    json.course_template_id = row.course_template_id
    if may_read(actor, account.ref, "sis"):
        json.sis_account_id, json.integration_id = row.sis_account_id, row.integration_id
    if may_give_sis_ids(actor):
        json.sis_import_id = row.sis_import_id
    json.lti_guid = row.lti_guid
    if view.courses is not None:
        json.course_count = view.courses.get(row.id, 0)
    if view.sub_accounts is not None:
        json.sub_account_count = view.sub_accounts.get(row.id, 0)
    return json
