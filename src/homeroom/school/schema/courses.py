"""Terms, courses, sections and enrollments: what people are in."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from homeroom.school.schema.base import (
    Base,
    account_ref,
    course_ref,
    id_,
    key,
    state,
    time,
    unique_while_live,
    user_ref,
)


class EnrollmentTerm(Base):
    __tablename__ = "enrollment_terms"
    rules = (unique_while_live("uq_enrollment_terms_sis_term_id", "root_account_id", "sis_term_id"),)

    id: Mapped[id_]
    root_account_id: Mapped[account_ref]
    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)
    start_at: Mapped[time | None]
    end_at: Mapped[time | None]
    sis_term_id: Mapped[key | None]
    integration_id: Mapped[key | None]
    sis_import_id: Mapped[int | None]
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    state: Mapped[state]  # active, deleted
    created_at: Mapped[time]
    updated_at: Mapped[time]


class EnrollmentTermDates(Base):
    """A term's own dates for one type of enrollment, instead of the term's."""

    __tablename__ = "enrollment_term_dates"

    term_id: Mapped[int] = mapped_column(ForeignKey("enrollment_terms.id"), primary_key=True)
    type: Mapped[str] = mapped_column(String(32), primary_key=True)  # StudentEnrollment, TeacherEnrollment ...
    start_at: Mapped[time | None]
    end_at: Mapped[time | None]


class Course(Base):
    __tablename__ = "courses"
    rules = (
        unique_while_live("uq_courses_sis_course_id", "root_account_id", "sis_course_id"),
        unique_while_live("uq_courses_integration_id", "root_account_id", "integration_id"),
        Index("ix_courses_account_id", "account_id", "sort_key", "id"),
        Index("ix_courses_account_id_id", "account_id", "id"),
        Index("ix_courses_root_account_id", "root_account_id", "id"),
        Index("ix_courses_root_account_id_sort_key", "root_account_id", "sort_key", "id"),
        Index("ix_courses_enrollment_term_id", "enrollment_term_id"),
    )

    id: Mapped[id_]
    account_id: Mapped[account_ref]
    root_account_id: Mapped[account_ref]
    enrollment_term_id: Mapped[int]
    uuid: Mapped[str] = mapped_column(String(40), unique=True)
    lti_context_id: Mapped[str | None] = mapped_column(index=True)
    name: Mapped[str]
    sort_key: Mapped[key]
    course_code: Mapped[str]
    state: Mapped[state]  # created, claimed, available, completed, deleted
    start_at: Mapped[time | None]
    end_at: Mapped[time | None]
    default_view: Mapped[str] = mapped_column(String(32), default="modules")
    license: Mapped[str | None]
    is_public: Mapped[bool | None]
    is_public_to_auth_users: Mapped[bool] = mapped_column(default=False)
    public_syllabus: Mapped[bool] = mapped_column(default=False)
    public_syllabus_to_auth: Mapped[bool] = mapped_column(default=False)
    public_description: Mapped[str | None]
    syllabus_body: Mapped[str | None]
    hide_final_grades: Mapped[bool] = mapped_column(default=False)
    apply_assignment_group_weights: Mapped[bool] = mapped_column(default=False)
    restrict_enrollments_to_course_dates: Mapped[bool] = mapped_column(default=False)
    open_enrollment: Mapped[bool] = mapped_column(default=False)
    self_enrollment: Mapped[bool] = mapped_column(default=False)
    self_enrollment_code: Mapped[str | None] = mapped_column(unique=True)
    course_format: Mapped[str | None]
    grading_standard_id: Mapped[int | None]
    image_id: Mapped[int | None]
    # See school/rights/views_outside_dates.py; null: as the account has it.
    restrict_student_past_view: Mapped[bool | None]
    restrict_student_future_view: Mapped[bool | None]
    # JSON of homeroom.school.courses.courses.settings.CourseSettings; only the keys that differ from the defaults.
    settings: Mapped[str] = mapped_column(default="{}", server_default="{}")
    storage_quota_mb: Mapped[int | None]
    time_zone: Mapped[str | None]
    sis_course_id: Mapped[key | None]
    integration_id: Mapped[key | None]
    sis_import_id: Mapped[int | None]
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    updated_at: Mapped[time]


class CourseSection(Base):
    __tablename__ = "course_sections"
    rules = (
        unique_while_live("uq_course_sections_sis_section_id", "root_account_id", "sis_section_id"),
        unique_while_live("uq_course_sections_integration_id", "root_account_id", "integration_id"),
        Index("ix_course_sections_course_id", "course_id", "id"),
    )

    id: Mapped[id_]
    course_id: Mapped[course_ref]
    root_account_id: Mapped[account_ref]
    nonxlist_course_id: Mapped[int | None]
    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)
    start_at: Mapped[time | None]
    end_at: Mapped[time | None]
    restrict_enrollments_to_section_dates: Mapped[bool] = mapped_column(default=False)
    sis_section_id: Mapped[key | None]
    integration_id: Mapped[key | None]
    sis_import_id: Mapped[int | None]
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    state: Mapped[state]  # active, deleted
    created_at: Mapped[time]
    updated_at: Mapped[time]


class Enrollment(Base):
    """A person in a course. One row a (person, section, role, observed student) that is not deleted."""

    __tablename__ = "enrollments"
    rules = (
        unique_while_live("uq_enrollments_person", "user_id", "course_section_id", "type", "role_id", "associated_key"),
        Index("ix_enrollments_user_id", "user_id", "course_id"),
        Index("ix_enrollments_course_id", "course_id", "type", "user_id"),
        Index("ix_enrollments_course_section_id", "course_section_id"),
        Index("ix_enrollments_associated_user_id", "associated_user_id"),
        # For lists of an account's people by role: the few designers of a large school are found here.
        Index("ix_enrollments_role_id", "role_id", "user_id"),
    )

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    course_id: Mapped[course_ref]
    course_section_id: Mapped[int]
    root_account_id: Mapped[account_ref]
    type: Mapped[str] = mapped_column(String(32))  # StudentEnrollment, TeacherEnrollment, TaEnrollment ...
    role_id: Mapped[int]
    associated_user_id: Mapped[int | None]
    associated_key: Mapped[int] = mapped_column(default=0)  # the observed student, 0 without: nulls are never equal
    state: Mapped[state]  # creation_pending, invited, active, inactive, completed, rejected, deleted
    limit_privileges_to_course_section: Mapped[bool] = mapped_column(default=False)
    self_enrolled: Mapped[bool] = mapped_column(default=False)
    start_at: Mapped[time | None]
    end_at: Mapped[time | None]
    completed_at: Mapped[time | None]
    last_activity_at: Mapped[time | None]
    last_attended_at: Mapped[time | None]
    total_activity_time: Mapped[int] = mapped_column(default=0)
    # Set while the course is deleted: what to return to when the course comes back.
    state_before_course_deletion: Mapped[str | None] = mapped_column(String(32))
    uuid: Mapped[str] = mapped_column(String(40))
    sis_import_id: Mapped[int | None]
    stuck_sis_fields: Mapped[str] = mapped_column(default="")
    created_at: Mapped[time]
    updated_at: Mapped[time]


class ObserverLink(Base):
    """A person observes a student; the enrollments that follow are kept by the observers' area."""

    __tablename__ = "observer_links"
    rules = (
        unique_while_live("uq_observer_links_pair", "observer_id", "student_id"),
        Index("ix_observer_links_student_id", "student_id"),
    )

    id: Mapped[id_]
    observer_id: Mapped[user_ref]
    student_id: Mapped[user_ref]
    root_account_id: Mapped[account_ref]
    state: Mapped[state]  # active, deleted
    made_by_sis: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[time]
    updated_at: Mapped[time]


class CourseNickname(Base):
    """What one person calls a course (users-core.md §13)."""

    __tablename__ = "course_nicknames"
    rules = (
        UniqueConstraint("user_id", "course_id", name="uq_course_nicknames_course"),
        Index("ix_course_nicknames_user_id", "user_id", "id"),
        Index("ix_course_nicknames_course_id", "course_id"),
    )

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    course_id: Mapped[course_ref]
    nickname: Mapped[str]
    sort_key: Mapped[key] = mapped_column(server_default=text("''"))
    created_at: Mapped[time]
    updated_at: Mapped[time]


class Favorite(Base):
    """A course or group that a person has chosen (learning-resources.md §15)."""

    __tablename__ = "favorites"
    rules = (
        UniqueConstraint("user_id", "context_type", "context_id", name="uq_favorites_context"),
        Index("ix_favorites_context", "context_type", "context_id"),
    )

    id: Mapped[id_]
    user_id: Mapped[user_ref]
    context_type: Mapped[str] = mapped_column(String(16))  # Course, Group
    context_id: Mapped[int]
    created_at: Mapped[time]
    updated_at: Mapped[time]
