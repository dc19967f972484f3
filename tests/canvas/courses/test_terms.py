"""Terms (learning-resources.md §14, terms only)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.conftest import School
from tests.support.client import Reply

from homeroom import clock
from homeroom.school.schema import Course, EnrollmentTerm

TERMS = "/api/v1/accounts/1/terms"
pytestmark = pytest.mark.spec("learning-resources.md#14")


def make(school: School, **values: Any) -> Reply:
    return school.as_("admin").post(TERMS, {"enrollment_term": {"name": "Spring", **values}})


def test_a_term_as_an_admin_sees_it(school: School) -> None:
    reply = make(school, start_at="2027-01-10T08:00:00Z", end_at="2027-05-30", sis_term_id="S27")
    assert reply.status == 200
    body = reply.json
    assert body.pop("created_at").endswith("Z")
    assert body == {
        "id": 2,
        "name": "Spring",
        "start_at": "2027-01-10T08:00:00Z",
        "end_at": "2027-05-30T00:00:00Z",
        "workflow_state": "active",
        "grading_period_group_id": None,
        "sis_term_id": "S27",
        "sis_import_id": None,
    }
    listed = school.as_("admin").get(TERMS).json
    assert [term["name"] for term in listed["enrollment_terms"]] == ["Default Term", "Spring"]
    assert listed["enrollment_terms"][1] == reply.json


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("anonymous", 401, 401),
        ("student", 403, 403),
        ("teacher", 403, 403),
        ("narrow_admin", 200, 403),
        ("sub_admin", 200, 403),
        ("admin", 200, 200),
        ("site_admin", 200, 200),
    ],
)
def test_who_may_see_and_change_terms(school: School, who: str, reads: int, writes: int) -> None:
    client = school.as_(who)
    assert client.get(TERMS).status == reads
    assert client.get(f"{TERMS}/1").status == reads
    assert client.post(TERMS, {"enrollment_term": {"name": "X"}}).status == writes
    assert client.put(f"{TERMS}/1", {"enrollment_term": {"name": "X"}}).status == writes
    made = make(school).json["id"]
    assert client.delete(f"{TERMS}/{made}").status == writes


def test_sis_ids_are_shown_with_the_right_only_and_heard_from_those_who_manage_them(school: School) -> None:
    make(school, sis_term_id="S27")
    assert "sis_term_id" not in school.as_("narrow_admin").get(f"{TERMS}/2").json


@pytest.mark.parametrize("form", ["2", "sis_term_id:S27", "current"])
def test_forms_of_a_term_s_id(school: School, form: str) -> None:
    today = clock.now()
    make(school, sis_term_id="S27", start_at=(today - timedelta(days=1)).isoformat()[:19] + "Z")
    assert school.as_("admin").get(f"{TERMS}/{form}").json["id"] == 2


def test_default_and_current(school: School) -> None:
    admin = school.as_("admin")
    assert admin.get(f"{TERMS}/default").json["name"] == "Default Term"
    assert admin.get(f"{TERMS}/current").status == 404
    for _ in range(2):
        make(school, start_at="2020-01-01")
    assert admin.get(f"{TERMS}/current").status == 404, "Two terms are active today."


@pytest.mark.parametrize("form", ["99", "sis_term_id:none", "junk", "self"])
def test_no_such_term(school: School, form: str) -> None:
    assert school.as_("admin").get(f"{TERMS}/{form}").status == 404
    assert school.as_("admin").delete(f"{TERMS}/{form}").status == 404


def test_terms_belong_to_the_root_account(school: School) -> None:
    url = f"/api/v1/accounts/{school.id('northern')}/terms"
    client = school.as_("admin")
    for reply in (client.get(url), client.post(url, {"enrollment_term": {"name": "X"}})):
        assert (reply.status, reply.json) == (400, {"message": "Terms only belong to root_accounts."})


def test_only_what_is_given_changes_and_blank_dates_are_cleared(school: School) -> None:
    make(school, start_at="2027-01-10", end_at="2027-05-30", sis_term_id="S27")
    admin = school.as_("admin")
    reply = admin.put(f"{TERMS}/2", {"enrollment_term": {"end_at": ""}})
    assert (reply.json["name"], reply.json["start_at"], reply.json["end_at"]) == (
        "Spring",
        "2027-01-10T00:00:00Z",
        None,
    )
    assert admin.put(f"{TERMS}/2", {"enrollment_term": {"sis_term_id": ""}}).json["sis_term_id"] is None


@pytest.mark.parametrize(
    ("values", "attribute", "fault"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 256}, "name", "too_long"),
        ({"start_at": "2027-02-01", "end_at": "2027-01-01"}, "end_at", "invalid"),
        ({"overrides": {"ObserverEnrollment": {"end_at": "2027-01-01"}}}, "overrides", "inclusion"),
        ({"overrides": {"TaEnrollment": {"start_at": "2027-02-01", "end_at": "2027-01-01"}}}, "end_at", "invalid"),
        ({"sis_term_id": "taken"}, "sis_source_id", "taken"),
        ({"sis_term_id": "x" * 256}, "sis_source_id", "too_long"),
    ],
)
def test_what_a_term_may_not_be(school: School, values: dict[str, Any], attribute: str, fault: str) -> None:
    make(school, name="First", sis_term_id="taken")
    make(school, name="Second")
    for reply in (make(school, **values), school.as_("admin").put(f"{TERMS}/3", {"enrollment_term": values})):
        assert reply.status == 400
        assert [(f["attribute"], f["type"]) for f in reply.json["errors"][attribute]] == [(attribute, fault)]
    names = [term["name"] for term in school.as_("admin").get(TERMS).json["enrollment_terms"]]
    assert names == ["Default Term", "First", "Second"]


def test_a_name_is_needed_and_a_date_must_be_one(school: School) -> None:
    admin = school.as_("admin")
    assert admin.post(TERMS, {"enrollment_term": {"start_at": "2027-01-01"}}).status == 400
    assert admin.post(TERMS, {"name": "Spring"}).json == {"errors": [{"message": "enrollment_term is missing"}]}
    assert make(school, start_at="next week").status == 400


def test_dates_of_their_own_for_a_type_of_enrollment(school: School) -> None:
    own = {"StudentEnrollment": {"end_at": "2027-05-01"}, "TaEnrollment": {"start_at": ""}}
    reply = make(school, overrides=own)
    expected = {"StudentEnrollment": {"start_at": None, "end_at": "2027-05-01T00:00:00Z"}}
    assert reply.json["overrides"] == expected
    admin = school.as_("admin")
    assert "overrides" not in admin.get(f"{TERMS}/2").json
    assert admin.get(f"{TERMS}?include[]=overrides").json["enrollment_terms"][1]["overrides"] == expected
    admin.put(f"{TERMS}/2", {"enrollment_term": {"overrides": {"TaEnrollment": {"end_at": "2027-06-01"}}}})
    changed = admin.get(f"{TERMS}/2?include[]=overrides").json["overrides"]
    assert changed == {"TaEnrollment": {"start_at": None, "end_at": "2027-06-01T00:00:00Z"}}


def test_a_deleted_term_is_gone_from_the_list_and_its_sis_id_is_free(school: School) -> None:
    make(school, sis_term_id="S27")
    admin = school.as_("admin")
    gone = admin.delete(f"{TERMS}/2")
    assert (gone.status, gone.json["workflow_state"]) == (200, "deleted")
    assert admin.get(f"{TERMS}/2").status == 404
    assert admin.delete(f"{TERMS}/2").status == 404
    assert [t["id"] for t in admin.get(f"{TERMS}?workflow_state[]=all").json["enrollment_terms"]] == [1, 2]
    assert [t["id"] for t in admin.get(f"{TERMS}?workflow_state[]=deleted").json["enrollment_terms"]] == [2]
    assert make(school, sis_term_id="S27").status == 200


def test_of_several_who_delete_a_term_one_does(school: School) -> None:
    term = f"{TERMS}/{make(school).json['id']}"
    replies = school.as_("admin").at_once(*[lambda client: client.delete(term)] * 4)
    assert sorted(reply.status for reply in replies) == [200, 404, 404, 404]


def test_the_default_term_and_a_term_in_use_stay(school: School) -> None:
    admin = school.as_("admin")
    refused = admin.delete(f"{TERMS}/1")
    assert (refused.status, refused.json["errors"]["workflow_state"][0]["message"]) == (
        400,
        "Cannot delete the default term",
    )
    make(school)
    school.write(lambda db: db.execute(update(Course).values(enrollment_term_id=2)))
    refused = admin.delete(f"{TERMS}/2")
    assert (refused.status, refused.json["errors"]["workflow_state"][0]["message"]) == (
        400,
        "Cannot delete a term with active courses",
    )


def test_pages_and_names(school: School, queries_of: Callable[..., int]) -> None:
    now = clock.now()
    rows = [
        {"root_account_id": 1, "name": f"Term {n}", "state": "active", "created_at": now, "updated_at": now}
        for n in range(30)
    ]
    school.write(lambda db: db.execute(insert(EnrollmentTerm), rows))
    admin = school.as_("admin")
    first = admin.get(f"{TERMS}?per_page=20")
    assert len(first.json["enrollment_terms"]) == 20
    assert len(admin.get(first.links["next"]).json["enrollment_terms"]) == 11
    assert len(admin.get(f"{TERMS}?term_name=TERM%202&per_page=50").json["enrollment_terms"]) == 11
    urls = f"{TERMS}?include[]=overrides&per_page=2", f"{TERMS}?include[]=overrides&per_page=30"
    assert queries_of(admin.get, urls[0]) == queries_of(admin.get, urls[1])
