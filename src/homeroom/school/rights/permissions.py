"""Every permission, who has it by default, and who can be given it (identity.md §10).

The letters are those of the public Roles API documentation: S student, T teacher, A TA, D designer, O observer; a
capital has it by default, a small letter can be given it, a missing one cannot.
"""

from __future__ import annotations

from typing import NamedTuple

ADMIN = "AccountAdmin"
MEMBER = "AccountMembership"
STUDENT = "StudentEnrollment"
TEACHER = "TeacherEnrollment"
TA = "TaEnrollment"
DESIGNER = "DesignerEnrollment"
OBSERVER = "ObserverEnrollment"
# The type of a course's test student, who has the role of a student.
STUDENT_VIEW = "StudentViewEnrollment"

COURSE_ROLES = (STUDENT, TEACHER, TA, DESIGNER, OBSERVER)
BASE_ROLES = (MEMBER, *COURSE_ROLES)
ACCOUNT_ROLES = (ADMIN, MEMBER)
INSTRUCTORS = (TEACHER, TA)
STAFF = (TEACHER, TA, DESIGNER)
_LETTERS = {"s": STUDENT, "t": TEACHER, "a": TA, "d": DESIGNER, "o": OBSERVER}

# Only the site-admin account's roles can have it.
SITE_ADMIN = "site_admin"


class Permission(NamedTuple):
    label: str
    # Course roles that have it by default, and those that an account may give it to.
    default: frozenset[str]
    available: frozenset[str]
    account_only: bool
    # Key of the group of fine permissions that it belongs to; "" for none.
    group: str = ""


def _account(label: str, group: str = "") -> Permission:
    return Permission(label, frozenset(), frozenset(), True, group)


def _course(letters: str, label: str, group: str = "") -> Permission:
    return Permission(
        label,
        frozenset(_LETTERS[letter.lower()] for letter in letters if letter.isupper()),
        frozenset(_LETTERS[letter.lower()] for letter in letters),
        False,
        group,
    )


GROUPS: dict[str, str] = {
    "manage_access_tokens": "Manage access tokens",
    "manage_assignments_and_quizzes": "Manage Assignments and Quizzes",
    "manage_course_content": "Manage Course Content",
    "manage_course_designer_enrollments": "Users - Designers",
    "manage_course_observer_enrollments": "Users - Observers",
    "manage_course_student_enrollments": "Users - Students",
    "manage_course_ta_enrollments": "Users - TAs",
    "manage_course_teacher_enrollments": "Users - Teachers",
    "manage_course_templates": "Manage Course Templates",
    "manage_courses": "Manage Courses",
    "manage_files": "Manage Course Files",
    "manage_groups": "Manage Groups",
    "manage_lti": "Manage LTI",
    "manage_sections": "Manage Course Sections",
    "manage_wiki": "Manage Pages",
}

PERMISSIONS: dict[str, Permission] = {
    # Account roles only.
    "add_course_template": _account("Course Templates - add", "manage_course_templates"),
    "become_user": _account("Users - act as"),
    "create_access_tokens": _account("Access tokens - create", "manage_access_tokens"),
    "delete_access_tokens": _account("Access tokens - delete", "manage_access_tokens"),
    "delete_course_template": _account("Course Templates - delete", "manage_course_templates"),
    "edit_course_template": _account("Course Templates - edit", "manage_course_templates"),
    "import_sis": _account("SIS Data - import"),
    "manage_account_memberships": _account("Admins - add / remove"),
    "manage_account_settings": _account("Account-level settings - manage"),
    "manage_alerts": _account("Global announcements - add / edit / delete"),
    "manage_catalog": _account("Catalog - manage"),
    "manage_courses_admin": _account("Courses - manage / update", "manage_courses"),
    "manage_developer_keys": _account("Developer keys - manage"),
    "manage_master_courses": _account("Blueprint Courses - add / edit / associate / delete"),
    "manage_role_overrides": _account("Permissions - manage"),
    "manage_sis": _account("SIS data - manage"),
    "manage_storage_quotas": _account("Storage Quotas - manage"),
    "manage_terms_of_use": _account("Terms of use - manage"),
    "manage_user_logins": _account("Users - manage login details"),
    "manage_user_observers": _account("Users - manage observers"),
    "moderate_user_content": _account("Users - moderate content"),
    "read_course_content": _account("Course Content - view"),
    "read_course_list": _account("Courses - view list"),
    SITE_ADMIN: _account("Use the Site Admin section and admin all other accounts"),
    "undelete_courses": _account("Courses - undelete"),
    "view_course_changes": _account("Courses - view change logs"),
    "view_error_reports": _account("View error reports"),
    "view_feature_flags": _account("Feature Options - view"),
    "view_grade_changes": _account("Grades - view change logs"),
    "view_notifications": _account("Notifications - view"),
    "view_quiz_answer_audits": _account("Quizzes - view submission log"),
    "view_statistics": _account("Statistics - view"),
    "view_user_generated_access_tokens": _account("Access tokens - view", "manage_access_tokens"),
    # Account roles and course roles.
    "add_designer_to_course": _course("Tad", "Users - add designers", "manage_course_designer_enrollments"),
    "add_observer_to_course": _course("Tad", "Users - add observers", "manage_course_observer_enrollments"),
    "add_student_to_course": _course("Tad", "Users - add students", "manage_course_student_enrollments"),
    "add_ta_to_course": _course("Tad", "Users - add TAs", "manage_course_ta_enrollments"),
    "add_teacher_to_course": _course("Tad", "Users - add teachers", "manage_course_teacher_enrollments"),
    "allow_course_admin_actions": _course("Tad", "Users - allow administrative actions in courses"),
    "comment_on_others_submissions": _course("TADo", "Submissions - view all students' and make comments on them"),
    "create_announcement": _course("TADo", "Announcements - create"),
    "create_collaborations": _course("STADo", "Student Collaborations - create"),
    "create_conferences": _course("STADo", "Web conferences - create"),
    "create_forum": _course("STADo", "Discussions - create"),
    "generate_observer_pairing_code": _course("tado", "Users - Generate observer pairing codes for students"),
    "import_outcomes": _course("TaDo", "Learning Outcomes - import"),
    "manage_account_banks": _course("td", "Item Banks - manage account"),
    "manage_assignments_add": _course("TADo", "Assignments and Quizzes - add", "manage_assignments_and_quizzes"),
    "manage_assignments_delete": _course("TADo", "Assignments and Quizzes - delete", "manage_assignments_and_quizzes"),
    "manage_assignments_edit": _course(
        "TADo", "Assignments and Quizzes - manage / edit", "manage_assignments_and_quizzes"
    ),
    "manage_calendar": _course("sTADo", "Course Calendar - add / edit / delete"),
    "manage_course_content_add": _course("TADo", "Course Content - add", "manage_course_content"),
    "manage_course_content_delete": _course("TADo", "Course Content - delete", "manage_course_content"),
    "manage_course_content_edit": _course("TADo", "Course Content - edit", "manage_course_content"),
    "manage_course_visibility": _course("TAD", "Course - change visibility"),
    "manage_courses_add": _course("stad", "Courses - add", "manage_courses"),
    "manage_courses_conclude": _course("TaD", "Courses - conclude", "manage_courses"),
    "manage_courses_delete": _course("TaD", "Courses - delete", "manage_courses"),
    "manage_courses_publish": _course("TaD", "Courses - publish", "manage_courses"),
    "manage_courses_reset": _course("TaD", "Courses - reset", "manage_courses"),
    "manage_feature_flags": _course("TaD", "Feature Options - enable / disable"),
    "manage_files_add": _course("TADo", "Course Files - add", "manage_files"),
    "manage_files_delete": _course("TADo", "Course Files - delete", "manage_files"),
    "manage_files_edit": _course("TADo", "Course Files - edit", "manage_files"),
    "manage_grades": _course("TA", "Grades - edit"),
    "manage_groups_add": _course("TAD", "Groups - add", "manage_groups"),
    "manage_groups_delete": _course("TAD", "Groups - delete", "manage_groups"),
    "manage_groups_manage": _course("TAD", "Groups - manage", "manage_groups"),
    "manage_interaction_alerts": _course("Ta", "Alerts - add / edit / delete"),
    "manage_lti_add": _course("TAD", "LTI - add", "manage_lti"),
    "manage_lti_delete": _course("TAD", "LTI - delete", "manage_lti"),
    "manage_lti_edit": _course("TAD", "LTI - edit", "manage_lti"),
    "manage_outcomes": _course("sTaDo", "Learning Outcomes - add / edit / delete"),
    "manage_proficiency_calculations": _course("td", "Outcome Proficiency Calculations - add / edit / delete"),
    "manage_proficiency_scales": _course("td", "Outcome Proficiency/Mastery Scales - add / edit / delete"),
    "manage_rubrics": _course("TAD", "Rubrics - add / edit / delete"),
    "manage_sections_add": _course("TaD", "Course Sections - add", "manage_sections"),
    "manage_sections_delete": _course("TaD", "Course Sections - delete", "manage_sections"),
    "manage_sections_edit": _course("TaD", "Course Sections - edit", "manage_sections"),
    "manage_students": _course("TAD", "Users - manage students in courses"),
    "manage_wiki_create": _course("TADo", "Pages - create", "manage_wiki"),
    "manage_wiki_delete": _course("TADo", "Pages - delete", "manage_wiki"),
    "manage_wiki_update": _course("TADo", "Pages - update", "manage_wiki"),
    "moderate_forum": _course("sTADo", "Discussions - moderate"),
    "post_to_forum": _course("STADo", "Discussions - post"),
    "read_announcements": _course("STADO", "Announcements - view"),
    "read_email_addresses": _course("sTAdo", "Users - view primary email address"),
    "read_forum": _course("STADO", "Discussions - view"),
    "read_question_banks": _course("TADo", "Question banks - view and link"),
    "read_reports": _course("TAD", "Reports - manage"),
    "read_roster": _course("STADo", "Users - view list"),
    "read_sis": _course("sTa", "SIS Data - read"),
    "remove_designer_from_course": _course("Tad", "Users - remove designers", "manage_course_designer_enrollments"),
    "remove_observer_from_course": _course("Tad", "Users - remove observers", "manage_course_observer_enrollments"),
    "remove_student_from_course": _course("Tad", "Users - remove students", "manage_course_student_enrollments"),
    "remove_ta_from_course": _course("Tad", "Users - remove TAs", "manage_course_ta_enrollments"),
    "remove_teacher_from_course": _course("Tad", "Users - remove teachers", "manage_course_teacher_enrollments"),
    "select_final_grade": _course("TA", "Grades - select final grade for moderation"),
    "send_messages": _course("STADo", "Conversations - send messages to individual course members"),
    "send_messages_all": _course("sTADo", "Conversations - send messages to entire class"),
    "view_all_grades": _course("TAd", "Grades - view all grades"),
    "view_analytics": _course("sTA", "Analytics - view pages"),
    "view_audit_trail": _course("t", "Grades - view audit trail"),
    "view_group_pages": _course("sTADo", "Groups - view all student groups"),
    "view_unpublished_items": _course("TADo", "Course Content - view unpublished items"),
    "view_user_logins": _course("TA", "Users - view login IDs"),
}


# What somebody may do in a course whose time is over, or has not begun: look.
TO_LOOK = frozenset(
    (
        "read_announcements",
        "read_email_addresses",
        "read_forum",
        "read_reports",
        "read_roster",
        "read_sis",
        "view_all_grades",
        "view_group_pages",
        "view_unpublished_items",
        "view_user_logins",
    )
)


def is_available(base_role: str, permission: str, *, in_site_admin: bool = False) -> bool:
    """Whether a role with this base can have the permission at all."""
    known = PERMISSIONS.get(permission)
    if known is None:
        return False
    if base_role in ACCOUNT_ROLES:
        return permission != SITE_ADMIN or in_site_admin
    return base_role in known.available


def has_by_default(base_role: str, permission: str, *, in_site_admin: bool = False) -> bool:
    """Whether a role with this base has the permission where nothing overrides it."""
    if base_role == MEMBER or not is_available(base_role, permission, in_site_admin=in_site_admin):
        return False
    return base_role == ADMIN or base_role in PERMISSIONS[permission].default
