"""Taking somebody's second factor away, by whoever helps them (homeroom.md §5)."""

from __future__ import annotations

import pytest
from tests.conftest import School
from tests.support.browser import Browser, browser_of, sign_in
from tests.support.second_factors import STEP, enrol, enrolled
from tests.support.sign_in import grant
from tests.support.watch import Watch

pytestmark = pytest.mark.spec("homeroom.md#5")


def url(school: School, who: str) -> str:
    return f"/homeroom/v1/users/{school.id(who)}/second_factor"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401), ("student", 403), ("classmate", 403), ("teacher", 403), ("sub_admin", 403),
        ("narrow_admin", 403), ("admin", 200), ("site_admin", 200),
    ],
)  # fmt: skip
def test_who_may_take_a_second_factor_away(school: School, watch: Watch, who: str, status: int) -> None:
    enrolled(school, "student", watch)
    client = school.as_(who)
    assert client.get(url(school, "student")).status == status
    reply = client.delete(url(school, "student"))
    assert reply.status == status
    assert (sign_in(Browser(school), "student").headers["location"] == STEP) is (status != 200)


def test_taking_it_away_signs_the_person_out_everywhere(school: School, watch: Watch) -> None:
    mine = browser_of(school, "student")
    enrol(mine, watch)
    admin = school.as_("admin")
    shown = admin.get(url(school, "student")).json
    assert (shown["user_id"], shown["recovery_codes_left"]) == (school.id("student"), 10)
    assert shown["since"] is not None
    none = {"user_id": school.id("student"), "since": None, "recovery_codes_left": 0}
    assert admin.delete(url(school, "student")).json == none
    assert admin.delete(url(school, "student")).json == none, "Again, it changes nothing."
    assert mine.get("/api/v1/users/self").status == 401
    assert sign_in(Browser(school), "student").headers["location"] == "/?login_success=1"


def test_attack_a_token_does_not_take_its_owners_second_factor_away(school: School, watch: Watch) -> None:
    for who in ("admin", "site_admin"):
        enrolled(school, who, watch)
        assert school.as_(who).delete(url(school, who)).status == 403
        assert school.as_(who).delete("/homeroom/v1/users/self/second_factor").status == 403
    acting = f"{url(school, 'admin')}?as_user_id={school.id('student')}"
    assert school.as_("admin").delete(acting).status == 403
    both = f"{url(school, 'site_admin')}?as_user_id={school.id('admin')}"
    assert school.as_("site_admin").delete(both).status == 403


def test_attack_nobody_takes_it_from_somebody_with_more_rights(school: School, watch: Watch) -> None:
    enrolled(school, "admin", watch)
    grant(school, "manage_user_logins")
    assert school.as_("narrow_admin").delete(url(school, "admin")).status == 403


def test_there_is_nothing_to_see_of_somebody_who_is_not_there(school: School) -> None:
    for call in (school.as_("admin").get, school.as_("admin").delete):
        assert call("/homeroom/v1/users/999999/second_factor").status == 404
