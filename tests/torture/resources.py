"""What the torture driver makes, changes and deletes: a line or two for each resource.

Paths and forms hold names in braces: ``{id}`` is the thing itself, ``{user}`` what it is made in (``{user_2}`` the
second of them), ``{new}`` a new word each time. The word is what ``key`` of the answer shows afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A request to make, with names in braces. A path without a slash in front is below /api/v1."""

    method: str
    path: str
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """One kind of thing. ``show`` is a path; with ``listed`` it is a list that has the thing while it exists.

    ``value`` is what ``key`` shows after it was created, ``changed`` after it was changed. ``once``: each place
    has one of it, and creating it again would change it.
    """

    name: str
    create: Call
    show: str
    key: str
    delete: Call
    inside: tuple[str, ...] = ()
    change: Call | None = None
    value: str = "{new}"
    changed: str = "{new}"
    id_key: str = "id"
    listed: bool = False
    once: bool = False
    gone: tuple[str, ...] = ()


def _call(line: str, **form: str) -> Call:
    method, path = line.split()
    return Call(method, path, {name.replace("__", "[") + ("]" if "__" in name else ""): form[name] for name in form})


RESOURCES = (
    Resource(
        "user",
        _call("POST accounts/1/users", user__name="{new}", pseudonym__unique_id="{new}@torture.test"),
        "users/{id}", "name", _call("DELETE accounts/1/users/{id}"),
        change=_call("PUT users/{id}", user__name="{new}"),
    ),
    Resource(
        "login",
        _call("POST accounts/1/logins", user__id="{user}", login__unique_id="{new}"),
        "users/{user}/logins", "unique_id", _call("DELETE users/{user}/logins/{id}"),
        inside=("user",), listed=True,
        change=_call("PUT accounts/1/logins/{id}", login__unique_id="{new}"),
    ),
    Resource(
        "channel",
        _call(
            "POST users/{user}/communication_channels", communication_channel__address="{new}@torture.test",
            communication_channel__type="email", skip_confirmation="1",
        ),
        "users/{user}/communication_channels", "address", _call("DELETE users/{user}/communication_channels/{id}"),
        inside=("user",), listed=True, value="{new}@torture.test",
    ),
    Resource(
        "token",
        _call("POST users/{user}/tokens", token__purpose="{new}"),
        "users/{user}/tokens/{id}", "purpose", _call("DELETE users/{user}/tokens/{id}"),
        inside=("user",),
        change=_call("PUT users/{user}/tokens/{id}", token__purpose="{new}"),
    ),
    Resource(
        "bookmark",
        _call("POST users/self/bookmarks?as_user_id={user}", name="{new}", url="https://torture.test"),
        "users/self/bookmarks/{id}?as_user_id={user}", "name",
        _call("DELETE users/self/bookmarks/{id}?as_user_id={user}"),
        inside=("user",),
        change=_call("PUT users/self/bookmarks/{id}?as_user_id={user}", name="{new}", position="1"),
    ),
    Resource(
        "custom data",
        _call("PUT users/{user}/custom_data/torture", ns="torture.test", data="{new}"),
        "users/{user}/custom_data/torture?ns=torture.test", "data",
        _call("DELETE users/{user}/custom_data/torture", ns="torture.test"),
        inside=("user",), id_key="", once=True,
        change=_call("PUT users/{user}/custom_data/torture", ns="torture.test", data="{new}"),
    ),
    Resource(
        "account",
        _call("POST accounts/1/sub_accounts", account__name="{new}"),
        "accounts/{id}", "name", _call("DELETE accounts/1/sub_accounts/{id}"),
        change=_call("PUT accounts/{id}", account__name="{new}"),
    ),
    Resource(
        "admin",
        _call("POST accounts/{account}/admins", user_id="{user}", send_confirmation="0"),
        "accounts/{account}/admins", "role", _call("DELETE accounts/{account}/admins/{user}"),
        inside=("account", "user"), listed=True, once=True, value="AccountAdmin",
    ),
    Resource(
        "role",
        _call("POST accounts/1/roles", label="{new}", base_role_type="AccountMembership"),
        "accounts/1/roles/{id}", "label", _call("DELETE accounts/1/roles/{id}"),
        change=_call("PUT accounts/1/roles/{id}", label="{new}"),
        # A role that is deleted is still shown, as inactive.
        gone=("workflow_state", "inactive"),
    ),
    Resource(
        "developer key",
        _call("POST accounts/1/developer_keys", developer_key__name="{new}"),
        "accounts/1/developer_keys?per_page=100", "name", _call("DELETE developer_keys/{id}"),
        listed=True,
        change=_call("PUT developer_keys/{id}", developer_key__name="{new}"),
    ),
    Resource(
        "term",
        _call("POST accounts/1/terms", enrollment_term__name="{new}"),
        "accounts/1/terms/{id}", "name", _call("DELETE accounts/1/terms/{id}"),
        change=_call("PUT accounts/1/terms/{id}", enrollment_term__name="{new}"),
    ),
    Resource(
        "course",
        _call(
            "POST accounts/{account}/courses", course__course_code="{new}", course__term_id="{term}", offer="1",
            enroll_me="0",
        ),
        # Its name would be a nickname, where there is one.
        "courses/{id}", "course_code", _call("DELETE courses/{id}", event="delete"),
        inside=("account", "term"),
        change=_call("PUT courses/{id}", course__course_code="{new}"),
    ),
    Resource(
        "section",
        _call("POST courses/{course}/sections", course_section__name="{new}"),
        "sections/{id}", "name", _call("DELETE sections/{id}"),
        inside=("course",),
        change=_call("PUT sections/{id}", course_section__name="{new}"),
    ),
    Resource(
        "enrollment",
        _call(
            "POST courses/{course}/enrollments", enrollment__user_id="{user}", enrollment__type="StudentEnrollment",
            enrollment__enrollment_state="active",
        ),
        "accounts/1/enrollments/{id}", "enrollment_state",
        _call("DELETE courses/{course}/enrollments/{id}", task="delete"),
        inside=("course", "user"), once=True,
        change=_call("DELETE courses/{course}/enrollments/{id}", task="inactivate"),
        value="active", changed="inactive", gone=("enrollment_state", "deleted"),
    ),
    Resource(
        "observer link",
        _call("PUT users/{user}/observees/{user_2}"),
        "users/{user}/observees/{user_2}", "id", _call("DELETE users/{user}/observees/{user_2}"),
        inside=("user", "user"), id_key="", once=True, value="{user_2}",
    ),
    Resource(
        "nickname",
        _call("PUT users/self/course_nicknames/{course}", nickname="{new}"),
        "users/self/course_nicknames/{course}", "nickname", _call("DELETE users/self/course_nicknames/{course}"),
        inside=("course",), id_key="", once=True,
        change=_call("PUT users/self/course_nicknames/{course}", nickname="{new}"),
    ),
)  # fmt: skip
