"""Terms, courses, sections and enrollments: what people are in."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, false, text

from homeroom.db.types import Id, Key, State, Time
from homeroom.school.schema.base import id_column, optional, required, table, unique_while_live

EnrollmentTerm = table(
    "enrollment_terms",
    id_column(),
    required("root_account_id", Id, ForeignKey("accounts.id")),
    required("name", Text()),
    required("is_default", Boolean(), default=False),
    optional("start_at", Time()),
    optional("end_at", Time()),
    optional("sis_term_id", Key),
    optional("integration_id", Key),
    optional("sis_import_id", Id),
    required("stuck_sis_fields", Text(), default=""),
    required("state", State(32)),  # active, deleted
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_enrollment_terms_sis_term_id", "root_account_id", "sis_term_id"),
)


# A term's own dates for one type of enrollment, instead of the term's.
EnrollmentTermDates = table(
    "enrollment_term_dates",
    required("term_id", Id, ForeignKey("enrollment_terms.id"), primary_key=True),
    required("type", String(32), primary_key=True),  # StudentEnrollment, TeacherEnrollment ...
    optional("start_at", Time()),
    optional("end_at", Time()),
)


Course = table(
    "courses",
    id_column(),
    required("account_id", Id, ForeignKey("accounts.id")),
    required("root_account_id", Id, ForeignKey("accounts.id")),
    required("enrollment_term_id", Id),
    required("uuid", String(40), unique=True),
    optional("lti_context_id", Text(), index=True),
    required("name", Text()),
    required("sort_key", Key),
    required("course_code", Text()),
    required("state", State(32)),  # CourseState
    optional("start_at", Time()),
    optional("end_at", Time()),
    required("default_view", String(32), default="modules"),
    optional("license", Text()),
    optional("is_public", Boolean()),
    required("is_public_to_auth_users", Boolean(), default=False),
    required("public_syllabus", Boolean(), default=False),
    required("public_syllabus_to_auth", Boolean(), default=False),
    optional("public_description", Text()),
    optional("syllabus_body", Text()),
    required("hide_final_grades", Boolean(), default=False),
    required("apply_assignment_group_weights", Boolean(), default=False),
    required("restrict_enrollments_to_course_dates", Boolean(), default=False),
    required("open_enrollment", Boolean(), default=False),
    required("self_enrollment", Boolean(), default=False),
    optional("self_enrollment_code", Text(), unique=True),
    optional("course_format", Text()),
    optional("grading_standard_id", Id),
    optional("image_id", Id),
    # See school/rights/views_outside_dates.py; null: as the account has it.
    optional("restrict_student_past_view", Boolean()),
    optional("restrict_student_future_view", Boolean()),
    # JSON of homeroom.school.courses.courses.settings.CourseSettings; only the keys that differ from the defaults.
    required("settings", Text(), default="{}", server_default="{}"),
    optional("image_url", Text()),
    optional("grade_passback_setting", Text()),
    optional("storage_quota_mb", Id),
    optional("time_zone", Text()),
    optional("sis_course_id", Key),
    optional("integration_id", Key),
    optional("sis_import_id", Id),
    required("stuck_sis_fields", Text(), default=""),
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_courses_sis_course_id", "root_account_id", "sis_course_id"),
    unique_while_live("uq_courses_integration_id", "root_account_id", "integration_id"),
    Index("ix_courses_account_id", "account_id", "sort_key", "id"),
    Index("ix_courses_account_id_id", "account_id", "id"),
    Index("ix_courses_root_account_id", "root_account_id", "id"),
    Index("ix_courses_root_account_id_sort_key", "root_account_id", "sort_key", "id"),
    Index("ix_courses_enrollment_term_id", "enrollment_term_id"),
)


CourseSection = table(
    "course_sections",
    id_column(),
    required("course_id", Id, ForeignKey("courses.id")),
    required("root_account_id", Id, ForeignKey("accounts.id")),
    optional("nonxlist_course_id", Id),
    required("name", Text()),
    required("is_default", Boolean(), default=False),
    optional("start_at", Time()),
    optional("end_at", Time()),
    required("restrict_enrollments_to_section_dates", Boolean(), default=False),
    optional("sis_section_id", Key),
    optional("integration_id", Key),
    optional("sis_import_id", Id),
    required("stuck_sis_fields", Text(), default=""),
    required("state", State(32)),  # active, deleted
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_course_sections_sis_section_id", "root_account_id", "sis_section_id"),
    unique_while_live("uq_course_sections_integration_id", "root_account_id", "integration_id"),
    Index("ix_course_sections_course_id", "course_id", "id"),
)


# A person in a course. One row a (person, section, role, observed student) that is not deleted.
Enrollment = table(
    "enrollments",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("course_id", Id, ForeignKey("courses.id")),
    required("course_section_id", Id),
    required("root_account_id", Id, ForeignKey("accounts.id")),
    required("type", String(32)),  # StudentEnrollment, TeacherEnrollment, TaEnrollment ...
    required("role_id", Id),
    optional("associated_user_id", Id),
    required("associated_key", Id, default=0),  # the observed student, 0 without: nulls are never equal
    # Made for an observer link, and ends with it. An observer can also be enrolled by hand, without a link.
    required("follows_link", Boolean(), default=False, server_default=false()),
    required("state", State(32)),  # creation_pending, invited, active, inactive, completed, rejected, deleted
    required("limit_privileges_to_course_section", Boolean(), default=False),
    required("self_enrolled", Boolean(), default=False),
    optional("start_at", Time()),
    optional("end_at", Time()),
    optional("completed_at", Time()),
    optional("last_activity_at", Time()),
    optional("last_attended_at", Time()),
    required("total_activity_time", Id, default=0),
    # Set while the course is deleted: what to return to when the course comes back.
    optional("state_before_course_deletion", String(32)),
    required("uuid", String(40)),
    optional("sis_import_id", Id),
    required("stuck_sis_fields", Text(), default=""),
    required("created_at", Time()),
    required("updated_at", Time()),
    unique_while_live("uq_enrollments_person", "user_id", "course_section_id", "type", "role_id", "associated_key"),
    Index("ix_enrollments_user_id", "user_id", "course_id"),
    Index("ix_enrollments_course_id", "course_id", "type", "user_id"),
    Index("ix_enrollments_course_section_id", "course_section_id"),
    Index("ix_enrollments_associated_user_id", "associated_user_id"),
    # For lists of an account's people by role: the few designers of a large school are found here.
    Index("ix_enrollments_role_id", "role_id", "user_id"),
)


# What one person calls a course (users-core.md §13).
CourseNickname = table(
    "course_nicknames",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("course_id", Id, ForeignKey("courses.id")),
    required("nickname", Text()),
    required("sort_key", Key, server_default=text("''")),
    required("created_at", Time()),
    required("updated_at", Time()),
    UniqueConstraint("user_id", "course_id", name="uq_course_nicknames_course"),
    Index("ix_course_nicknames_user_id", "user_id", "id"),
    Index("ix_course_nicknames_course_id", "course_id"),
)


# A course or group that a person has chosen (learning-resources.md §15).
Favorite = table(
    "favorites",
    id_column(),
    required("user_id", Id, ForeignKey("users.id")),
    required("context_type", String(16)),  # Course, Group
    required("context_id", Id),
    required("created_at", Time()),
    required("updated_at", Time()),
    UniqueConstraint("user_id", "context_type", "context_id", name="uq_favorites_context"),
    Index("ix_favorites_context", "context_type", "context_id"),
)
