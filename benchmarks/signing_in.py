"""`python -m benchmarks.signing_in`: what is left of GET /users/self while ten people a second sign in by password.

The passwords are hashed at the product's own cost (argon2id, 19 MiB, two passes). At least half must be left.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import threading
import time
from pathlib import Path

import requests
from rich.console import Console

from benchmarks.load import PYTHON, Target, free_port, requests_per_second, serving
from benchmarks.people import TOKEN, make_school
from homeroom.db import Database
from homeroom.school.people.passwords import hash_password
from homeroom.school.schema import Login

PASSWORD = "benchmark-password"
PER_SECOND = 10
_TOKEN = re.compile(r'name="authenticity_token" value="([^"]+)"')
console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signing_in", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'homeroom.db'}")
        make_school(database, 1_000)
        with database.write() as db:
            db.execute(Login.update().values(password_hash=hash_password(PASSWORD)))
        database.close()
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        target = Target(base + "/api/v1/users/self", {"Authorization": f"Bearer {TOKEN}"})
        command = [PYTHON, "-m", "homeroom", "serve", "--port", str(port), "--data", folder]
        with serving(command, target.url, {"HOMEROOM_THROTTLE": "off"}):
            ratios, signed_in = [], 0
            for _ in range(options.rounds):
                alone = requests_per_second(target, options.seconds)
                with _People(base) as people:
                    together = requests_per_second(target, options.seconds)
                signed_in += people.signed_in
                ratios.append(together / alone)
                console.print(f"alone {alone:,.0f}/s, with {people.signed_in} people signing in {together:,.0f}/s")
        rate = signed_in / (options.rounds * options.seconds)
        console.print(
            f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), at least 0.50; "
            f"{rate:.1f} sign-ins a second"
        )


class _People:
    """Somebody new at the sign-in form every tenth of a second."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.signed_in = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._sign_in_again, args=(n,)) for n in range(PER_SECOND)]

    def __enter__(self) -> _People:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _sign_in_again(self, number: int) -> None:
        """Once a second, each thread at its own tenth of it."""
        login = 10 + number
        next_at = time.monotonic() + number / PER_SECOND
        while not self._over.wait(max(0.0, next_at - time.monotonic())):
            next_at += 1
            browser = requests.Session()
            page = browser.get(f"{self.base}/login/canvas", timeout=30).text
            found = _TOKEN.search(page)
            assert found is not None
            form = {
                "authenticity_token": found[1],
                "pseudonym_session[unique_id]": f"user{login}",
                "pseudonym_session[password]": PASSWORD,
            }
            reply = browser.post(f"{self.base}/login/canvas", form, allow_redirects=False, timeout=30)
            assert reply.status_code == 302, reply.status_code
            with self._lock:
                self.signed_in += 1


if __name__ == "__main__":
    main()
