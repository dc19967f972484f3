"""Guessing passwords at the sign-in page: what is counted, for whom, and who is never locked out (decision 0011)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from tests.conftest import School
from tests.support.browser import Browser, sign_in
from tests.support.cast import PASSWORD
from tests.support.client import Reply
from tests.support.sign_in import make_token
from tests.support.watch import Watch

from homeroom import clock
from homeroom.school.schema import AttemptCount, KnownPlace, Login
from homeroom.school.sign_in import attempts, lockout, places
from homeroom.school.sign_in import password_sign_in as access_sign_in
from homeroom.school.sign_in.places import Known, Place
from homeroom.wire.browser.browser import KNOWN

pytestmark = pytest.mark.spec("homeroom.md#4")
HERE, THERE, ELSEWHERE = "192.0.2.1", "198.51.100.2", "203.0.113.3"


@pytest.fixture
def behind(school: School) -> School:
    """The school behind a proxy, so that people can come from several addresses."""
    return school.with_settings(trusted_proxies="127.0.0.1")


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "TRIES_WITHOUT_WAIT", 1_000)


def at(school: School, address: str, browser: Browser | None = None) -> Browser:
    """A browser at this address."""
    browser = browser or Browser(school)
    browser.headers["x-forwarded-for"] = address
    return browser


def guess(school: School, address: str, who: str = "student", times: int = lockout.TRIES_PER_PLACE) -> list[int]:
    return [sign_in(at(school, address), who, "wrong").status for _ in range(times)]


def statuses(replies: list[Reply]) -> list[int]:
    return [reply.status for reply in replies]


def count(school: School, table: Any) -> int:
    return int(school.read(lambda db: db.execute(select(func.count()).select_from(table)).scalar_one()))


def known(school: School, login: int, place: Place) -> Known:
    known: Known = school.read(lambda db: places.known(db, login, place))
    return known


# --- one login, one place ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_waits")
def test_brute_force_of_a_login_is_stopped_even_for_the_right_password(school: School) -> None:
    for _ in range(lockout.TRIES_PER_PLACE):
        assert sign_in(Browser(school), "student", "wrong").status == 400
    late = sign_in(Browser(school), "STUDENT")
    assert late.status == 429
    assert 800 < int(late.headers["retry-after"]) <= 900
    assert "That was tried too often. Wait 15 minutes and try again." in late.text
    assert sign_in(Browser(school), "classmate").status == 302


@pytest.mark.usefixtures("no_waits")
def test_brute_force_of_an_unknown_login_looks_the_same(school: School) -> None:
    for _ in range(lockout.TRIES_PER_PLACE):
        assert sign_in(Browser(school), "nobody", "wrong").status == 400
    assert sign_in(Browser(school), "nobody", "wrong").status == 429


def test_brute_force_is_slowed_down_before_it_is_stopped(school: School, watch: Watch) -> None:
    for _ in range(lockout.TRIES_WITHOUT_WAIT):
        assert sign_in(Browser(school), "student", "wrong").status == 400
    for wait in (1, 2, 4):
        early = sign_in(Browser(school), "student")
        assert (early.status, early.headers["retry-after"]) == (429, str(wait))
        assert f"Wait {wait} second{'s' if wait > 1 else ''} and try again." in early.text
        watch.passes(wait)
        assert sign_in(Browser(school), "student", "wrong").status == 400
    watch.passes(8)
    assert sign_in(Browser(school), "student").status == 302
    assert sign_in(Browser(school), "student", "wrong").status == 400, "The right password starts over."


@pytest.mark.usefixtures("watch")
def test_a_try_while_one_has_to_wait_costs_nothing(school: School) -> None:
    guess(school, HERE, times=lockout.TRIES_WITHOUT_WAIT + 20)
    counts = school.read(lambda db: db.execute(select(AttemptCount.c.count)).scalars().all())
    assert set(counts) == {lockout.TRIES_WITHOUT_WAIT}


@pytest.mark.usefixtures("no_waits")
def test_another_process_counts_the_same_tries(school: School) -> None:
    guess(school, HERE)
    other = school.with_settings(dev=True)
    assert sign_in(Browser(other), "student").status == 429


@pytest.mark.usefixtures("no_waits")
def test_the_count_ends_with_its_window(school: School, watch: Watch) -> None:
    assert guess(school, HERE)[-1] == 400
    assert sign_in(Browser(school), "student").status == 429
    watch.passes(901)
    assert sign_in(Browser(school), "student").status == 302
    school.write(attempts.sweep)
    assert count(school, AttemptCount) == 0


@pytest.mark.usefixtures("no_waits")
def test_brute_force_by_many_tries_at_once_finds_the_door_shut_when_one_is_right(school: School) -> None:
    right = access_sign_in.check(school.server.services.database, "student@school.test", PASSWORD, Place("127.0.0.1"))
    assert right.is_right
    guess(school, HERE)
    assert school.write(lambda db: access_sign_in.enter(db, right)) is False


# --- locking somebody out ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_waits")
def test_attack_lock_somebody_out_from_elsewhere(behind: School) -> None:
    assert guess(behind, ELSEWHERE, times=30).count(429) == 20
    assert sign_in(at(behind, HERE), "student").status == 302


@pytest.mark.usefixtures("no_waits")
def test_attack_lock_somebody_out_from_beside_them_leaves_the_browser_that_signed_in_before(behind: School) -> None:
    mine = at(behind, HERE)
    assert sign_in(mine, "student").status == 302
    mine.submit("/logout", {})
    guess(behind, HERE)
    assert sign_in(at(behind, HERE), "student").status == 429
    assert sign_in(mine, "student").status == 302
    assert sign_in(at(behind, HERE), "student").status == 429, "It did not help the others."


@pytest.mark.usefixtures("no_waits")
def test_attack_lock_somebody_out_from_many_addresses_leaves_the_places_they_know(
    behind: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "TRIES_PER_LOGIN", 4)
    mine = at(behind, HERE)
    assert sign_in(mine, "student").status == 302
    for number in range(4):
        assert guess(behind, f"203.0.113.{number}", times=1) == [400]
    assert sign_in(at(behind, THERE), "student").status == 429
    assert sign_in(at(behind, HERE), "student").status == 302, "The address is known."
    assert sign_in(at(behind, THERE, mine), "student").status == 302, "The browser is known."
    assert sign_in(at(behind, THERE), "student").status == 302, "Now this address is known too."


@pytest.mark.usefixtures("no_waits")
def test_brute_force_in_a_known_browser_has_tries_of_its_own_and_no_more(behind: School) -> None:
    thief = at(behind, HERE)
    sign_in(thief, "student")
    for number in range(lockout.TRIES_PER_PLACE):
        assert sign_in(at(behind, f"203.0.113.{number}", thief), "student", "wrong").status == 400
    assert sign_in(at(behind, ELSEWHERE, thief), "student").status == 429
    assert sign_in(at(behind, HERE), "student").status == 302


@pytest.mark.usefixtures("no_waits")
def test_attack_a_browser_known_for_ones_own_login_is_not_known_for_anothers(behind: School) -> None:
    mine = at(behind, HERE)
    sign_in(mine, "classmate")
    guess(behind, HERE)
    assert sign_in(mine, "student").status == 429


@pytest.mark.parametrize("made_up", ["x", "a" * 43, ""])
@pytest.mark.usefixtures("no_waits")
def test_attack_a_browser_is_not_known_by_a_cookie_that_was_made_up(behind: School, made_up: str) -> None:
    sign_in(at(behind, THERE), "student")
    guess(behind, HERE)
    other = at(behind, HERE)
    other.cookies[KNOWN] = made_up
    assert sign_in(other, "student").status == 429


@pytest.mark.usefixtures("no_waits")
def test_attack_a_token_does_not_make_a_browser_known(behind: School) -> None:
    token = make_token(behind)["visible_token"]
    thief = at(behind, ELSEWHERE)
    url = behind.with_token(token).get("/login/session_token").json["session_url"]
    thief.get(thief.get(url).headers["location"])
    assert thief.get("/").status == 200
    assert (KNOWN in thief.cookies, count(behind, KnownPlace)) == (False, 0)


# --- many behind one address -------------------------------------------------------------------------------------


def test_brute_force_over_many_logins_is_stopped_by_address(behind: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "TRIES_PER_ADDRESS", 3)
    mine = at(behind, HERE)
    assert sign_in(mine, "student").status == 302
    assert [guess(behind, HERE, f"nobody{number}", 1)[0] for number in range(4)] == [400, 400, 400, 429]
    assert sign_in(at(behind, HERE), "student").status == 429
    assert sign_in(at(behind, THERE), "student").status == 302
    assert sign_in(mine, "student").status == 302


def test_a_whole_school_signs_in_behind_one_address(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "TRIES_PER_ADDRESS", 3)
    everybody = ("student", "classmate", "teacher", "ta", "observer", "outsider", "admin", "sub_admin")
    assert guess(school, HERE, "teacher", 1) + guess(school, HERE, "ta", 1) == [400, 400]
    assert {who: sign_in(Browser(school), who).status for who in everybody} == dict.fromkeys(everybody, 302)


# --- what is kept ------------------------------------------------------------------------------------------------


def test_what_was_typed_is_not_kept(school: School) -> None:
    sign_in(Browser(school), "my-password@", "x")
    names = school.read(lambda db: db.execute(select(AttemptCount.c.name)).scalars().all())
    assert names and not any("my-password" in name for name in names)


def test_the_cookie_of_a_known_browser_is_for_us_alone_and_kept_as_a_digest(school: School) -> None:
    browser = Browser(school)
    reply = sign_in(browser, "student")
    (cookie,) = [cookie for cookie in reply.set_cookies if cookie.startswith(KNOWN)]
    assert "; Path=/; SameSite=Lax; HttpOnly; Max-Age=31536000" in cookie
    secret = browser.cookies[KNOWN]
    digests = school.read(lambda db: db.execute(select(KnownPlace.c.digest)).scalars().all())
    assert len(digests) == 2 and not any(secret.encode() in digest for digest in digests)
    sign_in(browser, "classmate")
    assert browser.cookies[KNOWN] == secret


def test_a_new_password_forgets_the_places_of_the_old_one(school: School) -> None:
    other, mine = Browser(school), Browser(school)
    sign_in(other, "student")
    sign_in(mine, "student")
    login = school.read(lambda db: db.execute(select(KnownPlace.c.login_id).limit(1)).scalar_one())
    form = {"old_password": PASSWORD, "pseudonym": {"password": "purple horses sing"}}
    assert mine.submit(f"/profile/logins/{login}/password", form).status == 302
    assert not known(school, login, Place("127.0.0.1", other.cookies[KNOWN])).browser
    assert known(school, login, Place("127.0.0.1", mine.cookies[KNOWN])).browser


def test_no_more_than_twenty_places_of_a_login_are_kept_and_none_for_longer_than_a_year(school: School) -> None:
    login = school.read(
        lambda db: db.execute(select(Login.c.id).where(Login.c.user_id == school.id("student"))).scalar_one()
    )
    for number in range(25):
        with school.server.services.database.write() as db:
            places.remember(db, login, Place(f"192.0.2.{number}"))
    assert count(school, KnownPlace) == 20
    assert [known(school, login, Place(f"192.0.2.{n}")).address for n in (0, 4, 5, 24)] == [False, False, True, True]
    old = clock.real_now() - places.LIFETIME - timedelta(seconds=1)
    row = insert(KnownPlace).values(login_id=login, digest=b"old", last_used_at=old)
    school.write(lambda db: db.execute(row))
    school.write(places.sweep)
    assert count(school, KnownPlace) == 20


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.7", "try from 192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "try from 2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "try from 192.0.2.7"),
        ("", "try from "),
        ("unix:/socket", "try from unix:/socket"),
    ],
)
def test_an_address_counts_with_its_network(address: str, name: str) -> None:
    assert attempts.from_address("try", address).startswith(name)
