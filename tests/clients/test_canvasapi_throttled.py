"""canvasapi meets a full bucket: today's 429 and the 403 of before (basics.md §8)."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import CanvasException, Forbidden, RateLimitExceeded
from canvasapi.user import User
from tests.support.live import LiveServer, serving

pytestmark = pytest.mark.spec("basics.md#8")
# More at once than the 12 that a bucket has room for, each slow enough (a password is hashed) to be there together.
CALLERS = 40


@pytest.mark.parametrize(
    ("mode", "error", "text"), [("429", RateLimitExceeded, "X-Rate-Limit-Remaining: 0.0"), ("403", Forbidden, "403 ")]
)
def test_who_asks_too_much_at_once_is_told_so_and_goes_on(
    sqlite_template: tuple[Path, dict[str, int]], tmp_path: Path, mode: str, error: type[Exception], text: str
) -> None:
    template, ids = sqlite_template
    shutil.copy(template, tmp_path / "homeroom.db")
    with serving(tmp_path, settings={"HOMEROOM_THROTTLE": mode}, ids=ids) as server:
        results = at_once(server)
        refusals = [result for result in results if isinstance(result, CanvasException)]
        assert refusals, "Nobody was refused."
        assert {type(refusal) for refusal in refusals} == {error}
        assert all("Rate Limit Exceeded" in refusal.message and text in refusal.message for refusal in refusals)
        made = {result.id for result in results if isinstance(result, User)}
        canvas = Canvas(server.url, server.token("admin"))
        found = canvas.get_account(1).get_users(search_term="eager", per_page=100)
        assert {user.id for user in found} == made


def at_once(server: LiveServer) -> list[User | CanvasException]:
    def call(number: int) -> User | CanvasException:
        try:
            account = Canvas(server.url, server.token("admin")).get_account(1)
            return account.create_user(
                pseudonym={"unique_id": f"eager-{number}@clients.test", "password": "a password to hash"},
                user={"name": f"Eager {number}"},
            )
        except CanvasException as refusal:
            return refusal

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(call, range(CALLERS)))
