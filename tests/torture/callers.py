"""Those who change the school: each in a thread, one change after the other."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Mapping

import requests

from tests.support.live import LiveServer
from tests.torture.memory import Memory, Thing
from tests.torture.resources import RESOURCES, Call, Resource

TIMEOUT = 40
_words = itertools.count(1)
_RUN = f"{random.SystemRandom().randrange(16**6):06x}"


def new_word() -> str:
    return f"w{_RUN}x{next(_words)}"


class Line:
    """A connection to whichever server runs now."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {server.first_token}"

    def send(self, call: Call, names: Mapping[str, str]) -> requests.Response:
        path = call.path.format_map(names)
        form = {key: value.format_map(names) for key, value in call.form.items()}
        url = f"{self.server.url}/api/v1/{path}"
        return self._session.request(call.method, url, data=form or None, timeout=TIMEOUT)

    def show(self, thing: Thing) -> str | None:
        """What the thing shows now; None when it is gone. Raises AssertionError for an answer that is neither."""
        return value_in(self.send(Call("GET", thing.resource.show), thing.names), thing)


def value_in(reply: requests.Response, thing: Thing) -> str | None:
    # What is gone is not found, or, in custom data, "no data for scope".
    if reply.status_code == 404 or (reply.status_code == 400 and thing.resource.name == "custom data"):
        return None
    assert reply.status_code == 200, f"{reply.request.method} {reply.url}: {reply.status_code} {reply.text[:300]}"
    resource, body = thing.resource, reply.json()
    if resource.listed:
        body = next((item for item in body if str(item[resource.id_key]) == thing.names["id"]), None)
        if body is None and "next" in reply.links:
            following = requests.get(reply.links["next"]["url"], headers=reply.request.headers, timeout=TIMEOUT)
            return value_in(following, thing)
    if body is None or (resource.gone and body.get(resource.gone[0]) == resource.gone[1]):
        return None
    value = body[resource.key]
    return None if value is None else str(value)


class Callers:
    """Several callers that work until they are paused or stopped, through kills and new starts."""

    def __init__(self, memory: Memory, number: int) -> None:
        self.memory = memory
        self.server: LiveServer | None = None
        self._open = threading.Event()
        self._over = threading.Event()
        self._idle = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(number)]
        for thread in self._threads:
            thread.start()

    def go(self, server: LiveServer) -> None:
        self.server = server
        self._open.set()

    def pause(self) -> None:
        """Come back when each has its last answer, or knows that there is none."""
        self._open.clear()
        for _ in self._threads:
            self._idle.acquire(timeout=2 * TIMEOUT)

    def stop(self) -> None:
        self._over.set()
        self._open.set()
        for thread in self._threads:
            thread.join(TIMEOUT)

    def _work(self, number: int) -> None:
        chance = random.Random(f"{_RUN} {number}")
        while not self._over.is_set():
            self._open.wait()
            if self._over.is_set() or self.server is None:
                return
            line = Line(self.server)
            while self._open.is_set() and not self._over.is_set():
                try:
                    change_something(line, self.memory, chance)
                except requests.RequestException:
                    # Killed; what was under way may have happened or not.
                    time.sleep(0.02)
            self._idle.release()


def change_something(line: Line, memory: Memory, chance: random.Random) -> None:
    """Create, change or delete one thing of any kind."""
    resource = chance.choice(RESOURCES)
    number = chance.random()
    if number < 0.5:
        create(line, memory, resource)
    elif number < 0.85 and resource.change is not None:
        alter(line, memory, resource, resource.change, resource.changed.format(new=new_word()))
    elif number > 0.9:
        alter(line, memory, resource, resource.delete, None)


def create(line: Line, memory: Memory, resource: Resource) -> None:
    parents = memory.parents_for(resource)
    if parents is None:
        return
    names = {"new": new_word()}
    for kind, parent in zip(resource.inside, parents, strict=True):
        names[kind if kind not in names else f"{kind}_2"] = parent.names["id"]
    value = resource.value.format_map(names)
    thing = Thing(resource, names, parents, {value, None}, busy=True)
    if not resource.id_key:
        memory.add(thing)
    try:
        reply = line.send(resource.create, names)
        if _refused(memory, thing, reply):
            memory.settle(thing, None)
            return
        if resource.id_key:
            names["id"] = str(reply.json()[resource.id_key])
            memory.add(thing)
        memory.settle(thing, value)
        memory.count()
    finally:
        thing.busy = False


def alter(line: Line, memory: Memory, resource: Resource, call: Call, value: str | None) -> None:
    with memory.taken(resource, value) as thing:
        if thing is None:
            return
        before = thing.possible - {value} or {value}
        names = {**thing.names, "new": value or ""}
        reply = line.send(call, names)
        if _refused(memory, thing, reply):
            thing.possible = before
            return
        memory.settle(thing, value)
        memory.count()


def _refused(memory: Memory, thing: Thing, reply: requests.Response) -> bool:
    """Whether nothing was done. What is there and is not found is a fault, and so is a failure of the server's."""
    if reply.status_code < 400:
        return False
    said = f"{reply.request.method} {reply.request.path_url}: {reply.status_code} {reply.text[:200]}"
    if reply.status_code >= 500:
        memory.fault(f"A failure: {said}")
    elif reply.status_code in (401, 404) and all(parent.lives and parent.is_certain for parent in thing.parents):
        memory.fault(f"What is there is not found: {said}")
    return True
