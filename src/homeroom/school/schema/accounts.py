"""Accounts, their terms and features, and what their roles may do."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, false, text

from homeroom.db.types import Id, Key, State, Time
from homeroom.school.schema.base import id_column, optional, required, table, unique_while_live

# A root account, a sub-account of it, or the site-admin account (which is nobody's parent in the wire's tree).
Account = table(
    "accounts",
    id_column(),
    required("name", Text()),
    required("uuid", String(40), unique=True),
    optional("parent_account_id", Id, ForeignKey("accounts.id")),
    optional("root_account_id", Id, ForeignKey("accounts.id")),
    # From the root down to this account, as "/1/7/9/": the chain that rights are inherited along.
    required("ancestry", Key, index=True),
    required("is_site_admin", Boolean(), default=False),
    required("state", State(32)),
    # Of a sub-account; the root account's zone is one of its settings.
    optional("default_time_zone", Text()),
    required("default_storage_quota_mb", Id, default=500),
    required("default_user_storage_quota_mb", Id, default=50),
    required("default_group_storage_quota_mb", Id, default=50),
    optional("course_template_id", Id),
    optional("sis_account_id", Key),
    optional("integration_id", Key),
    optional("sis_import_id", Id),
    required("lti_guid", Text()),
    # JSON of homeroom.school.rights.account_settings.AccountSettings; only the keys that differ from the defaults.
    required("settings", Text(), default="{}"),
    # See school/rights/views_outside_dates.py; null: as the account above has it.
    optional("restrict_student_past_view", Boolean()),
    required("restrict_student_past_view_locked", Boolean(), default=False, server_default=false()),
    optional("restrict_student_future_view", Boolean()),
    required("restrict_student_future_view_locked", Boolean(), default=False, server_default=false()),
    required("stuck_sis_fields", Text(), default=""),
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_accounts_sis_account_id", "root_account_id", "sis_account_id"),
    Index("ix_accounts_parent_account_id", "parent_account_id", "name", "id"),
    Index(
        "ix_accounts_site_admin",
        "id",
        sqlite_where=text("is_site_admin = 1"),
        postgresql_where=text("is_site_admin"),
    ),
)


# What people of a root account agree to. Whether they must is the setting ``require_terms``.
TermsOfService = table(
    "terms_of_service",
    id_column(),
    required("account_id", Id, ForeignKey("accounts.id"), unique=True),
    required("terms_type", String(16)),  # default, custom, no_terms
    optional("content", Text()),  # HTML of custom terms
    required("created_at", Time()),
    required("updated_at", Time()),
)


# A feature switched for an account, a course or a user.
FeatureFlag = table(
    "feature_flags",
    id_column(),
    required("context_type", String(16)),
    required("context_id", Id),
    required("feature", Text()),
    required("state", State(32)),
    required("created_at", Time()),
    required("updated_at", Time()),
    UniqueConstraint("context_type", "context_id", "feature", name="uq_feature_flags_context"),
)


# A built-in role (of the root account) or an account's own.
Role = table(
    "roles",
    id_column(),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("name", Text()),
    required("base_role_type", String(64)),
    required("state", State(32)),  # built_in, active, inactive, deleted
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_roles_name", "account_id", "name"),
)


# What an account says about one permission of one role; null means: as inherited.
RoleOverride = table(
    "role_overrides",
    id_column(),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("role_id", Id, index=True),
    required("permission", String(64)),
    optional("enabled", Boolean()),
    required("locked", Boolean(), default=False),
    required("applies_to_self", Boolean(), default=True),
    required("applies_to_descendants", Boolean(), default=True),
    required("created_at", Time()),
    required("updated_at", Time()),
    UniqueConstraint("account_id", "role_id", "permission", name="uq_role_overrides_permission"),
)
