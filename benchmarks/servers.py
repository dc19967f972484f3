"""The servers of a run: Homeroom, the limit and the peers, each with one worker, and what each is asked for."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load import PYTHON, Target, free_port, serving
from benchmarks.people import TOKEN, make_school
from benchmarks.recording import record
from homeroom.db import Database
from homeroom.school.people.users.queries import Person
from homeroom.settings import Settings

HERE = Path(__file__).parent
NODE = HERE / "node" / "node_modules" / ".bin"
PEOPLE = 2_000
NAME = "Renamed By Benchmark"
SELF = "/api/v1/users/self"
LIST = "/api/v1/accounts/1/users?per_page=100"
PUT = "/api/v1/users/2"
COURSES = "/api/v1/users/self/courses?per_page=100"
ENROLLMENTS = "/api/v1/users/self/enrollments?per_page=100"
SMALL_KEY = "/api/v1/users/self/custom_data/wanted?ns=small"
LARGE_KEY = "/api/v1/users/self/custom_data/wanted?ns=large"
REPLAYED = {"courses": COURSES, "enrollments": ENROLLMENTS, "small key": SMALL_KEY, "large key": LARGE_KEY}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
_FORM = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Field:
    """Everything that runs: (work, server) -> what to load, and the process that is Homeroom."""

    targets: dict[tuple[str, str], Target] = field(default_factory=dict)
    homeroom_pid: int = 0


@contextmanager
def all_serving(folder: Path, *, with_node: bool) -> Iterator[Field]:
    """Start everything over one school, and stop it when the block ends."""
    settings = Settings(data=folder / "homeroom", throttle="off", max_body=4_000_000)
    database = Database(settings.url)
    make_school(database, PEOPLE)
    database.close()
    running = Field()
    script = folder / "put.lua"
    script.write_text(f'wrk.method = "PUT"\nwrk.body = "user[name]={NAME.replace(" ", "+")}"\n')
    with ExitStack() as stack:
        base = stack.enter_context(_homeroom(settings, running))
        _add_what_is_measured(base)
        _aim(running, "Homeroom", base, script)
        _aim(running, "limit", stack.enter_context(_limit(folder, settings)), script)
        fastapi = stack.enter_context(_fastapi(settings))
        running.targets["show", "FastAPI + ORM"] = Target(fastapi + SELF, HEADERS)
        running.targets["list", "FastAPI + ORM"] = Target(fastapi + LIST, HEADERS)
        if with_node and NODE.is_dir():
            answer = _get(base + SELF)
            running.targets["show", "json-server"] = Target(stack.enter_context(_json_server(folder, answer)) + "/self")
            running.targets["show", "prism"] = Target(stack.enter_context(_prism(folder, answer)) + "/self")
        yield running


def _aim(running: Field, name: str, base: str, script: Path) -> None:
    paths = {"show": SELF, "list": LIST, **REPLAYED}
    running.targets |= {(work, name): Target(base + path, HEADERS) for work, path in paths.items()}
    running.targets["put", name] = Target(base + PUT, _FORM, str(script))


@contextmanager
def _homeroom(settings: Settings, running: Field) -> Iterator[str]:
    port = free_port()
    command = [PYTHON, "-m", "homeroom", "serve", "--port", str(port)]
    env = {"HOMEROOM_DATA": str(settings.data), "HOMEROOM_THROTTLE": "off", "HOMEROOM_MAX_BODY": "4000000"}
    with serving(command, f"http://127.0.0.1:{port}{SELF}", env) as process:
        running.homeroom_pid = process.pid
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _limit(folder: Path, settings: Settings) -> Iterator[str]:
    port = free_port()
    plan = folder / "plan.json"
    plan.write_text(json.dumps(_plan(settings)))
    command = [PYTHON, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "1"]
    command += ["--no-ws", "--port", str(port), "benchmarks.limit:app"]
    with serving(command, f"http://127.0.0.1:{port}/none", {"BENCHMARK_PLAN": str(plan)}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _fastapi(settings: Settings) -> Iterator[str]:
    port = free_port()
    command = [PYTHON, "-m", "uvicorn", "--port", str(port), "--log-level", "error", "benchmarks.peer_fastapi:app"]
    with serving(command, f"http://127.0.0.1:{port}{SELF}", {"BENCHMARK_DATABASE": settings.url}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _json_server(folder: Path, answer: Any) -> Iterator[str]:
    port = free_port()
    (folder / "db.json").write_text(json.dumps({"self": answer}))
    command = [_node(), str(NODE / "json-server"), "--quiet", "--port", str(port), str(folder / "db.json")]
    with serving(command, f"http://127.0.0.1:{port}/self"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _prism(folder: Path, answer: Any) -> Iterator[str]:
    port = free_port()
    content = {"application/json": {"schema": {"type": "object"}, "example": answer}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "self", "version": "1"},
        "paths": {"/self": {"get": {"responses": {"200": {"description": "a user", "content": content}}}}},
    }
    (folder / "openapi.json").write_text(json.dumps(document))
    command = [_node(), str(NODE / "prism"), "mock", "--port", str(port), "--verboseLevel", "fatal"]
    with serving([*command, str(folder / "openapi.json")], f"http://127.0.0.1:{port}/self"):
        yield f"http://127.0.0.1:{port}"


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise SystemExit("json-server and prism need node; --no-node leaves them out.")
    return node


def _add_what_is_measured(base: str) -> None:
    """Five courses for the caller, and custom data: one small document and one of 1 MB."""
    for number in range(5):
        _post(base, "/api/v1/accounts/1/courses", {"course": {"name": f"Course {number}"}, "enroll_me": True})
    _post(base, "/api/v1/users/self/custom_data", {"ns": "small", "data": {"wanted": "x"}}, "PUT")
    large: dict[str, Any] = {f"key{i}": "x" * 90 for i in range(10_000)}
    _post(base, "/api/v1/users/self/custom_data", {"ns": "large", "data": {"wanted": "x", **large}}, "PUT")


def _plan(settings: Settings) -> dict[str, Any]:
    """What the limit runs: Homeroom's own statements for each request, and for some the answer too."""
    form = f"user[name]={NAME.replace(' ', '+')}".encode()
    return {
        "file": settings.url.removeprefix("sqlite:///"),
        "name": NAME,
        "columns": Person._fields,
        "show": record(settings, "GET", SELF, TOKEN).statements,
        "list": record(settings, "GET", LIST, TOKEN).statements,
        "put": record(settings, "PUT", PUT, TOKEN, form).statements,
        "replayed": {
            path: {"statements": recorded.statements, "answer": json.loads(recorded.answer)}
            for path in REPLAYED.values()
            for recorded in (record(settings, "GET", path, TOKEN),)
        },
    }


def _get(url: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS), timeout=30) as reply:
        return json.load(reply)


def _post(base: str, path: str, body: Any, method: str = "POST") -> None:
    headers = {**HEADERS, "Content-Type": "application/json"}
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=60):
        pass
