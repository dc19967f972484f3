"""The notifications that people choose a frequency for, by category: the names that Canvas's API shows.

What is sent by default depends on the category; the defaults are those that Canvas's guides publish.
"""

from __future__ import annotations

from typing import Literal, get_args

Frequency = Literal["immediately", "daily", "weekly", "never"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)

CATEGORIES: dict[str, tuple[Frequency, tuple[str, ...]]] = {
    "announcement": ("immediately", ("new_announcement",)),
    "announcement_created_by_you": ("daily", ("announcement_created_by_you", "announcement_reply")),
    "due_date": (
        "weekly",
        ("assignment_created", "assignment_due_date_changed", "assignment_due_date_override_changed"),
    ),
    "course_content": ("never", ("assignment_changed", "new_wiki_page", "updated_wiki_page")),
    "files": ("never", ("new_file_added", "new_files_added")),
    "grading_policies": ("weekly", ("grade_weight_changed",)),
    "grading": (
        "immediately",
        (
            "assignment_graded", "assignment_unmuted", "quiz_regrade_finished", "submission_grade_changed",
            "submission_graded", "submission_posted", "submissions_posted",
        ),
    ),
    "submission_comment": ("daily", ("submission_comment", "submission_comment_for_teacher")),
    "all_submissions": ("never", ("assignment_resubmitted", "assignment_submitted", "submission_needs_grading")),
    "late_grading": ("daily", ("assignment_submitted_late", "group_assignment_submitted_late")),
    "invitation": (
        "immediately",
        (
            "collaboration_invitation", "new_context_group_membership_invitation", "peer_review_invitation",
            "rubric_assessment_invitation", "rubric_assessment_submission_reminder", "rubric_association_created",
            "web_conference_invitation",
        ),
    ),
    "discussion": ("never", ("new_discussion_topic",)),
    "discussion_entry": ("daily", ("new_discussion_entry",)),
    "conversation_message": ("immediately", ("conversation_message",)),
    "added_to_conversation": ("immediately", ("added_to_conversation",)),
    "conversation_created": ("never", ("conversation_created",)),
    "calendar": ("never", ("event_date_changed", "new_event_created")),
    "appointment_availability": ("immediately", ("appointment_group_published", "appointment_group_updated")),
    "appointment_signups": ("immediately", ("appointment_reserved_for_user",)),
    "appointment_cancelations": ("immediately", ("appointment_deleted_for_user", "appointment_group_deleted")),
    "student_appointment_signups": ("never", ("appointment_canceled_by_user", "appointment_reserved_by_user")),
    "membership_update": (
        "daily",
        (
            "enrollment_accepted", "group_membership_accepted", "group_membership_rejected",
            "new_context_group_membership",
        ),
    ),
    "alert": ("daily", ("alert",)),
    "account_notification": ("daily", ("account_notification",)),
    "reminder": (
        "daily",
        ("assignment_due_date_reminder", "assignment_grading_reminder", "assignment_publishing_reminder"),
    ),
    "other": (
        "daily",
        (
            "new_account_user", "new_course", "new_student_organized_group", "new_teacher_registration",
            "new_teacher_registration_immediate", "new_user", "report_generated", "report_generation_failed",
            "teacher_context_message",
        ),
    ),
    "summaries": ("daily", ("summaries",)),
    "migration": (
        "immediately",
        (
            "content_export_failed", "content_export_finished", "migration_export_ready", "migration_import_failed",
            "migration_import_finished",
        ),
    ),
    "registration": (
        "immediately",
        (
            "account_user_notification", "account_user_registration", "confirm_email_communication_channel",
            "confirm_registration", "confirm_sms_communication_channel", "enrollment_invitation",
            "enrollment_notification", "enrollment_registration", "forgot_password",
            "merge_email_communication_channel", "pseudonym_registration", "self_enrollment_registration",
        ),
    ),
}  # fmt: skip
CATEGORY_OF = {name: category for category, (_default, names) in CATEGORIES.items() for name in names}
# These are answers to what somebody did; they go to every channel.
_EVERYWHERE = frozenset(("registration", "migration"))


def default_frequency(notification: str, *, main_channel: bool) -> Frequency:
    """The default frequency: the published one for the person's main e-mail channel, never for the others. The main
    channel is the first confirmed one, or the first one while none is confirmed.
    """
    category = CATEGORY_OF[notification]
    return CATEGORIES[category][0] if main_channel or category in _EVERYWHERE else "never"
