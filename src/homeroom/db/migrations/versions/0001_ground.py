"""The ground: accounts, people, courses, tokens, mail and what the installation keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from homeroom.db.types import Id, Key, Time

revision = "0001"
down_revision = None

_SEARCHED = ("name_text", "login_text", "sis_text", "email_text")
_NULLS_LAST = ("login_key", "email_key", "sis_user_id", "integration_id", "last_login_at")


def upgrade() -> None:
    make_accounts()
    make_feature_flags()
    make_job_leases()
    make_mail_messages()
    make_moved_clock()
    make_system_facts()
    make_users()
    make_access_tokens()
    make_account_admins()
    make_communication_channels()
    make_courses()
    make_custom_colors()
    make_dashboard_positions()
    make_developer_keys()
    make_directory()
    make_enrollment_terms()
    make_logins()
    make_observer_links()
    make_preferences()
    make_profile_links()
    make_role_overrides()
    make_roles()
    make_user_account_associations()
    make_user_services()
    make_course_sections()
    make_enrollments()
    if op.get_bind().dialect.name == "postgresql":
        order_nulls_last()
        search_with_pg_trgm()
    else:
        search_with_fts5()


def make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uuid", sa.String(length=40), nullable=False),
        sa.Column("parent_account_id", Id, nullable=True),
        sa.Column("root_account_id", Id, nullable=True),
        sa.Column("ancestry", Key, nullable=False),
        sa.Column("is_site_admin", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("default_time_zone", sa.Text(), nullable=True),
        sa.Column("default_locale", sa.Text(), nullable=True),
        sa.Column("default_storage_quota_mb", Id, nullable=False),
        sa.Column("default_user_storage_quota_mb", Id, nullable=False),
        sa.Column("default_group_storage_quota_mb", Id, nullable=False),
        sa.Column("course_template_id", Id, nullable=True),
        sa.Column("sis_account_id", Key, nullable=True),
        sa.Column("integration_id", Key, nullable=True),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("lti_guid", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["parent_account_id"], ["accounts.id"], name="fk_accounts_parent_account_id"),
        sa.ForeignKeyConstraint(["root_account_id"], ["accounts.id"], name="fk_accounts_root_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("uuid", name="uq_accounts_uuid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_accounts_ancestry", "accounts", ["ancestry"])
    op.create_index("ix_accounts_parent_account_id", "accounts", ["parent_account_id", "name", "id"])
    op.create_index(
        "ix_accounts_site_admin",
        "accounts",
        ["id"],
        sqlite_where=sa.text("is_site_admin = 1"),
        postgresql_where=sa.text("is_site_admin"),
    )
    op.create_index(
        "uq_accounts_sis_account_id",
        "accounts",
        ["root_account_id", "sis_account_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_feature_flags() -> None:
    op.create_table(
        "feature_flags",
        sa.Column("id", Id, nullable=False),
        sa.Column("context_type", sa.String(length=16), nullable=False),
        sa.Column("context_id", Id, nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feature_flags"),
        sa.UniqueConstraint("context_type", "context_id", "feature", name="uq_feature_flags_context"),
        sqlite_autoincrement=True,
    )


def make_job_leases() -> None:
    op.create_table(
        "job_leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", Time(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_job_leases"),
    )


def make_mail_messages() -> None:
    op.create_table(
        "mail_messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("communication_channel_id", Id, nullable=True),
        sa.Column("notification", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("html_body", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", Id, nullable=False),
        sa.Column("next_attempt_at", Time(), nullable=False),
        sa.Column("leased_until", Time(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("sent_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mail_messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_messages_due", "mail_messages", ["state", "next_attempt_at"])
    op.create_index("ix_mail_messages_user_id", "mail_messages", ["user_id"])


def make_moved_clock() -> None:
    op.create_table(
        "moved_clock",
        sa.Column("id", Id, nullable=False),
        sa.Column("offset_seconds", sa.Double(), nullable=False),
        sa.Column("frozen_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_moved_clock"),
        sqlite_autoincrement=True,
    )


def make_system_facts() -> None:
    op.create_table(
        "system_facts",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_system_facts"),
    )


def make_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", Id, nullable=False),
        sa.Column("uuid", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sortable_name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("pronouns", sa.Text(), nullable=True),
        sa.Column("avatar_source", sa.String(length=16), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("avatar_state", sa.String(length=16), nullable=False),
        sa.Column("avatar_file_id", Id, nullable=True),
        sa.Column("avatar_updated_at", Time(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("pronunciation", sa.Text(), nullable=True),
        sa.Column("terms_accepted_at", Time(), nullable=True),
        sa.Column("initial_enrollment_type", sa.String(length=32), nullable=True),
        sa.Column("calendar_code", sa.String(length=40), nullable=False),
        sa.Column("lti_id", sa.Text(), nullable=True),
        sa.Column("lti_context_id", sa.Text(), nullable=True),
        sa.Column("merged_into_user_id", Id, nullable=True),
        sa.Column("last_logged_out_at", Time(), nullable=True),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.Column("deleted_at", Time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("uuid", name="uq_users_uuid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_users_lti_context_id", "users", ["lti_context_id"])
    op.create_index("ix_users_lti_id", "users", ["lti_id"])
    op.create_index("ix_users_merged_into_user_id", "users", ["merged_into_user_id"])


def make_access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("real_user_id", Id, nullable=True),
        sa.Column("developer_key_id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(length=5), nullable=False),
        sa.Column("refresh_digest", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("remember_access", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Time(), nullable=True),
        sa.Column("permanent_expires_at", Time(), nullable=True),
        sa.Column("last_used_at", Time(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_access_tokens_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
        sa.UniqueConstraint("digest", name="uq_access_tokens_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_tokens_developer_key_id", "access_tokens", ["developer_key_id"])
    op.create_index(
        "ix_access_tokens_refresh_digest",
        "access_tokens",
        ["refresh_digest"],
        unique=True,
        sqlite_where=sa.text("refresh_digest IS NOT NULL"),
        postgresql_where=sa.text("refresh_digest IS NOT NULL"),
    )
    op.create_index("ix_access_tokens_user_id", "access_tokens", ["user_id", "id"])


def make_account_admins() -> None:
    op.create_table(
        "account_admins",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("role_id", Id, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_admins_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account_admins"),
        sa.UniqueConstraint("account_id", "user_id", "role_id", name="uq_account_admins_role"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_admins_user_id", "account_admins", ["user_id"])


def make_communication_channels() -> None:
    op.create_table(
        "communication_channels",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", Key, nullable=False),
        sa.Column("push_token", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.Column("confirmation_digest", sa.LargeBinary(), nullable=True),
        sa.Column("confirmation_expires_at", Time(), nullable=True),
        sa.Column("made_by_sis", sa.Boolean(), nullable=False),
        sa.Column("last_bounce_at", Time(), nullable=True),
        sa.Column("last_bounce_summary", sa.Text(), nullable=True),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_communication_channels_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_communication_channels"),
        sa.UniqueConstraint("confirmation_digest", name="uq_communication_channels_confirmation_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_communication_channels_address_key", "communication_channels", ["address_key"])
    op.create_index("ix_communication_channels_user_id", "communication_channels", ["user_id", "position", "id"])
    op.create_index(
        "uq_communication_channels_address",
        "communication_channels",
        ["user_id", "type", "address_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'retired'"),
        postgresql_where=sa.text("state <> 'retired'"),
    )


def make_courses() -> None:
    op.create_table(
        "courses",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("root_account_id", Id, nullable=False),
        sa.Column("enrollment_term_id", Id, nullable=False),
        sa.Column("uuid", sa.String(length=40), nullable=False),
        sa.Column("lti_context_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", Key, nullable=False),
        sa.Column("course_code", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("start_at", Time(), nullable=True),
        sa.Column("end_at", Time(), nullable=True),
        sa.Column("default_view", sa.String(length=32), nullable=False),
        sa.Column("license", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=True),
        sa.Column("is_public_to_auth_users", sa.Boolean(), nullable=False),
        sa.Column("public_syllabus", sa.Boolean(), nullable=False),
        sa.Column("public_syllabus_to_auth", sa.Boolean(), nullable=False),
        sa.Column("public_description", sa.Text(), nullable=True),
        sa.Column("syllabus_body", sa.Text(), nullable=True),
        sa.Column("hide_final_grades", sa.Boolean(), nullable=False),
        sa.Column("apply_assignment_group_weights", sa.Boolean(), nullable=False),
        sa.Column("restrict_enrollments_to_course_dates", sa.Boolean(), nullable=False),
        sa.Column("open_enrollment", sa.Boolean(), nullable=False),
        sa.Column("self_enrollment", sa.Boolean(), nullable=False),
        sa.Column("self_enrollment_code", sa.Text(), nullable=True),
        sa.Column("course_format", sa.Text(), nullable=True),
        sa.Column("grading_standard_id", Id, nullable=True),
        sa.Column("image_id", Id, nullable=True),
        sa.Column("storage_quota_mb", Id, nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("sis_course_id", Key, nullable=True),
        sa.Column("integration_id", Key, nullable=True),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_courses_account_id"),
        sa.ForeignKeyConstraint(["root_account_id"], ["accounts.id"], name="fk_courses_root_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
        sa.UniqueConstraint("self_enrollment_code", name="uq_courses_self_enrollment_code"),
        sa.UniqueConstraint("uuid", name="uq_courses_uuid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_courses_account_id", "courses", ["account_id", "sort_key", "id"])
    op.create_index("ix_courses_enrollment_term_id", "courses", ["enrollment_term_id"])
    op.create_index("ix_courses_lti_context_id", "courses", ["lti_context_id"])
    op.create_index(
        "uq_courses_integration_id",
        "courses",
        ["root_account_id", "integration_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )
    op.create_index(
        "uq_courses_sis_course_id",
        "courses",
        ["root_account_id", "sis_course_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_custom_colors() -> None:
    op.create_table(
        "custom_colors",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("asset_string", Key, nullable=False),
        sa.Column("hexcode", sa.String(length=7), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_custom_colors_user_id"),
        sa.PrimaryKeyConstraint("user_id", "asset_string", name="pk_custom_colors"),
    )


def make_dashboard_positions() -> None:
    op.create_table(
        "dashboard_positions",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("asset_string", Key, nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_dashboard_positions_user_id"),
        sa.PrimaryKeyConstraint("user_id", "asset_string", name="pk_dashboard_positions"),
    )


def make_developer_keys() -> None:
    op.create_table(
        "developer_keys",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("require_scopes", sa.Boolean(), nullable=False),
        sa.Column("allow_includes", sa.Boolean(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("auto_expire_tokens", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_developer_keys_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_developer_keys"),
        sqlite_autoincrement=True,
    )


def make_directory() -> None:
    op.create_table(
        "directory",
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        sa.Column("sort_key", Key, nullable=False),
        sa.Column("name_key", Key, nullable=False),
        sa.Column("login_db_id", Id, nullable=True),
        sa.Column("login_id", sa.Text(), nullable=True),
        sa.Column("login_key", Key, nullable=True),
        sa.Column("sis_user_id", Key, nullable=True),
        sa.Column("integration_id", Key, nullable=True),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_key", Key, nullable=True),
        sa.Column("last_login_at", Time(), nullable=True),
        sa.Column("name_text", sa.Text(), nullable=False),
        sa.Column("login_text", sa.Text(), nullable=False),
        sa.Column("sis_text", sa.Text(), nullable=False),
        sa.Column("email_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_directory_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_directory"),
    )
    op.create_index("ix_directory_email_key", "directory", ["email_key", "user_id"])
    op.create_index("ix_directory_integration_id", "directory", ["integration_id", "user_id"])
    op.create_index("ix_directory_last_login_at", "directory", ["last_login_at", "user_id"])
    op.create_index("ix_directory_login_key", "directory", ["login_key", "user_id"])
    op.create_index("ix_directory_name_key", "directory", ["name_key", "user_id"])
    op.create_index("ix_directory_sis_user_id", "directory", ["sis_user_id", "user_id"])
    op.create_index("ix_directory_sort_key", "directory", ["sort_key", "user_id"])


def make_enrollment_terms() -> None:
    op.create_table(
        "enrollment_terms",
        sa.Column("id", Id, nullable=False),
        sa.Column("root_account_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("start_at", Time(), nullable=True),
        sa.Column("end_at", Time(), nullable=True),
        sa.Column("overrides", sa.Text(), nullable=False),
        sa.Column("sis_term_id", Key, nullable=True),
        sa.Column("integration_id", Key, nullable=True),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["root_account_id"], ["accounts.id"], name="fk_enrollment_terms_root_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_enrollment_terms"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_enrollment_terms_sis_term_id",
        "enrollment_terms",
        ["root_account_id", "sis_term_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_logins() -> None:
    op.create_table(
        "logins",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("unique_id", sa.Text(), nullable=False),
        sa.Column("unique_id_key", Key, nullable=False),
        sa.Column("authentication_provider_id", Id, nullable=True),
        sa.Column("provider_key", Id, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("sis_user_id", Key, nullable=True),
        sa.Column("integration_id", Key, nullable=True),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("declared_user_type", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.Column("login_count", Id, nullable=False),
        sa.Column("current_login_at", Time(), nullable=True),
        sa.Column("last_login_at", Time(), nullable=True),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.Column("deleted_at", Time(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_logins_account_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_logins_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_logins"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_logins_deleted_sis_user_id", "logins", ["account_id", "sis_user_id"])
    op.create_index("ix_logins_user_id", "logins", ["user_id", "position", "id"])
    op.create_index(
        "uq_logins_integration_id",
        "logins",
        ["account_id", "integration_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )
    op.create_index(
        "uq_logins_sis_user_id",
        "logins",
        ["account_id", "sis_user_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )
    op.create_index(
        "uq_logins_unique_id",
        "logins",
        ["account_id", "unique_id_key", "provider_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_observer_links() -> None:
    op.create_table(
        "observer_links",
        sa.Column("id", Id, nullable=False),
        sa.Column("observer_id", Id, nullable=False),
        sa.Column("student_id", Id, nullable=False),
        sa.Column("root_account_id", Id, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("made_by_sis", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["observer_id"], ["users.id"], name="fk_observer_links_observer_id"),
        sa.ForeignKeyConstraint(["root_account_id"], ["accounts.id"], name="fk_observer_links_root_account_id"),
        sa.ForeignKeyConstraint(["student_id"], ["users.id"], name="fk_observer_links_student_id"),
        sa.PrimaryKeyConstraint("id", name="pk_observer_links"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_observer_links_student_id", "observer_links", ["student_id"])
    op.create_index(
        "uq_observer_links_pair",
        "observer_links",
        ["observer_id", "student_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_preferences() -> None:
    op.create_table(
        "preferences",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_preferences_user_id"),
        sa.PrimaryKeyConstraint("user_id", "name", name="pk_preferences"),
    )


def make_profile_links() -> None:
    op.create_table(
        "profile_links",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_profile_links_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_profile_links"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_profile_links_user_id", "profile_links", ["user_id"])


def make_role_overrides() -> None:
    op.create_table(
        "role_overrides",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("role_id", Id, nullable=False),
        sa.Column("permission", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("applies_to_self", sa.Boolean(), nullable=False),
        sa.Column("applies_to_descendants", sa.Boolean(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_role_overrides_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_role_overrides"),
        sa.UniqueConstraint("account_id", "role_id", "permission", name="uq_role_overrides_permission"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_role_overrides_role_id", "role_overrides", ["role_id"])


def make_roles() -> None:
    op.create_table(
        "roles",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_role_type", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_roles_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_roles_name",
        "roles",
        ["account_id", "name"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_user_account_associations() -> None:
    op.create_table(
        "user_account_associations",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("sort_key", Key, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_user_account_associations_account_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_account_associations_user_id"),
        sa.PrimaryKeyConstraint("account_id", "user_id", name="pk_user_account_associations"),
    )
    op.create_index(
        "ix_user_account_associations_sorted", "user_account_associations", ["account_id", "sort_key", "user_id"]
    )
    op.create_index("ix_user_account_associations_user_id", "user_account_associations", ["user_id"])


def make_user_services() -> None:
    op.create_table(
        "user_services",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("service_user_link", sa.Text(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_services_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user_services"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_services_user_id", "user_services", ["user_id"])


def make_course_sections() -> None:
    op.create_table(
        "course_sections",
        sa.Column("id", Id, nullable=False),
        sa.Column("course_id", Id, nullable=False),
        sa.Column("root_account_id", Id, nullable=False),
        sa.Column("nonxlist_course_id", Id, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("start_at", Time(), nullable=True),
        sa.Column("end_at", Time(), nullable=True),
        sa.Column("restrict_enrollments_to_section_dates", sa.Boolean(), nullable=False),
        sa.Column("sis_section_id", Key, nullable=True),
        sa.Column("integration_id", Key, nullable=True),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_course_sections_course_id"),
        sa.ForeignKeyConstraint(["root_account_id"], ["accounts.id"], name="fk_course_sections_root_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_course_sections"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_course_sections_course_id", "course_sections", ["course_id", "id"])
    op.create_index(
        "uq_course_sections_sis_section_id",
        "course_sections",
        ["root_account_id", "sis_section_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def make_enrollments() -> None:
    op.create_table(
        "enrollments",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("course_id", Id, nullable=False),
        sa.Column("course_section_id", Id, nullable=False),
        sa.Column("root_account_id", Id, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("role_id", Id, nullable=False),
        sa.Column("associated_user_id", Id, nullable=True),
        sa.Column("associated_key", Id, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("limit_privileges_to_course_section", sa.Boolean(), nullable=False),
        sa.Column("self_enrolled", sa.Boolean(), nullable=False),
        sa.Column("start_at", Time(), nullable=True),
        sa.Column("end_at", Time(), nullable=True),
        sa.Column("completed_at", Time(), nullable=True),
        sa.Column("last_activity_at", Time(), nullable=True),
        sa.Column("last_attended_at", Time(), nullable=True),
        sa.Column("total_activity_time", Id, nullable=False),
        sa.Column("uuid", sa.String(length=40), nullable=False),
        sa.Column("sis_import_id", Id, nullable=True),
        sa.Column("stuck_sis_fields", sa.Text(), nullable=False),
        sa.Column("created_at", Time(), nullable=False),
        sa.Column("updated_at", Time(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_enrollments_course_id"),
        sa.ForeignKeyConstraint(["root_account_id"], ["accounts.id"], name="fk_enrollments_root_account_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_enrollments_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_enrollments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_enrollments_associated_user_id", "enrollments", ["associated_user_id"])
    op.create_index("ix_enrollments_course_id", "enrollments", ["course_id", "type", "user_id"])
    op.create_index("ix_enrollments_course_section_id", "enrollments", ["course_section_id"])
    op.create_index("ix_enrollments_user_id", "enrollments", ["user_id", "course_id"])
    op.create_index(
        "uq_enrollments_person",
        "enrollments",
        ["user_id", "course_section_id", "type", "role_id", "associated_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )


def order_nulls_last() -> None:
    for column in _NULLS_LAST:
        op.create_index(
            f"ix_directory_{column}_desc", "directory", [sa.text(f"{column} DESC NULLS LAST"), sa.text("user_id DESC")]
        )


def search_with_pg_trgm() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for column in _SEARCHED:
        op.execute(f"CREATE INDEX ix_directory_{column} ON directory USING gin ({column} gin_trgm_ops)")


def search_with_fts5() -> None:
    names = ", ".join(_SEARCHED)
    new, old = (", ".join(f"{row}.{name}" for name in _SEARCHED) for row in ("new", "old"))
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in _SEARCHED)
    forget = f"INSERT INTO directory_search (directory_search, rowid, {names}) VALUES ('delete', old.user_id, {old});"
    learn = f"INSERT INTO directory_search (rowid, {names}) VALUES (new.user_id, {new});"
    op.execute(
        f"CREATE VIRTUAL TABLE directory_search USING fts5({names}, "
        "content='directory', content_rowid='user_id', tokenize='trigram')"
    )
    op.execute(f"CREATE TRIGGER directory_search_insert AFTER INSERT ON directory BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER directory_search_delete AFTER DELETE ON directory BEGIN {forget} END")
    op.execute(
        f"CREATE TRIGGER directory_search_update AFTER UPDATE ON directory WHEN {changed} BEGIN {forget} {learn} END"
    )
