"""Ids in a path or in ``as_user_id``: text in, an IdForm out (basics.md §4). Invalid text leads to 404.

What a form means is decided where its record is found: ``_users_by`` in ``school/people/users/queries.py``, and the
``find_*`` functions of accounts, terms, courses and sections.
"""

from __future__ import annotations

import re
from typing import Annotated

from homeroom.school.ground.ids import NOWHERE, IdForm

_SIS_USER = frozenset(
    ("sis_user_id", "sis_login_id", "sis_integration_id", "lti_context_id", "lti_user_id", "lti_1_3_id", "uuid")
)
_FORMS: dict[str, frozenset[str]] = {
    "user": _SIS_USER | {"lti_1_1_id"},
    "course": frozenset(("sis_course_id", "sis_integration_id", "lti_context_id", "uuid")),
    "section": frozenset(("sis_section_id", "sis_integration_id")),
    "account": frozenset(("sis_account_id", "sis_integration_id", "lti_context_id", "uuid")),
    "term": frozenset(("sis_term_id", "sis_integration_id")),
    "group": frozenset(("sis_group_id", "lti_context_id")),
    "group_category": frozenset(("sis_group_category_id",)),
    "assignment": frozenset(("sis_assignment_id", "lti_context_id")),
}
_WORDS: dict[str, frozenset[str]] = {
    "user": frozenset(("self",)),
    "account": frozenset(("self", "default", "site_admin")),
    "term": frozenset(("default", "current")),
}
_USER_UUID = re.compile(r"\w{40,}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def parse_id(kind: str, text: str) -> IdForm:
    """The form of id in this text for a ``user``, ``course``, ``account`` ...; NOWHERE if it is invalid."""
    text = text.strip()
    if _DIGITS.fullmatch(text):
        return IdForm("id", text)
    if text in _WORDS.get(kind, ()):
        return IdForm(text, "")
    prefix, colon, value = text.partition(":")
    if prefix == "hex" and colon:
        prefix, value = _unhex(value)
    if not value or prefix not in _FORMS.get(kind, ()):
        return NOWHERE
    if prefix == "uuid" and kind == "user" and not _USER_UUID.fullmatch(value):
        return NOWHERE
    return IdForm("lti_context_id" if prefix == "lti_1_1_id" else prefix, value)


def _unhex(text: str) -> tuple[str, str]:
    """``sis_user_id:616263`` -> (``sis_user_id``, ``abc``): deprecated, and still sent."""
    prefix, _, digits = text.partition(":")
    if not prefix.startswith(("sis_", "lti_")):
        return "", ""
    try:
        value = bytes.fromhex(digits).decode()
    except ValueError:
        return "", ""
    return prefix, "" if "\x00" in value else value


class PathId:
    """Marks a path parameter's kind, so that the route table parses it: ``id: UserId``."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


UserId = Annotated[IdForm, PathId("user")]
AccountId = Annotated[IdForm, PathId("account")]
CourseId = Annotated[IdForm, PathId("course")]
SectionId = Annotated[IdForm, PathId("section")]
TermId = Annotated[IdForm, PathId("term")]
RecordId = Annotated[IdForm, PathId("record")]
