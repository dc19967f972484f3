"""Ids: the forms in a path, and ids as strings in answers (basics.md §4)."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from tests.conftest import School
from tests.support.probe import with_probe

from homeroom.school.ground.ids import NOWHERE, IdForm, global_id, local_id
from homeroom.school.schema import Login, User
from homeroom.wire.params.ids import parse_id

pytestmark = pytest.mark.spec("basics.md#4")
UUID = "a" * 40


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("user", "7", ("id", "7")),
        ("user", " 7\t", ("id", "7")),
        ("user", "0007", ("id", "0007")),
        ("user", "9" * 19, ("id", "9" * 19)),
        ("user", "self", ("self", "")),
        ("user", "sis_user_id:a", ("sis_user_id", "a")),
        ("user", "sis_user_id:a:b/c d", ("sis_user_id", "a:b/c d")),
        ("user", "sis_login_id:A@b.c", ("sis_login_id", "A@b.c")),
        ("user", "sis_integration_id:a", ("sis_integration_id", "a")),
        ("user", "lti_context_id:a", ("lti_context_id", "a")),
        ("user", "lti_1_1_id:a", ("lti_context_id", "a")),
        ("user", "lti_user_id:a", ("lti_user_id", "a")),
        ("user", "lti_1_3_id:a", ("lti_1_3_id", "a")),
        ("user", f"uuid:{UUID}", ("uuid", UUID)),
        ("user", "hex:sis_user_id:616263", ("sis_user_id", "abc")),
        ("user", "hex:sis_user_id:C3BC", ("sis_user_id", "ü")),
        ("user", "hex:sis_login_id:61", ("sis_login_id", "a")),
        ("user", "hex:lti_user_id:61", ("lti_user_id", "a")),
        ("course", "sis_course_id:a", ("sis_course_id", "a")),
        ("course", "sis_integration_id:a", ("sis_integration_id", "a")),
        ("course", "lti_context_id:a", ("lti_context_id", "a")),
        ("course", "uuid:a", ("uuid", "a")),
        ("course", "hex:sis_course_id:61", ("sis_course_id", "a")),
        ("section", "sis_section_id:a", ("sis_section_id", "a")),
        ("section", "sis_integration_id:a", ("sis_integration_id", "a")),
        ("account", "self", ("self", "")),
        ("account", "default", ("default", "")),
        ("account", "site_admin", ("site_admin", "")),
        ("account", "sis_account_id:a", ("sis_account_id", "a")),
        ("account", "sis_integration_id:a", ("sis_integration_id", "a")),
        ("account", "lti_context_id:a", ("lti_context_id", "a")),
        ("account", "uuid:a", ("uuid", "a")),
        ("term", "default", ("default", "")),
        ("term", "current", ("current", "")),
        ("term", "sis_term_id:a", ("sis_term_id", "a")),
        ("term", "sis_integration_id:a", ("sis_integration_id", "a")),
        ("group", "sis_group_id:a", ("sis_group_id", "a")),
        ("group", "lti_context_id:a", ("lti_context_id", "a")),
        ("group_category", "sis_group_category_id:a", ("sis_group_category_id", "a")),
        ("assignment", "sis_assignment_id:a", ("sis_assignment_id", "a")),
        ("assignment", "lti_context_id:a", ("lti_context_id", "a")),
    ],
)
def test_forms_of_an_id(kind: str, text: str, form: tuple[str, str]) -> None:
    assert parse_id(kind, text) == IdForm(*form)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("user", ""), ("user", " "), ("user", "x"), ("user", "-1"), ("user", "+1"), ("user", "1.0"), ("user", "1e3"),
        ("user", "0x1"), ("user", "٣"), ("user", "1 2"), ("user", "9" * 20), ("user", "1" * 5000),
        ("user", "Self"), ("user", "self:"), ("user", "default"), ("user", "sis_user_id"), ("user", "sis_user_id:"),
        ("user", "SIS_USER_ID:a"), ("user", "sis_course_id:a"), ("user", "sis_unknown_id:a"), ("user", ":a"),
        ("user", "uuid:short"), ("user", f"uuid:{UUID[:-1]}"), ("user", f"uuid:{UUID[:-1]}-"),
        ("user", f"uuid:{'ü' * 40}"),
        ("user", "hex:"), ("user", "hex:sis_user_id:"), ("user", "hex:sis_user_id:6"), ("user", "hex:sis_user_id:zz"),
        ("user", "hex:sis_user_id:ff"), ("user", "hex:sis_user_id:00"), ("user", "hex:uuid:616263"),
        ("user", "hex:hex:61"),
        ("course", "self"), ("course", "default"), ("account", "current"), ("term", "self"), ("section", "uuid:a"),
        ("nothing", "self"), ("nothing", "uuid:a"),
    ],
)  # fmt: skip
def test_junk_leads_nowhere(kind: str, text: str) -> None:
    assert parse_id(kind, text) == NOWHERE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1), ("0001", 1), ("9999999999999", 9999999999999), ("10000000000001", 1),
        ("19999999999999", 9999999999999),
        ("0", None), ("10000000000000", None), ("20000000000001", None), (str(2**63), None), ("9" * 19, None),
    ],
)  # fmt: skip
def test_a_global_id_is_the_local_one_on_our_shard(text: str, number: int | None) -> None:
    assert local_id(text) == number
    assert number is None or local_id(str(global_id(number))) == number


@pytest.mark.parametrize(
    "form",
    [
        "{id}", "{global_id}", "%20{id}", "sis_user_id:sis-student", "sis_login_id:student@school.test",
        "sis_login_id:STUDENT@School.Test", "sis_integration_id:int-1", "lti_context_id:lti-1", "lti_1_1_id:lti-1",
        "lti_user_id:lti-1", "lti_user_id:lti-3", "lti_1_3_id:lti-3", "uuid:{uuid}",
        "hex:sis_user_id:7369732d73747564656e74",
        "sis_user_id%3Asis-student", "sis%5Fuser_id:sis-student",
    ],
)  # fmt: skip
def test_a_user_is_found_by_each_form(school: School, form: str) -> None:
    student = school.id("student")

    def prepare(db: object) -> None:
        db.execute(update(User).where(User.c.id == student).values(uuid=UUID, lti_context_id="lti-1", lti_id="lti-3"))  # type: ignore[attr-defined]
        db.execute(update(Login).where(Login.c.user_id == student).values(integration_id="int-1"))  # type: ignore[attr-defined]

    school.write(prepare)
    path = form.format(id=student, global_id=global_id(student), uuid=UUID)
    reply = school.as_("admin").send("GET", f"/api/v1/users/{path}".encode())
    assert reply and reply.status == 200, reply
    assert reply.json["id"] == student


@pytest.mark.parametrize(
    "form",
    [
        "sis_user_id:SIS-STUDENT",
        "sis_user_id:nobody",
        "9999999",
        "99999999999999999999",
        "sis_course_id:a",
        "0",
        "hex:sis_user_id:00",
    ],
)
def test_what_is_not_found_is_404(school: School, form: str) -> None:
    """sis_user_id is compared exactly; the login's name is not (basics.md §4)."""
    reply = school.as_("admin").get(f"/api/v1/users/{form}")
    assert (reply.status, reply.json) == (404, {"errors": [{"message": "The specified resource does not exist."}]})


def test_an_escaped_slash_belongs_to_the_id(school: School) -> None:
    student = school.id("student")
    school.write(lambda db: db.execute(update(Login).where(Login.c.user_id == student).values(sis_user_id="a/b c%d")))
    admin = school.as_("admin")
    for path in (b"sis_user_id:a%2Fb%20c%25d", b"sis_user_id%3aa%2fb%20c%25d"):
        reply = admin.send("GET", b"/api/v1/users/" + path)
        assert reply and reply.json["id"] == student


@pytest.mark.spec("homeroom.md#2")
def test_the_id_form_of_a_path_is_what_was_written(school: School) -> None:
    probed = with_probe(school).as_("anonymous")
    assert probed.get("/api/probe/users/sis_login_id:a.json/form").json == {"kind": "sis_login_id", "value": "a.json"}
    assert probed.get("/api/probe/courses/sis_course_id:a/form").json == {"kind": "sis_course_id", "value": "a"}


STRINGS = {"accept": "application/json+canvas-string-ids"}


def test_ids_are_strings_at_any_depth_for_who_asks(school: School) -> None:
    reply = with_probe(school).as_("anonymous").get("/api/probe/ids", headers=STRINGS)
    assert reply.json == {
        "id": "9007199254740993", "user_id": "7", "ids": ["1", "2", None, {"id": "3"}], "course_ids": ["4"], "uuid": 5,
        "grid": 6, "missing_id": None, "named_id": "x", "flag_id": True, "list": [[{"id": "8"}]],
        "deep": {"deeper": {"a_id": "9"}}, "id_of": 10, "float_id": 1.5,
    }  # fmt: skip
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["application/json+canvas-string-ids, application/json;q=0.9", "*/*, application/json+canvas-string-ids"]
)
def test_the_wish_may_stand_in_a_list(school: School, accept: str) -> None:
    assert isinstance(school.as_("student").get("/api/v1/users/self", headers={"accept": accept}).json["id"], str)


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_ids_are_numbers_for_everybody_else(school: School, accept: str) -> None:
    reply = with_probe(school).as_("anonymous").get("/api/probe/ids", headers={"accept": accept})
    assert (reply.json["id"], reply.json["ids"]) == (2**53 + 1, [1, "2", None, {"id": 3}])


def test_lists_and_refusals_have_string_ids_too(school: School) -> None:
    probed = with_probe(school).as_("admin")
    people = probed.get("/api/probe/people", headers=STRINGS).json
    assert all(isinstance(person["id"], str) for person in people)
    assert probed.get("/api/v1/users/none", headers=STRINGS).status == 404
