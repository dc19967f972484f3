"""What a GET notes, without writing itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.conftest import School
from tests.support.cast import token_of
from tests.support.client import Client

from homeroom.app import make_server
from homeroom.school.schema import AccessToken


def last_used(school: School, who: str) -> datetime | None:
    hint = token_of(who)[:5]
    statement = select(AccessToken.c.last_used_at).where(
        AccessToken.c.user_id == school.id(who), AccessToken.c.hint == hint
    )
    return school.read(lambda db: db.execute(statement).scalar_one())  # type: ignore[no-any-return]


def use(school: School, who: str) -> None:
    assert school.as_(who).get("/api/v1/users/self").status == 200


def set_last_used(school: School, who: str, at: datetime) -> None:
    school.write(
        lambda db: db.execute(
            update(AccessToken).where(AccessToken.c.user_id == school.id(who)).values(last_used_at=at)
        )
    )


@pytest.mark.spec("identity.md#4")
def test_the_use_of_a_token_is_noted(school: School) -> None:
    use(school, "teacher")
    assert last_used(school, "teacher") is None, "A GET does not wait for it."
    school.server.flush()
    noted = last_used(school, "teacher")
    assert noted is not None
    assert datetime.now(UTC) - noted < timedelta(seconds=10)


@pytest.mark.spec("identity.md#4")
@pytest.mark.parametrize("minutes, again", [(9, False), (11, True), (-5, True)])
def test_it_is_noted_at_most_every_ten_minutes(school: School, minutes: int, again: bool) -> None:
    before = (datetime.now(UTC) - timedelta(minutes=minutes)).replace(microsecond=0)
    set_last_used(school, "teacher", before)
    use(school, "teacher")
    school.server.flush()
    assert (last_used(school, "teacher") != before) is again


def test_a_token_that_is_refused_is_not_in_use(school: School) -> None:
    assert school.with_token("not-a-token-0123456789").get("/api/v1/users/self").status == 401
    assert school.as_("anonymous").get("/homeroom/v1/health").status == 200
    school.server.flush()
    assert all(last_used(school, who) is None for who in ("teacher", "student"))


def test_who_acts_as_somebody_uses_their_own_token(school: School) -> None:
    assert school.as_("site_admin").get(f"/api/v1/users/self?as_user_id={school.id('student')}").status == 200
    school.server.flush()
    assert last_used(school, "site_admin") is not None
    assert last_used(school, "student") is None


def test_many_notes_are_one_transaction(school: School) -> None:
    for who in ("teacher", "student", "ta", "teacher"):
        use(school, who)
    written: list[Any] = []
    notes = school.server.services.notes
    real = notes._database.write
    notes._database.write = lambda: written.append(1) or real()  # type: ignore[func-returns-value,method-assign]
    school.server.flush()
    school.server.flush()
    assert written == [1]
    assert last_used(school, "ta") is not None


def test_in_the_background_a_thread_writes_them_and_closing_writes_the_rest(school: School) -> None:
    server = make_server(school.settings, background=True)
    client = Client(server, school.loop, {"authorization": f"Bearer {token_of('ta')}"})
    assert client.get("/api/v1/users/self").status == 200
    deadline = time.monotonic() + 10
    while last_used(school, "ta") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert last_used(school, "ta") is not None
    client = Client(server, school.loop, {"authorization": f"Bearer {token_of('designer')}"})
    assert client.get("/api/v1/users/self").status == 200
    server.close()
    server.services.close()
    assert last_used(school, "designer") is not None
