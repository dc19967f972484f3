"""No documented parameter does nothing in silence: it is taken, or it stands here with the reason why not.

documented_parameters.tsv has the facts of the public documentation, one route a line: its method, path and parameters
without the ``[]`` of lists.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tests.support.document import DOCUMENT, written

TABLE = Path(__file__).parent / "documented_parameters.tsv"

# Reason: the parameters that are left alone for it, as "METHOD path parameter" or as the parameter on every route.
IGNORED: dict[str, tuple[str, ...]] = {
    "There are no blueprint courses (homeroom.md §6): none has to be left out, and none can be made.": (
        "exclude_blueprint_courses",
        "course[blueprint]",
        "course[blueprint_restrictions]",
        "course[blueprint_restrictions_by_object_type]",
        "course[use_blueprint_restrictions_by_object_type]",
    ),
    "It takes effect in accounts of Canvas for Elementary or Career only, and there are none.": (
        "course[homeroom_course]",
        "course[homeroom_course_id]",
        "course[sync_enrollments_from_homeroom]",
        "course[course_color]",
        "course[friendly_name]",
        "course[remove_banner_image]",
        "account[settings][enable_as_k5_account]",
        "account[settings][use_classic_font_in_k5]",
        "account[settings][horizon_account]",
    ),
    "There are no course templates; account[course_template_id] refuses every course.": (
        "course[template]",
        "skip_course_template",
    ),
    "There are no pages, paces and outcomes (homeroom.md §6).": (
        "course[allow_student_wiki_edits]",
        "course[allow_wiki_comments]",
        "course[enable_course_paces]",
        "course[conditional_release]",
        "account[settings][enable_course_paces]",
        "account[settings][conditional_release]",
        "account[settings][lock_outcome_proficiency]",
        "account[settings][lock_proficiency_calculation]",
    ),
    "Assignments, grades, discussions and files are not there yet.": (
        "course[post_manually]",
        "course[allow_student_forum_attachments]",
        "course[syllabus_course_summary]",
        "grading_period_id",
        "account[settings][lock_all_announcements]",
        "account[settings][usage_rights_required]",
    ),
    "Homeroom does not talk to Microsoft Teams.": (
        "account[settings][microsoft_sync_enabled]",
        "account[settings][microsoft_sync_tenant]",
        "account[settings][microsoft_sync_login_attribute]",
        "account[settings][microsoft_sync_login_attribute_suffix]",
        "account[settings][microsoft_sync_remote_attribute]",
    ),
    "SIS imports are not there yet, so no enrollment was made by one.": ("created_for_sis_id",),
    "Nobody can leave a course by themselves, which is all that it allows.": ("enrollment[self_enrolled]",),
    "There is one root account, and no other that it trusts (homeroom.md §1); user_id is asked for.": (
        "enrollment[sis_user_id]",
        "enrollment[integration_id]",
        "root_account",
        "user[existing_user_id]",
        "user[existing_integration_id]",
        "user[existing_sis_user_id]",
        "user[trusted_account]",
    ),
    "The path names the role; the documents say it twice.": (
        "DELETE /accounts/:account_id/roles/:id role",
        "DELETE /accounts/:account_id/roles/:id role_id",
        "GET /accounts/:account_id/roles/:id role",
        "GET /accounts/:account_id/roles/:id role_id",
        "POST /accounts/:account_id/roles/:id/activate role",
        "POST /accounts/:account_id/roles/:id/activate role_id",
    ),
    "The documents describe reading and changing together; only changing takes it.": (
        "GET /users/:id/settings collapse_global_nav",
        "GET /users/:id/settings manual_mark_as_read",
    ),
    "Restricting students' lists by dates is not there yet.": ("account[settings][restrict_student_future_listing]",),
}


def documented() -> Iterator[tuple[str, str, str]]:
    with TABLE.open() as file:
        for method, path, names in csv.reader(file, "excel-tab"):
            if not method.startswith("#"):
                yield from ((method, path, name) for name in names.split())


def taken(method: str, path: str) -> set[str]:
    """The parameters that the route takes, as the OpenAPI document has them; ``a[b]`` stands for ``a`` as well."""
    operation = DOCUMENT["paths"][written("/api/v1" + path)][method.lower()]
    names = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        if media != "application/json":
            names |= content["schema"]["properties"].keys()
    names = {name.replace("[]", "") for name in names}
    return names | {name[:at] for name in names for at, letter in enumerate(name) if letter == "["}


def ignored() -> set[tuple[str, str, str]]:
    wanted = {tuple(name.split(" ")) for names in IGNORED.values() for name in names}
    return {(method, path, name) for method, path, name in documented() if {(name,), (method, path, name)} & wanted}


def test_every_documented_parameter_is_taken_or_stands_here_with_a_reason() -> None:
    missing = {entry for entry in documented() if entry[2] not in taken(*entry[:2])}
    assert sorted(missing - ignored()) == [], "These are documented, and do nothing."
    assert sorted(ignored() - missing) == [], "These do something by now."


def test_every_reason_is_about_a_documented_parameter() -> None:
    names = {name for _, _, name in documented()} | {" ".join(entry) for entry in documented()}
    assert sorted(name for some in IGNORED.values() for name in some if name not in names) == []
