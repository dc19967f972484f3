"""Accounts, roles, rights and what the whole system keeps."""

from __future__ import annotations

from sqlalchemy import Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.school.schema.base import Base, account_ref, id_, key, state, time, unique_while_live


class Account(Base):
    """A root account, a sub-account of it, or the site-admin account (which is nobody's parent in the wire's tree)."""

    __tablename__ = "accounts"
    rules = (
        unique_while_live("uq_accounts_sis_account_id", "root_account_id", "sis_account_id"),
        Index("ix_accounts_parent_account_id", "parent_account_id", "name", "id"),
        Index(
            "ix_accounts_site_admin",
            "id",
            sqlite_where=text("is_site_admin = 1"),
            postgresql_where=text("is_site_admin"),
        ),
    )

    id: Mapped[id_]
    name: Mapped[str]
    uuid: Mapped[str] = mapped_column(String(40), unique=True)
    parent_account_id: Mapped[account_ref | None]
    root_account_id: Mapped[account_ref | None]
    # From the root down to this account, as "/1/7/9/": the chain that rights are inherited along.
    ancestry: Mapped[key] = mapped_column(index=True)
    is_site_admin: Mapped[bool] = mapped_column(default=False)
    state: Mapped[state]
    default_time_zone: Mapped[str | None]
    default_locale: Mapped[str | None]
    default_storage_quota_mb: Mapped[int] = mapped_column(default=500)
    default_user_storage_quota_mb: Mapped[int] = mapped_column(default=50)
    default_group_storage_quota_mb: Mapped[int] = mapped_column(default=50)
    course_template_id: Mapped[int | None]
    sis_account_id: Mapped[key | None]
    integration_id: Mapped[key | None]
    sis_import_id: Mapped[int | None]
    lti_guid: Mapped[str]
    # JSON of homeroom.school.rights.account_settings.AccountSettings; only the keys that differ from the defaults.
    settings: Mapped[str] = mapped_column(default="{}")
    # See school/rights/views_outside_dates.py; null: as the account above has it.
    restrict_student_past_view: Mapped[bool | None]
    restrict_student_past_view_locked: Mapped[bool] = mapped_column(default=False, server_default=false())
    restrict_student_future_view: Mapped[bool | None]
    restrict_student_future_view_locked: Mapped[bool] = mapped_column(default=False, server_default=false())
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    updated_at: Mapped[time]


class TermsOfService(Base):
    """What people of a root account agree to. Whether they must is the setting ``require_terms``."""

    __tablename__ = "terms_of_service"

    id: Mapped[id_]
    account_id: Mapped[account_ref] = mapped_column(unique=True)
    terms_type: Mapped[str] = mapped_column(String(16))  # default, custom, no_terms
    content: Mapped[str | None]  # HTML of custom terms
    created_at: Mapped[time]
    updated_at: Mapped[time]


class FeatureFlag(Base):
    """A feature switched for an account, a course or a user."""

    __tablename__ = "feature_flags"
    rules = (UniqueConstraint("context_type", "context_id", "feature", name="uq_feature_flags_context"),)

    id: Mapped[id_]
    context_type: Mapped[str] = mapped_column(String(16))
    context_id: Mapped[int]
    feature: Mapped[str]
    state: Mapped[state]
    created_at: Mapped[time]
    updated_at: Mapped[time]


class Role(Base):
    """A built-in role (of the root account) or an account's own."""

    __tablename__ = "roles"
    rules = (unique_while_live("uq_roles_name", "account_id", "name"),)

    id: Mapped[id_]
    account_id: Mapped[account_ref]
    name: Mapped[str]
    base_role_type: Mapped[str] = mapped_column(String(64))
    state: Mapped[state]  # built_in, active, inactive, deleted
    created_at: Mapped[time]
    updated_at: Mapped[time]


class RoleOverride(Base):
    """What an account says about one permission of one role; null means: as inherited."""

    __tablename__ = "role_overrides"
    rules = (UniqueConstraint("account_id", "role_id", "permission", name="uq_role_overrides_permission"),)

    id: Mapped[id_]
    account_id: Mapped[account_ref]
    role_id: Mapped[int] = mapped_column(index=True)
    permission: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool | None]
    locked: Mapped[bool] = mapped_column(default=False)
    applies_to_self: Mapped[bool] = mapped_column(default=True)
    applies_to_descendants: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[time]
    updated_at: Mapped[time]


class AccountAdmin(Base):
    """A person's account role; shown as an Admin."""

    __tablename__ = "account_admins"
    rules = (
        UniqueConstraint("account_id", "user_id", "role_id", name="uq_account_admins_role"),
        Index("ix_account_admins_user_id", "user_id"),
    )

    id: Mapped[id_]
    account_id: Mapped[account_ref]
    user_id: Mapped[int]
    role_id: Mapped[int]
    state: Mapped[state]  # active, deleted
    created_at: Mapped[time]
    updated_at: Mapped[time]


class MovedClock(Base):
    """The one row of a clock moved while developing (homeroom.md §5)."""

    __tablename__ = "moved_clock"

    id: Mapped[id_]
    offset_seconds: Mapped[float]
    frozen_at: Mapped[str | None]


class SystemFact(Base):
    """What the installation remembers about itself, by name: the secret key, the site admin's account ..."""

    __tablename__ = "system_facts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class JobLease(Base):
    """Who is doing periodic work (sweeps), so that several workers do not do it at once."""

    __tablename__ = "job_leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str]
    until: Mapped[time]
