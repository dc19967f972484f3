"""kill -9 while people are being created: whoever was acknowledged is there afterwards."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from tests.support.live import LiveServer, serving

CALLERS = 6


def test_everybody_who_was_acknowledged_is_there_after_the_whole_server_was_killed(
    empty_url: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    arguments = ("--workers", "2", "--database", empty_url)
    with serving(data, *arguments) as server:
        acknowledged = create_until_killed(server, most=400)
    assert len(acknowledged) >= 20, "It was killed before it had got going."
    with serving(data, *arguments) as server, session_of(server) as session:
        for user_id, name in acknowledged.items():
            answer = session.get(f"{server.url}/api/v1/users/{user_id}", timeout=10)
            assert (answer.status_code, answer.json()["name"]) == (200, name)
        listed = {user["id"] for user in everybody(session, server)}
        assert acknowledged.keys() <= listed
        # What was never acknowledged is whole, or not there at all: the next one is created like any other.
        assert create(session, server, "afterwards")


def create_until_killed(server: LiveServer, most: int) -> dict[int, str]:
    """Have several callers create people at once, and kill every process of the server in the middle of it."""
    acknowledged: dict[int, str] = {}
    numbers = itertools.count(1)
    enough = threading.Event()

    def call() -> None:
        with session_of(server) as session:
            for number in numbers:
                try:
                    acknowledged[create(session, server, f"Person {number}")] = f"Person {number}"
                except requests.RequestException:
                    return
                if len(acknowledged) >= most:
                    enough.set()

    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call) for _ in range(CALLERS)]
        enough.wait(3)
        time.sleep(0.01)
        server.kill_all()
        for caller in callers:
            caller.result(30)
    return acknowledged


def session_of(server: LiveServer) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {server.first_token}"
    return session


def create(session: requests.Session, server: LiveServer, name: str) -> int:
    answer = session.post(
        f"{server.url}/api/v1/accounts/1/users",
        data={"user[name]": name, "pseudonym[unique_id]": f"{name.replace(' ', '-')}@school.test"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def everybody(session: requests.Session, server: LiveServer) -> list[dict[str, int]]:
    url: str | None = f"{server.url}/api/v1/accounts/1/users?per_page=100"
    people: list[dict[str, int]] = []
    while url:
        answer = session.get(url, timeout=10)
        people += answer.json()
        url = answer.links.get("next", {}).get("url")
    return people
