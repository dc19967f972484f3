"""Observers, those whom they observe, and pairing codes (identity.md §9)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from tests.conftest import School
from tests.support.cast import PASSWORD, token_of
from tests.support.rights import allow, deny
from tests.support.sign_in import make_token

from homeroom.school.apps.developer_keys.actions import switch_key
from homeroom.school.schema import (
    AccessToken,
    AttemptCount,
    DeveloperKey,
    Enrollment,
    Login,
    ObserverLink,
    ObserverPairingCode,
    User,
)
from homeroom.school.sign_in import lockout
from homeroom.school.sign_in.observer_proofs import TRIES_PER_USER

NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}
UNAUTH = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}
UNKNOWN = {"errors": [{"message": "Unknown observee."}]}
WRONG = {"errors": [{"message": "Invalid credentials provided."}]}
WRONG_CODE = {"errors": [{"message": "Invalid pairing code."}]}
TOO_MANY = {"message": "Too many tries. Try again later."}


def url(school: School, who: str, rest: str = "observees") -> str:
    return f"/api/v1/users/{school.id(who)}/{rest}"


def pair(school: School, observer: str = "outsider", student: str = "classmate") -> str:
    return url(school, observer, f"observees/{school.id(student)}")


def add(school: School, who: str, form: dict[str, Any], observer: str = "self") -> Any:
    return school.as_(who).post(f"/api/v1/users/{observer}/observees", form)


def by_password(who: str = "classmate", password: str = PASSWORD) -> dict[str, Any]:
    return {"observee": {"unique_id": f"{who}@school.test", "password": password}}


def code_of(school: School, who: str = "classmate") -> str:
    return str(school.as_(who).post("/api/v1/users/self/observer_pairing_codes").json["code"])


def observees(school: School, who: str) -> list[int]:
    return [user["id"] for user in school.as_(who).get("/api/v1/users/self/observees").json]


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("observer", 200),
        ("student", 403),
        ("outsider", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_who_may_see_whom_somebody_observes(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.get(url(school, "observer")).status == status
    assert client.get(pair(school, "observer", "student")).status == status


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 200), ("observer", 403), ("teacher", 403), ("admin", 200)],
)
def test_who_may_see_by_whom_somebody_is_observed(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.get(url(school, "student", "observers")).status == status
    assert client.get(url(school, "student", f"observers/{school.id('observer')}")).status == status


@pytest.mark.spec("identity.md#9")
def test_observees_are_users_with_their_root_account(school: School) -> None:
    student = {
        "id": school.id("student"),
        "name": "Stella Student",
        "created_at": "2026-01-05T09:00:00Z",
        "sortable_name": "Student, Stella",
        "short_name": "Stella Student",
    }
    observer = school.as_("observer")
    student["observation_link_root_account_ids"] = [1]
    assert observer.get("/api/v1/users/self/observees").json == [student]
    assert observer.get(pair(school, "observer", "student")).json == student
    assert observer.get("/api/v1/users/self/observees/sis_user_id:sis-student").json == student
    listed = observer.get("/api/v1/users/self/observees?include[]=avatar_url&include[]=email").json[0]
    assert listed["avatar_url"] == "http://school.test/images/messages/avatar-50.png"
    assert "email" not in listed
    (observed_by,) = school.as_("student").get("/api/v1/users/self/observers").json
    assert (observed_by["id"], observed_by["observation_link_root_account_ids"]) == (school.id("observer"), [1])
    shown = school.as_("student").get(url(school, "student", f"observers/{school.id('observer')}"))
    assert shown.json["name"] == "Olga Observer"
    assert school.as_("admin").get(url(school, "observer")).json[0]["login_id"] == "student@school.test"


def test_who_is_not_observed_is_not_found(school: School) -> None:
    observer = school.as_("observer")
    for other in ("classmate", "observer"):
        assert observer.get(pair(school, "observer", other)).json == NOT_FOUND
    assert observer.get(url(school, "observer", "observees/999")).json == NOT_FOUND
    assert school.as_("student").get(url(school, "student", f"observers/{school.id('outsider')}")).json == NOT_FOUND
    assert school.as_("admin").get("/api/v1/users/999/observees").json == NOT_FOUND
    assert observees(school, "outsider") == []


@pytest.mark.spec("identity.md#9")
def test_the_lists_are_sorted_by_name_come_in_pages_and_cost_the_same(school: School, queries_of: Any) -> None:
    admin = school.as_("admin")
    for student in ("classmate", "outsider", "teacher", "ta", "student"):
        assert admin.put(pair(school, "observer", student)).status == 200
    names = [user["sortable_name"] for user in school.as_("observer").pages("/api/v1/users/self/observees?per_page=2")]
    assert names == ["Aide, Tariq", "Mate, Claude", "Outsider, Otto", "Student, Stella", "Teacher, Tina"]
    short, long = (
        queries_of(school.as_("observer").get, f"/api/v1/users/self/observees?per_page={size}") for size in (1, 100)
    )
    assert short == long


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("other_teacher", 403),
        ("classmate", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("admin", 200),
        ("site_admin", 200),
    ],
)
def test_only_admins_link_by_id_and_the_observer_unlinks_too(school: School, who: str, status: int) -> None:
    client = school.as_(who)
    assert client.put(pair(school)).status == status
    if status != 200:
        school.as_("admin").put(pair(school))
    unlinks = 200 if who == "outsider" else status
    assert client.delete(pair(school)).status == unlinks
    assert observees(school, "outsider") == ([] if unlinks == 200 else [school.id("classmate")])


@pytest.mark.spec("identity.md#9")
def test_an_observer_stops_observing(school: School) -> None:
    observer = school.as_("observer")
    gone = observer.delete(f"/api/v1/users/self/observees/{school.id('student')}")
    assert (gone.status, gone.json["name"]) == (200, "Stella Student")
    assert observees(school, "observer") == []
    assert observer.get("/api/v1/courses").json == []
    assert observer.delete(f"/api/v1/users/self/observees/{school.id('student')}").json == NOT_FOUND
    other = f"/api/v1/users/self/observees/{school.id('student')}?root_account_id={school.id('northern')}"
    assert observer.delete(other).json == NOT_FOUND


@pytest.mark.spec("identity.md#9")
def test_a_link_is_made_once_and_ended_once(school: School) -> None:
    admin = school.as_("admin")
    first = admin.put(pair(school))
    assert (first.status, first.json["id"]) == (200, school.id("classmate"))
    assert admin.put(pair(school)).json == first.json
    count = select(func.count()).where(ObserverLink.c.observer_id == school.id("outsider"))
    assert school.read(lambda db: db.execute(count).scalar()) == 1
    assert admin.delete(pair(school)).json == first.json
    assert admin.delete(pair(school)).json == NOT_FOUND
    assert admin.put(pair(school)).status == 200
    assert observees(school, "outsider") == [school.id("classmate")]


@pytest.mark.spec("identity.md#9")
def test_without_a_root_account_in_which_the_caller_has_the_right_there_is_nothing(school: School) -> None:
    assert school.as_("sub_admin").put(pair(school, "observer", "classmate")).json == NOT_FOUND
    assert school.as_("sub_admin").delete(pair(school, "observer", "student")).json == NOT_FOUND
    logins = update(Login).where(Login.c.user_id == school.id("classmate"))
    school.write(lambda db: db.execute(logins.values(state="deleted")))
    assert school.as_("admin").put(pair(school)).json == NOT_FOUND


@pytest.mark.spec("identity.md#9")
def test_an_observer_may_stop_observing(school: School) -> None:
    link = pair(school, "observer", "student")
    for who in ("student", "outsider", "teacher"):
        assert school.as_(who).delete(link).status == 403
    assert school.as_("observer").delete(pair(school, "observer", "classmate")).json == NOT_FOUND
    assert school.as_("observer").put(pair(school, "observer", "classmate")).status == 403
    assert school.as_("observer").delete(link, {"root_account_id": "999"}).json == NOT_FOUND
    assert observees(school, "observer") == [school.id("student")]
    reply = school.as_("observer").delete(link)
    assert (reply.status, reply.json["id"]) == (200, school.id("student"))
    assert observees(school, "observer") == []
    assert school.as_("observer").delete("/api/v1/users/self/observees/999").json == NOT_FOUND


@pytest.mark.parametrize("id", ["999", "junk", "site_admin"])
def test_another_root_account_is_not_there(school: School, id: str) -> None:
    for reply in (
        school.as_("site_admin").put(pair(school), {"root_account_id": id}),
        add(school, "outsider", {**by_password(), "root_account_id": id}),
    ):
        assert (reply.status, reply.json) == (404, NOT_FOUND)
    assert school.as_("admin").put(pair(school), {"root_account_id": 1}).status == 200
    assert add(school, "outsider", {**by_password(), "root_account_id": "all"}).status == 200


def test_a_deleted_person_neither_observes_nor_is_observed(school: School) -> None:
    school.as_("admin").delete(f"/api/v1/accounts/1/users/{school.id('student')}")
    assert observees(school, "observer") == []
    assert school.as_("admin").put(pair(school, "observer", "student")).json == NOT_FOUND


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize("proof", ["password", "token", "code"])
def test_a_student_is_added_by_what_only_they_can_give(school: School, proof: str) -> None:
    def form() -> dict[str, Any]:
        if proof == "code":
            return {"pairing_code": code_of(school)}
        return by_password() if proof == "password" else {"access_token": token_of("classmate")}

    reply = add(school, "outsider", form())
    assert (reply.status, reply.json["id"]) == (200, school.id("classmate"))
    assert observees(school, "outsider") == [school.id("classmate")]
    assert add(school, "outsider", form()).status == 200, "Once more changes nothing."
    assert observees(school, "outsider") == [school.id("classmate")]


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize(
    ("form", "status", "body"),
    [
        (by_password("nobody"), 422, UNKNOWN),
        (by_password(password="wrong"), 401, WRONG),
        (by_password(password=""), 401, WRONG),
        ({"access_token": "nobody-has-this-token"}, 422, UNKNOWN),
        ({"pairing_code": "abcdef"}, 422, WRONG_CODE),
        ({"pairing_code": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")}, 422, WRONG_CODE),
        ({}, 422, UNKNOWN),
        ({"observee": {"password": PASSWORD}}, 422, UNKNOWN),
    ],
)
def test_what_proves_nothing_is_refused(school: School, form: dict[str, Any], status: int, body: Any) -> None:
    reply = add(school, "outsider", form)
    assert (reply.status, reply.json) == (status, body)
    assert "www-authenticate" not in reply.headers
    assert observees(school, "outsider") == []


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize("proof", ["password", "token", "code", "id"])
def test_nobody_observes_themselves(school: School, proof: str) -> None:
    if proof == "id":
        reply = school.as_("admin").put(pair(school, "admin", "admin"))
    else:
        forms = {"password": by_password("student"), "token": {"access_token": token_of("student")}}
        form = forms.get(proof) or {"pairing_code": code_of(school, "student")}
        reply = add(school, "student", form)
    assert (reply.status, reply.json) == (403, UNAUTH)


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("student", 403), ("teacher", 403), ("narrow_admin", 403), ("outsider", 200), ("admin", 200)],
)
def test_who_may_add_somebody_for_whom(school: School, who: str, status: int) -> None:
    assert add(school, who, by_password(), str(school.id("outsider"))).status == status


def test_a_deleted_login_and_a_deleted_person_prove_nothing(school: School) -> None:
    code = code_of(school)
    school.as_("admin").delete(f"/api/v1/accounts/1/users/{school.id('classmate')}")
    assert add(school, "outsider", by_password()).json == UNKNOWN
    assert add(school, "outsider", {"access_token": token_of("classmate")}).json == UNKNOWN
    assert add(school, "outsider", {"pairing_code": code}).json == WRONG_CODE


def test_attack_a_token_with_scopes_gives_no_more_than_its_scopes(school: School) -> None:
    def limit(db: Any) -> None:
        key = db.execute(select(DeveloperKey).where(DeveloperKey.c.is_default)).one()._mapping
        values = {**key, "is_default": False, "require_scopes": True, "name": "Narrow"}
        values.pop("id")
        narrow = db.execute(insert(DeveloperKey).values(values)).inserted_primary_key[0]
        switch_key(db, narrow, 1, "on")
        token = update(AccessToken).where(AccessToken.c.user_id == school.id("classmate"))
        db.execute(token.values(developer_key_id=narrow, scopes='["url:GET|/api/v1/users/:id"]'))

    school.write(limit)
    assert add(school, "outsider", {"access_token": token_of("classmate")}).json == UNKNOWN


def test_attack_a_token_made_while_acting_as_the_student_proves_nothing(school: School) -> None:
    token = make_token(school)
    made = update(AccessToken).where(AccessToken.c.id == token["id"]).values(real_user_id=school.id("admin"))
    school.write(lambda db: db.execute(made))
    reply = add(school, "outsider", {"access_token": token["visible_token"]})
    assert (reply.status, reply.json) == (422, UNKNOWN)


def test_attack_guessing_a_password_through_observees(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "TRIES_WITHOUT_WAIT", lockout.TRIES_PER_PLACE)
    for _ in range(lockout.TRIES_PER_PLACE):
        assert add(school, "outsider", by_password(password="guess")).status == 401
    reply = add(school, "outsider", by_password())
    assert (reply.status, reply.json) == (429, TOO_MANY)
    assert add(school, "observer", by_password()).json == TOO_MANY, "Another caller has no more tries."
    assert observees(school, "outsider") == []


def test_attack_a_caller_without_the_right_learns_nothing_about_passwords(school: School) -> None:
    for password in (PASSWORD, "wrong"):
        reply = add(school, "classmate", by_password("student", password), str(school.id("outsider")))
        assert (reply.status, reply.json) == (403, UNAUTH)
    tries = select(func.count()).select_from(AttemptCount)
    assert school.read(lambda db: db.execute(tries).scalar()) == 0, "Nor can they shut the student out."


def test_the_right_password_leaves_no_tries_behind(school: School) -> None:
    for _ in range(3 * lockout.TRIES_PER_PLACE):
        assert add(school, "outsider", by_password()).status == 200


def test_attack_guessing_pairing_codes(school: School) -> None:
    code = code_of(school)
    for number in range(TRIES_PER_USER):
        assert add(school, "outsider", {"pairing_code": f"guess{number}"}).json == WRONG_CODE
    assert add(school, "outsider", {"pairing_code": code}).json == TOO_MANY
    assert add(school, "observer", {"pairing_code": code}).status == 200, "Somebody else still has their tries."


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("student", 200),
        ("classmate", 403),
        ("observer", 403),
        ("outsider", 403),
        ("teacher", 403),
        ("narrow_admin", 403),
        ("admin_of_another_school", 403),
        ("sub_admin", 200),
        ("admin", 200),
    ],
)
def test_who_may_make_a_pairing_code_for_a_student(school: School, who: str, status: int) -> None:
    assert school.as_(who).post(url(school, "student", "observer_pairing_codes")).status == status


@pytest.mark.spec("identity.md#9")
def test_staff_with_the_right_makes_codes_for_their_own_students(school: School) -> None:
    allow(school, "TeacherEnrollment", "generate_observer_pairing_code")
    assert school.as_("teacher").post(url(school, "student", "observer_pairing_codes")).status == 200
    assert school.as_("other_teacher").post(url(school, "student", "observer_pairing_codes")).status == 403
    deny(school, "AccountAdmin", "generate_observer_pairing_code")
    assert school.as_("admin").post(url(school, "student", "observer_pairing_codes")).status == 403


@pytest.mark.spec("identity.md#9")
def test_attack_pairing_with_a_student_of_elsewhere_by_enrolling_them(school: School) -> None:
    sub_admin = school.as_("sub_admin")
    allow(school, "TeacherEnrollment", "generate_observer_pairing_code")
    for whom in ("outsider", "admin"):
        history = f"/api/v1/courses/{school.id('history')}/enrollments"
        values = {"user_id": school.id(whom), "type": "StudentEnrollment", "enrollment_state": "active"}
        assert school.as_("admin").post(history, {"enrollment": values}).status == 200
        biology = f"/api/v1/courses/{school.id('biology')}/enrollments"
        assert sub_admin.post(biology, {"enrollment": values}).status == 200
        assert sub_admin.post(url(school, whom, "observer_pairing_codes")).status == 403
        assert school.as_("site_admin").post(url(school, whom, "observer_pairing_codes")).status == 200
    # Nobody pairs somebody with more rights, in a shared course neither.
    assert school.as_("teacher").post(url(school, "admin", "observer_pairing_codes")).status == 403
    assert sub_admin.post(url(school, "student", "observer_pairing_codes")).status == 200


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize("who", ["teacher", "outsider", "observer"])
def test_only_students_have_pairing_codes(school: School, who: str) -> None:
    for client in (school.as_(who), school.as_("admin")):
        reply = client.post(url(school, who, "observer_pairing_codes"))
        assert (reply.status, reply.json) == (403, UNAUTH)


@pytest.mark.spec("identity.md#9")
@pytest.mark.parametrize(
    ("state", "status"),
    [("active", 200), ("invited", 200), ("creation_pending", 200), ("inactive", 403), ("completed", 403)],
)
def test_whoever_is_or_will_be_a_student_has_pairing_codes(school: School, state: str, status: int) -> None:
    mine = update(Enrollment).where(Enrollment.c.user_id == school.id("student"))
    school.write(lambda db: db.execute(mine.values(state=state)))
    assert school.as_("student").post(url(school, "student", "observer_pairing_codes")).status == status


@pytest.mark.spec("identity.md#9")
def test_a_pairing_code_is_six_characters_for_seven_days(school: School) -> None:
    dev = school.with_settings(dev=True)
    clock = "/homeroom/v1/clock"
    dev.as_("site_admin").put(clock, json={"now": "2026-03-01T10:00:00Z", "frozen": True})
    reply = dev.as_("student").post("/api/v1/users/self/observer_pairing_codes")
    code = reply.json["code"]
    assert reply.json == {
        "user_id": school.id("student"),
        "code": code,
        "expires_at": "2026-03-08T10:00:00Z",
        "workflow_state": "active",
    }
    assert len(code) == 6
    assert code.isalnum()
    dev.as_("site_admin").put(clock, json={"now": "2026-03-08T10:00:00Z", "frozen": True})
    assert add(dev, "outsider", {"pairing_code": code}).json == WRONG_CODE
    dev.as_("site_admin").put(clock, json={"now": "2026-03-08T09:59:59Z", "frozen": True})
    assert add(dev, "outsider", {"pairing_code": code}).status == 200
    dev.as_("site_admin").delete(clock)


@pytest.mark.spec("identity.md#9")
def test_a_pairing_code_is_used_once(school: School) -> None:
    code = code_of(school)
    assert add(school, "outsider", {"pairing_code": code}).status == 200
    assert add(school, "teacher", {"pairing_code": code}).json == WRONG_CODE
    assert add(school, "outsider", {"pairing_code": code}).json == WRONG_CODE


def test_a_student_may_have_several_codes_and_expired_ones_are_swept(school: School) -> None:
    codes = [code_of(school, "student") for _ in range(3)]
    assert len(set(codes)) == 3
    expire = update(ObserverPairingCode).values(expires_at=ObserverPairingCode.c.created_at)
    school.write(lambda db: db.execute(expire))
    code_of(school, "student")
    school.server.services.jobs.run_due()
    count = select(func.count()).select_from(ObserverPairingCode)
    assert school.read(lambda db: db.execute(count).scalar()) == 1


def test_a_code_that_is_taken_is_not_given_twice(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    first = code_of(school)
    codes = iter((first, "zzzzzz"))
    monkeypatch.setattr("homeroom.school.people.observers.pairing_codes.new_code", lambda: next(codes))
    assert code_of(school, "student") == "zzzzzz"


def test_a_code_is_not_in_the_database(school: School) -> None:
    code = code_of(school)
    rows = school.read(lambda db: db.execute(select(ObserverPairingCode)).all())
    assert code not in repr(rows)
    assert code.encode() not in rows[0].digest


def sign_up(school: School, code: str, who: str = "anonymous", **more: Any) -> Any:
    form = {
        "user": {"name": "Paula Parent"},
        "pseudonym": {"unique_id": "paula@home.test", "password": "a long password"},
        "initial_enrollment_type": "observer",
        "pairing_code": {"code": code},
    }
    return school.as_(who).post("/api/v1/accounts/1/users", {**form, **more})


def open_registration(school: School, kind: str = "observer") -> None:
    assert (
        school.as_("site_admin").put("/homeroom/v1/accounts/1/settings", json={"self_registration": kind}).status == 200
    )


@pytest.mark.spec("users-core.md#4")
def test_a_parent_signs_up_with_a_pairing_code_and_observes_at_once(school: School) -> None:
    open_registration(school)
    reply = sign_up(school, code_of(school, "student"))
    assert reply.status == 200
    parent = reply.json["id"]
    listed = school.as_("admin").get(f"/api/v1/users/{parent}/observees").json
    assert [user["id"] for user in listed] == [school.id("student")]
    state, password = school.read(
        lambda db: db.execute(select(User.c.state, Login.c.password_hash).join(Login).where(User.c.id == parent)).one()
    )
    assert (state, bool(password)) == ("registered", True)
    rows = select(Enrollment.c.course_id, Enrollment.c.associated_user_id).where(Enrollment.c.user_id == parent)
    assert school.read(lambda db: db.execute(rows).all()) == [(school.id("biology"), school.id("student"))]


@pytest.mark.spec("users-core.md#4")
@pytest.mark.parametrize("who", ["anonymous", "admin"])
def test_a_wrong_pairing_code_makes_nobody(school: School, who: str) -> None:
    open_registration(school)
    reply = sign_up(school, "wrong!", who)
    assert reply.status == 400
    assert reply.json["errors"]["pairing_code"] == {
        "code": [{"attribute": "code", "type": "invalid", "message": "invalid"}]
    }
    made = select(func.count()).where(Login.c.unique_id == "paula@home.test")
    assert school.read(lambda db: db.execute(made).scalar()) == 0


def test_a_sign_up_that_fails_leaves_the_code_as_it_was(school: School) -> None:
    open_registration(school)
    code = code_of(school, "student")
    reply = sign_up(school, code, pseudonym={"unique_id": "paula@home.test", "password": "short"})
    assert reply.json["errors"]["pseudonym"]["password"][0]["type"] == "too_short"
    assert sign_up(school, code).status == 200


def test_only_observers_have_a_pairing_code(school: School) -> None:
    open_registration(school, "all")
    code = code_of(school, "student")
    reply = sign_up(school, code, initial_enrollment_type="student")
    assert reply.status == 200
    assert school.as_("admin").get(f"/api/v1/users/{reply.json['id']}/observees").json == []
    assert add(school, "outsider", {"pairing_code": code}).status == 200


def test_where_nobody_may_sign_up_a_code_changes_nothing(school: School) -> None:
    code = code_of(school, "student")
    reply = sign_up(school, code)
    assert (reply.status, reply.json) == (403, {})
    assert add(school, "outsider", {"pairing_code": code}).status == 200


def test_self_registration_takes_a_pairing_code_and_no_password(school: School) -> None:
    open_registration(school)
    form = {
        "user": {"name": "Paula Parent", "initial_enrollment_type": "observer"},
        "pseudonym": {"unique_id": "paula@home.test", "password": "a long password"},
        "pairing_code": {"code": code_of(school, "student")},
    }
    reply = school.as_("anonymous").post("/api/v1/accounts/1/self_registration", form)
    assert reply.status == 200
    parent = reply.json["id"]
    hashes = select(Login.c.password_hash).where(Login.c.user_id == parent)
    assert school.read(lambda db: db.execute(hashes).scalar()) is None
    assert len(school.as_("admin").get(f"/api/v1/users/{parent}/observees").json) == 1


def test_attack_guessing_pairing_codes_at_the_sign_up(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homeroom.school.sign_in.observer_proofs.TRIES_PER_ADDRESS", 3)
    open_registration(school)
    for number in range(3):
        assert sign_up(school, f"guess{number}").status == 400
    reply = sign_up(school, code_of(school, "student"))
    assert (reply.status, reply.json) == (429, TOO_MANY)
