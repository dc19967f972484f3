"""README and docs/testing.md are what a newcomer pastes: every block of theirs is run, over a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.live import LiveServer, environment, serving
from tests.support.person import Person

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    return [text for kind, text in _BLOCK.findall((ROOT / page).read_text("utf-8")) if kind == language]


def block(page: str, language: str, has: str) -> str:
    """The one block that has these words."""
    (found,) = [text for text in blocks(page, language) if has in text]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[LiveServer]:
    """What ``make run`` starts, in the folder where its reader stands."""
    with serving(folder / "homeroom-data", "--demo") as server:
        yield server


def shell(demo: LiveServer, script: str) -> subprocess.Popen[str]:
    told = script.replace("http://127.0.0.1:8000", demo.url)
    return subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", told], cwd=demo.data.parent, env=environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_command_of_the_demo_school(demo: LiveServer) -> None:
    printed = {line.strip().replace(demo.url, "http://127.0.0.1:8000") for line in demo.output}
    pasted = block("README.md", "sh", "total_students")
    assert " ".join(pasted.replace("\\\n", " ").split()) in {" ".join(line.split()) for line in printed}
    out, said = shell(demo, pasted.replace("curl", "curl -sS")).communicate(timeout=30)
    courses = json.loads(out)
    assert courses, said
    assert all(course["total_students"] > 0 for course in courses)


def test_canvasapi(demo: LiveServer) -> None:
    code = block("README.md", "python", "get_account").replace("http://127.0.0.1:8000", demo.url)
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=demo.data.parent, env=environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    assert out.stdout.strip() == "['Grace Hopper']"


def test_the_oauth_round_trip(demo: LiveServer) -> None:
    bash = shell(demo, block("README.md", "sh", "response_type=code"))
    assert bash.stdout is not None and bash.stdin is not None
    address = ""
    for line in bash.stdout:
        if found := re.search(r"Open (\S+)", line):
            address = found[1]
            break
    stella = Person("stella@demo.homeroom.example", "homeroom-demo")
    code = re.search(r"code=([^&]+)", stella.allow(address))
    assert code is not None
    out, said = bash.communicate(f"{code[1]}\n", timeout=30)
    token = json.loads(out)
    assert bash.returncode == 0, said
    assert (token["token_type"], token["user"]["name"]) == ("Bearer", "Stella Marchetti")


def test_the_clock(demo: LiveServer) -> None:
    out, said = shell(demo, block("README.md", "sh", "homeroom/v1/clock").replace("curl", "curl -sS")).communicate()
    assert json.loads(out)["now"] == "2027-01-31T10:00:00Z", said


def test_the_fixture_for_other_peoples_tests(tmp_path: Path) -> None:
    for name in ("conftest.py", "test_app.py"):
        (tmp_path / name).write_text(block("docs/testing.md", "python", f"# {name}"))
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-p", "no:cacheprovider", "-q", "."]
    out = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert out.returncode == 0, out.stdout + out.stderr
    assert "1 passed" in out.stdout
