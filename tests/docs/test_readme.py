"""README and docs/testing.md are what a newcomer pastes: every block of theirs is run, over a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
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


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest) -> str:
    """What people paste into; no file of theirs is read."""
    name = str(request.param)
    if shutil.which(name) is None:
        if name in os.environ.get("HOMEROOM_TEST_REQUIRE", "").split(","):
            pytest.fail(f"{name} is required and not installed.")
        pytest.skip(f"There is no {name} here.")
    return name


def paste(demo: LiveServer, shell: str, script: str) -> subprocess.CompletedProcess[str]:
    """The block piped into the shell, which reads it line by line as it would from a terminal."""
    process = opened(demo, shell)
    out, said = process.communicate(script.replace("http://127.0.0.1:8000", demo.url), timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, said)


def opened(demo: LiveServer, shell: str) -> subprocess.Popen[str]:
    options = ["-euo", "pipefail"] if shell == "bash" else ["-f", "-e", "-u", "-o", "pipefail"]
    return subprocess.Popen(
        [shell, *options, "-s"], cwd=demo.data.parent, env=environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_no_block_has_what_a_shell_at_a_terminal_does_not_take() -> None:
    """zsh takes `#` for a word, and `read -p` for a coprocess; what is read would be the next line of the paste."""
    for page in ("README.md", "docs/testing.md", "docs/operations.md", "docs/oauth2.md", "CONTRIBUTING.md"):
        for text in blocks(page, "sh"):
            if page != "CONTRIBUTING.md":
                assert not re.search(r"(^|\s)#", text), text
            assert not re.search(r"^\s*read\b", text, re.MULTILINE), text


def test_a_command_of_the_demo_school(demo: LiveServer, shell: str) -> None:
    printed = {line.strip().replace(demo.url, "http://127.0.0.1:8000") for line in demo.output}
    pasted = block("README.md", "sh", "total_students")
    assert " ".join(pasted.replace("\\\n", " ").split()) in {" ".join(line.split()) for line in printed}
    out = paste(demo, shell, pasted.replace("curl", "curl -sS"))
    courses = json.loads(out.stdout)
    assert courses, out.stderr
    assert all(course["total_students"] > 0 for course in courses)


def test_canvasapi_twice(demo: LiveServer) -> None:
    code = block("README.md", "python", "get_account").replace("http://127.0.0.1:8000", demo.url)
    for _ in range(2):
        out = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], cwd=demo.data.parent, env=environment(),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert out.returncode == 0, out.stderr
        assert out.stdout.strip() == "['Grace Hopper']"


@pytest.mark.parametrize("page", ["README.md", "docs/oauth2.md"])
def test_the_oauth_round_trip(demo: LiveServer, shell: str, page: str) -> None:
    first, second = block(page, "sh", "response_type=code"), block(page, "sh", "grant_type=authorization")
    with opened(demo, shell) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(first.replace("http://127.0.0.1:8000", demo.url))
        process.stdin.flush()
        address = next(found[1] for line in process.stdout if (found := re.search(r"Open (\S+)", line)))
        code = re.search(r"code=([^&]+)", Person("stella@demo.homeroom.example", "homeroom-demo").allow(address))
        assert code is not None
        out, said = process.communicate(second.replace("the-code", code[1]), timeout=30)
    token = json.loads(out)
    assert process.returncode == 0, said
    assert (token["token_type"], token["user"]["name"]) == ("Bearer", "Stella Marchetti")


def test_the_clock_and_the_way_back(demo: LiveServer, shell: str) -> None:
    there, back = (text for text in blocks("README.md", "sh") if "homeroom/v1/clock" in text)
    for _ in range(2):
        moved = paste(demo, shell, there.replace("curl", "curl -sS"))
        assert json.loads(moved.stdout) == {"now": "2027-01-31T10:00:00Z", "frozen": True}, moved.stderr
    returned = paste(demo, shell, back.replace("curl", "curl -sS"))
    assert json.loads(returned.stdout)["frozen"] is False, returned.stderr
    assert json.loads(returned.stdout)["now"] != "2027-01-31T10:00:00Z"


def test_each_start_says_that_the_clock_is_moved_and_how_to_return(tmp_path: Path) -> None:
    with serving(tmp_path, settings={"HOMEROOM_DEV": "1"}) as server:
        assert "clock" not in "\n".join(line for line in server.output if "Development" not in line)
        assert paste_clock(server).status_code == 200
    for _ in range(2):
        with serving(tmp_path, settings={"HOMEROOM_DEV": "1"}) as server:
            said = "\n".join(server.output)
            assert "Homeroom's clock stands still at 2027-01-31 10:00 UTC" in said
    with serving(tmp_path, settings={"HOMEROOM_DEV": "1"}) as server:
        (command,) = [line for line in server.output if "curl -X DELETE" in line]
        subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    with serving(tmp_path, settings={"HOMEROOM_DEV": "1"}) as server:
        assert "stands still" not in "\n".join(server.output)


def paste_clock(server: LiveServer) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.first_token}"}
    body = {"now": "2027-01-31T10:00:00Z", "frozen": True}
    return requests.put(f"{server.url}/homeroom/v1/clock", json=body, headers=headers, timeout=10)


def test_the_fixture_for_other_peoples_tests(tmp_path: Path) -> None:
    for name in ("conftest.py", "test_app.py"):
        (tmp_path / name).write_text(block("docs/testing.md", "python", f"# {name}"))
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-p", "no:cacheprovider", "-q", "."]
    out = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert out.returncode == 0, out.stdout + out.stderr
    assert "1 passed" in out.stdout
