"""One call that succeeds for each route that canvasapi has recorded an answer of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.cast import PASSWORD
from tests.support.client import Reply
from tests.support.stage import V1, Stage

Call = Callable[[Stage], Reply]


def _at(method: str, who: str, path: str, form: dict[str, Any] | None = None) -> Call:
    """A call of a path with ids of the cast in it: ``/courses/{biology}``."""
    return lambda stage: stage.school.as_(who).call(method, V1 + path.format_map(stage.school.ids), form)


def _get(path: str, who: str = "admin") -> Call:
    return _at("GET", who, path)


def _enroll(stage: Stage) -> dict[str, Any]:
    return {"enrollment": {"user_id": stage.user(), "type": "StudentEnrollment"}}


def _invited(answer: str) -> Call:
    def call(stage: Stage) -> Reply:
        return stage.post("outsider", stage.enrollment(stage.id("outsider"), "invited") + answer)

    return call


def _reactivate(stage: Stage) -> Reply:
    enrollment = stage.enrollment(stage.user())
    assert stage.delete("admin", enrollment, {"task": "deactivate"}).status == 200
    return stage.put("admin", f"{enrollment}/reactivate")


def _activate_role(stage: Stage) -> Reply:
    role = stage.role()
    assert stage.delete("admin", role).status == 200
    return stage.post("admin", f"{role}/activate")


def _starred(stage: Stage) -> str:
    path = f"/users/self/favorites/courses/{stage.id('biology')}"
    assert stage.post("teacher", path).status == 200
    return path


def _nicknamed(stage: Stage) -> str:
    path = f"/users/self/course_nicknames/{stage.id('biology')}"
    assert stage.put("teacher", path, {"nickname": "Bugs"}).status == 200
    return path


def _colored(stage: Stage) -> str:
    path = f"/users/self/colors/course_{stage.id('biology')}"
    assert stage.put("student", path, {"hexcode": "0000ff"}).status == 200
    return path


def _remove_admin(stage: Stage) -> Reply:
    user = stage.user()
    stage.made("/accounts/1/admins", {"user_id": user})
    return stage.delete("admin", f"/accounts/1/admins/{user}")


def _delete_login(stage: Stage) -> Reply:
    user = stage.user()
    login = stage.made("/accounts/1/logins", {"user": {"id": user}, "login": {"unique_id": stage.new_name("login")}})
    return stage.delete("admin", f"/users/{user}/logins/{login}")


def _person_of_a_provider(stage: Stage) -> int:
    """Somebody whose login belongs to an authentication provider."""
    pseudonym = {"unique_id": stage.new_name("login"), "authentication_provider_id": "canvas"}
    return stage.made("/accounts/1/users", {"pseudonym": pseudonym})


def _observe(stage: Stage) -> Reply:
    form = {"observee": {"unique_id": "classmate@school.test", "password": PASSWORD}}
    return stage.post("outsider", "/users/self/observees", form)


def _add_channel(stage: Stage) -> Reply:
    address = f"{stage.new_name('address').replace(' ', '')}@stage.test"
    form = {"communication_channel": {"address": address, "type": "email"}}
    return stage.post("admin", f"/users/{stage.id('student')}/communication_channels", form)


def _preferences(rest: str, form: dict[str, Any]) -> Call:
    def call(stage: Stage) -> Reply:
        channel = stage.channel("student").rpartition("/")[2]
        return stage.put("student", f"/users/self/communication_channels/{channel}/{rest}", form)

    return call


def _flag(who: str, path: str) -> Call:
    """A flag that has been set."""

    def call(stage: Stage) -> Reply:
        flag = path.format_map(stage.school.ids)
        assert stage.put(who, flag, {"state": "on"}).status == 200
        return stage.get(who, flag)

    return call


def _after(
    prepare: Callable[[Stage], str], method: str, form: dict[str, Any] | None = None, who: str = "admin"
) -> Call:
    """A call of what has been made for it."""
    return lambda stage: stage.school.as_(who).call(method, V1 + prepare(stage), form)


def _list_after(prepare: Callable[[Stage], str], path: str) -> Call:
    """A teacher's own list, with at least what has been made for it."""

    def call(stage: Stage) -> Reply:
        prepare(stage)
        return stage.get("teacher", path)

    return call


_WEEKLY = {"notification_preferences": {"frequency": "weekly"}}
_MANY = {"notification_preferences": {"new_announcement": {"frequency": "weekly"}}}
_CHANNEL = "/users/{student}/communication_channels"
_FLAGS: dict[str, Call] = {
    f"{method} {route}/features{rest}": _at(method, who, f"{path}/features{shown}", form)
    for route, path, who, flag in (
        ("/accounts/:account_id", "/accounts/1", "admin", "educator_dashboard"),
        ("/courses/:course_id", "/courses/{biology}", "admin", "fancy_wickets"),
        ("/users/:user_id", "/users/{student}", "student", "high_contrast"),
    )
    for method, rest, shown, form in (
        ("GET", "", "", None),
        ("GET", "/enabled", "/enabled", None),
        ("PUT", "/flags/:feature", f"/flags/{flag}", {"state": "on"}),
        ("DELETE", "/flags/:feature", f"/flags/{flag}", None),
    )
}

CALLS: dict[str, Call] = {
    **_FLAGS,
    "GET /accounts/:account_id/features/flags/:feature": _flag(
        "admin", "/accounts/1/features/flags/educator_dashboard"
    ),
    "GET /courses/:course_id/features/flags/:feature": _flag(
        "admin", "/courses/{biology}/features/flags/fancy_wickets"
    ),
    "GET /users/:user_id/features/flags/:feature": _flag("student", "/users/self/features/flags/high_contrast"),
    "GET /accounts": _get("/accounts"),
    "GET /accounts/:id": _get("/accounts/sis_account_id:sis-northern"),
    "PUT /accounts/:id": _at("PUT", "admin", "/accounts/{northern}", {"account": {"default_time_zone": "Paris"}}),
    "GET /accounts/:account_id/sub_accounts": _get("/accounts/1/sub_accounts"),
    "POST /accounts/:account_id/sub_accounts": _at(
        "POST", "admin", "/accounts/1/sub_accounts", {"account": {"name": "New"}}
    ),
    "DELETE /accounts/:account_id/sub_accounts/:id": _after(Stage.sub_account, "DELETE"),
    "GET /course_accounts": _get("/course_accounts", "teacher"),
    "GET /accounts/:account_id/admins": _get("/accounts/1/admins"),
    "POST /accounts/:account_id/admins": lambda stage: stage.post(
        "admin", "/accounts/1/admins", {"user_id": stage.user()}
    ),
    "DELETE /accounts/:account_id/admins/:user_id": _remove_admin,
    "GET /accounts/:account_id/authentication_providers": _get("/accounts/1/authentication_providers"),
    "GET /accounts/:account_id/authentication_providers/:id": _get("/accounts/1/authentication_providers/1"),
    "POST /accounts/:account_id/authentication_providers": _at(
        "POST", "admin", "/accounts/1/authentication_providers", {"auth_type": "github", "client_id": "a"}
    ),
    "PUT /accounts/:account_id/authentication_providers/:id": _after(Stage.provider, "PUT", {"client_id": "b"}),
    "DELETE /accounts/:account_id/authentication_providers/:id": _after(Stage.provider, "DELETE"),
    "GET /accounts/:account_id/roles": _get("/accounts/1/roles"),
    "GET /accounts/:account_id/roles/:id": _get("/accounts/1/roles/{narrow_role}"),
    "POST /accounts/:account_id/roles": _at("POST", "admin", "/accounts/1/roles", {"label": "Librarian"}),
    "PUT /accounts/:account_id/roles/:id": lambda stage: stage.put("admin", stage.role(), {"label": "Reader"}),
    "DELETE /accounts/:account_id/roles/:id": _after(Stage.role, "DELETE"),
    "POST /accounts/:account_id/roles/:id/activate": _activate_role,
    "GET /accounts/:account_id/scopes": _get("/accounts/1/scopes"),
    "GET /accounts/:account_id/terms": _get("/accounts/1/terms"),
    "GET /accounts/:account_id/terms/:id": _get("/accounts/1/terms/{default_term}"),
    "POST /accounts/:account_id/terms": _at(
        "POST", "admin", "/accounts/1/terms", {"enrollment_term": {"name": "Autumn"}}
    ),
    "PUT /accounts/:account_id/terms/:id": _after(Stage.term, "PUT", {"enrollment_term": {"name": "Winter"}}),
    "DELETE /accounts/:account_id/terms/:id": _after(Stage.term, "DELETE"),
    "GET /accounts/:account_id/users": _get("/accounts/1/users"),
    "POST /accounts/:account_id/users": lambda stage: stage.post(
        "admin", "/accounts/1/users", {"pseudonym": {"unique_id": stage.new_name("login")}}
    ),
    "DELETE /accounts/:account_id/users/:user_id": lambda stage: stage.delete(
        "admin", f"/accounts/1/users/{stage.user()}"
    ),
    "GET /accounts/:account_id/logins": lambda stage: stage.get(
        "admin", f"/accounts/1/logins?user[id]={_person_of_a_provider(stage)}"
    ),
    "POST /accounts/:account_id/logins": lambda stage: stage.post(
        "admin", "/accounts/1/logins", {"user": {"id": stage.user()}, "login": {"unique_id": stage.new_name("login")}}
    ),
    "PUT /accounts/:account_id/logins/:id": lambda stage: stage.put(
        "admin", f"/accounts/1/logins/{stage.login()}", {"login": {"unique_id": stage.new_name("login")}}
    ),
    "GET /users/:user_id/logins": lambda stage: stage.get("admin", f"/users/{_person_of_a_provider(stage)}/logins"),
    "DELETE /users/:user_id/logins/:id": _delete_login,
    # People
    "GET /users/:id": _get("/users/sis_user_id:sis-student"),
    "PUT /users/:id": lambda stage: stage.put("admin", f"/users/{stage.user()}", {"user": {"short_name": "Bo"}}),
    "GET /users/:user_id/profile": _get("/users/{student}/profile"),
    "GET /users/:user_id/avatars": _get("/users/{student}/avatars"),
    "PUT /users/:id/settings": _at("PUT", "student", "/users/self/settings", {"manual_mark_as_read": True}),
    "DELETE /users/:id/sessions": lambda stage: stage.delete("admin", f"/users/{stage.user()}/sessions"),
    "GET /users/:id/colors": _get("/users/{student}/colors", "student"),
    "GET /users/:id/colors/:asset_string": _after(_colored, "GET", who="student"),
    "PUT /users/:id/colors/:asset_string": _at(
        "PUT", "student", "/users/self/colors/course_{biology}", {"hexcode": "00ff00"}
    ),
    "GET /users/self/bookmarks": _list_after(Stage.bookmark, "/users/self/bookmarks"),
    "POST /users/self/bookmarks": _at("POST", "teacher", "/users/self/bookmarks", {"name": "B", "url": "/courses/1"}),
    "GET /users/self/bookmarks/:id": _after(Stage.bookmark, "GET", who="teacher"),
    "PUT /users/self/bookmarks/:id": _after(Stage.bookmark, "PUT", {"name": "C"}, "teacher"),
    "DELETE /users/self/bookmarks/:id": _after(Stage.bookmark, "DELETE", who="teacher"),
    "GET /users/:user_id/communication_channels": _get(_CHANNEL),
    "POST /users/:user_id/communication_channels": _add_channel,
    "DELETE /users/:user_id/communication_channels/:id": lambda stage: stage.delete("admin", stage.channel("student")),
    "GET /users/:user_id/observees": _get("/users/{observer}/observees"),
    "POST /users/:user_id/observees": _observe,
    "GET /users/:user_id/observees/:observee_id": _get("/users/{observer}/observees/{student}"),
    "PUT /users/:user_id/observees/:observee_id": lambda stage: stage.put("admin", stage.observee()),
    "DELETE /users/:user_id/observees/:observee_id": _after(Stage.observee, "DELETE"),
    "GET /users/:user_id/observers": _get("/users/{student}/observers"),
    "POST /users/:user_id/observer_pairing_codes": _at("POST", "student", "/users/self/observer_pairing_codes"),
    # Courses
    "GET /courses": _get("/courses", "teacher"),
    "GET /courses/:id": _get("/courses/sis_course_id:sis-biology"),
    "PUT /courses/:id": _at("PUT", "admin", "/courses/{history}", {"course": {"name": "History"}}),
    "DELETE /courses/:id": lambda stage: stage.delete("admin", f"/courses/{stage.course()}", {"event": "conclude"}),
    "GET /accounts/:account_id/courses": _get("/accounts/1/courses"),
    "POST /accounts/:account_id/courses": _at("POST", "admin", "/accounts/1/courses", {"course": {"name": "Art"}}),
    "GET /users/:user_id/courses": _get("/users/{student}/courses"),
    "GET /courses/:course_id/search_users": _get("/courses/{biology}/search_users"),
    "GET /courses/:course_id/users/:id": _get("/courses/{biology}/users/{student}"),
    "GET /courses/:course_id/sections": _get("/courses/{biology}/sections"),
    "POST /courses/:course_id/sections": _at(
        "POST", "admin", "/courses/{biology}/sections", {"course_section": {"name": "B"}}
    ),
    "GET /courses/:course_id/sections/:id": _get("/courses/{biology}/sections/{biology_section}"),
    "GET /sections/:id": _get("/sections/{biology_section}"),
    "PUT /sections/:id": _after(Stage.section, "PUT", {"course_section": {"name": "C"}}),
    "DELETE /sections/:id": _after(Stage.section, "DELETE"),
    "GET /courses/:course_id/enrollments": _get("/courses/{biology}/enrollments"),
    "POST /courses/:course_id/enrollments": lambda stage: stage.post(
        "admin", f"/courses/{stage.course()}/enrollments", _enroll(stage)
    ),
    "GET /sections/:section_id/enrollments": _get("/sections/{biology_section}/enrollments"),
    "POST /sections/:section_id/enrollments": lambda stage: stage.post(
        "admin", f"{stage.section()}/enrollments", _enroll(stage)
    ),
    "GET /users/:user_id/enrollments": _get("/users/{student}/enrollments"),
    "GET /accounts/:account_id/enrollments/:id": _get("/accounts/1/enrollments/{enrollment_of_student}"),
    "DELETE /courses/:course_id/enrollments/:id": lambda stage: stage.delete("admin", stage.enrollment(stage.user())),
    "PUT /courses/:course_id/enrollments/:id/reactivate": _reactivate,
    "POST /courses/:course_id/enrollments/:id/accept": _invited("/accept"),
    "POST /courses/:course_id/enrollments/:id/reject": _invited("/reject"),
    "GET /users/self/favorites/courses": _list_after(_starred, "/users/self/favorites/courses"),
    "POST /users/self/favorites/courses/:id": _at("POST", "teacher", "/users/self/favorites/courses/{biology}"),
    "DELETE /users/self/favorites/courses/:id": _after(_starred, "DELETE", who="teacher"),
    "DELETE /users/self/favorites/courses": _at("DELETE", "teacher", "/users/self/favorites/courses"),
    "GET /users/self/course_nicknames": _list_after(_nicknamed, "/users/self/course_nicknames"),
    "GET /users/self/course_nicknames/:course_id": _after(_nicknamed, "GET", who="teacher"),
    "PUT /users/self/course_nicknames/:course_id": _at(
        "PUT", "teacher", "/users/self/course_nicknames/{biology}", {"nickname": "Life"}
    ),
    "DELETE /users/self/course_nicknames/:course_id": _after(_nicknamed, "DELETE", who="teacher"),
    "DELETE /users/self/course_nicknames": _at("DELETE", "teacher", "/users/self/course_nicknames"),
}
# Notification preferences
_P = "/notification_preferences"
_FROM_US = "/users/:user_id/communication_channels/:communication_channel_id"
_OUR_OWN = "/users/self/communication_channels/:communication_channel_id"


def _shown(rest: str) -> Call:
    return lambda stage: stage.get("admin", stage.channel("student") + rest)


CALLS |= {
    f"GET {_FROM_US}{_P}": _shown(_P),
    f"GET {_FROM_US}{_P}/:notification": _shown(f"{_P}/new_announcement"),
    f"GET {_FROM_US}/notification_preference_categories": _shown("/notification_preference_categories"),
    f"PUT {_OUR_OWN}{_P}": _preferences(_P[1:], _MANY),
    f"PUT {_OUR_OWN}{_P}/:notification": _preferences(f"{_P[1:]}/new_announcement", _WEEKLY),
    f"PUT {_OUR_OWN}/notification_preference_categories/:category": _preferences(
        "notification_preference_categories/announcement", _WEEKLY
    ),
}

# By the recording's own name, where one route has recordings of several calls.
OTHER_CALLS: dict[str, Call] = {
    "course.delete": lambda stage: stage.delete("admin", f"/courses/{stage.course()}", {"event": "delete"}),
}
