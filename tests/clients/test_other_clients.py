"""Other clients made for Canvas, unmodified: Python ones, a JavaScript one, two command line tools, a generated one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from commonconf.backends import use_configparser_backend
from restclients_core.dao import LiveDAO
from tests.support.live import LiveServer

from homeroom.school.rights.permissions import STUDENT

REQUIRED = "node" in os.environ.get("HOMEROOM_TEST_REQUIRE", "").split(",")
NODE_CLIENTS = Path(__file__).parent / "node"
BIN = Path(sys.executable).parent


def point_uw_restclients_at(live_server: LiveServer, folder: Path) -> None:
    """uw-restclients-canvas sends `next` back as an absolute-form request target."""
    file = folder / "uw.ini"
    file.write_text(
        "[uw]\n"
        "RESTCLIENTS_CANVAS_DAO_CLASS = Live\n"
        f"RESTCLIENTS_CANVAS_HOST = {live_server.url}\n"
        f"RESTCLIENTS_CANVAS_OAUTH_BEARER = {live_server.token('admin')}\n"
        "RESTCLIENTS_CANVAS_ACCOUNT_ID = 1\n"
    )
    use_configparser_backend(str(file), "uw")
    # The client keeps connections for the life of a process, under its own name and not under the host's.
    LiveDAO.pools.clear()


def test_uw_restclients_reads_people_and_follows_pages(live_server: LiveServer, tmp_path: Path) -> None:
    point_uw_restclients_at(live_server, tmp_path)
    from uw_canvas.courses import Courses
    from uw_canvas.enrollments import Enrollments
    from uw_canvas.users import Users

    student = Users().get_user_by_sis_id("sis-student")
    assert (student.user_id, student.name) == (live_server.id("student"), "Stella Student")
    course = Courses().get_course(str(live_server.id("biology")))
    assert course.name == "Biology"
    people = Users(per_page=2).get_users_for_course(str(course.course_id))
    assert {person.user_id for person in people} >= {live_server.id("student"), live_server.id("teacher")}
    enrolled = Enrollments(per_page=1).get_enrollments_for_course(str(course.course_id), {"type": [STUDENT]})
    assert {one.user_id for one in enrolled} == {live_server.id("student"), live_server.id("classmate")}


def test_kth_canvas_api_follows_pages(live_server: LiveServer) -> None:
    node = shutil.which("node")
    if node is None or not (NODE_CLIENTS / "node_modules" / "@kth").is_dir():
        if REQUIRED:
            pytest.fail("Node and the packages of tests/clients/node are required; `make node-clients` installs them.")
        pytest.skip("Node or the packages of tests/clients/node are not here.")
    env = {**os.environ, "CANVAS_URL": f"{live_server.url}/api/v1", "CANVAS_TOKEN": live_server.token("admin")}
    out = subprocess.run(
        [node, "list_users.js"], cwd=NODE_CLIENTS, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert out.returncode == 0, out.stderr
    said = json.loads(out.stdout.splitlines()[-1])  # the client greets first
    assert said["me"]["id"] == live_server.id("admin")
    expected = requests.get(
        f"{live_server.url}/api/v1/accounts/1/users?per_page=100",
        headers={"Authorization": f"Bearer {live_server.token('admin')}"},
        timeout=30,
    ).json()
    assert said["ids"] == [person["id"] for person in expected]
    assert said["refused"] == 404


def command_line(live_server: LiveServer, tmp_path: Path, *command: str) -> str:
    """Run a client's command with a home of its own; what it printed."""
    token = live_server.token("teacher")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CANVAS", "HOMEROOM"))},
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "CANVAS_SERVER": live_server.url,
        "CANVAS_TOKEN": token,
        "CANVAS_BASE_URL": live_server.url,
        "CANVAS_API_URL": live_server.url,
        "CANVAS_API_TOKEN": token,
        "CANVAS_API_KEY": token,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "NO_COLOR": "1",
    }
    out = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert out.returncode == 0, out.stdout + out.stderr
    return out.stdout + out.stderr


def test_canvaslms_lists_the_courses_of_a_teacher(live_server: LiveServer, tmp_path: Path) -> None:
    assert "Biology" in command_line(live_server, tmp_path, "canvaslms", "courses", "--all")


def test_dauber_finds_the_server(live_server: LiveServer, tmp_path: Path) -> None:
    assert "Tina Teacher" in command_line(live_server, tmp_path, "dauber", "--test")


@pytest.mark.spec("basics.md#3")
def test_canvas_lms_api_loops_until_current_is_last(live_server: LiveServer) -> None:
    from canvas_lms_api import Canvas

    teacher = Canvas(live_server.url, live_server.token("teacher"), str(live_server.id("biology")))
    assert teacher.GetProfile()["name"] == "Tina Teacher"
    assert [course["name"] for course in teacher.GetCourses()] == ["Biology"]
    people = teacher.GetCourseUsers(include_email=True)
    assert {"student@school.test", "ta@school.test"} <= {person["email"] for person in people}
    students = teacher.GetCourseEnrollments(students_only=True)
    assert {one["user_id"] for one in students} == {live_server.id("student"), live_server.id("classmate")}


def test_canvas_parent_api_shows_a_parents_students_and_their_courses(live_server: LiveServer) -> None:
    from canvas_parent_api import Canvas

    async def ask() -> tuple[list[Any], list[Any]]:
        parent = Canvas(live_server.url, live_server.token("observer"))
        return await parent.observees(), await parent.courses(live_server.id("student"))

    students, courses = asyncio.run(ask())
    assert [student.name for student in students] == ["Stella Student"]
    assert [course.name for course in courses] == ["Biology"]


def test_a_generated_client_reads(live_server: LiveServer, tmp_path: Path) -> None:
    """openapi-python-client's output of Homeroom's own document: every model, and calls that read.

    Its modules for bodies of two media types use a name that they do not import, whatever the document says.
    """
    document = tmp_path / "openapi.json"
    document.write_bytes(requests.get(f"{live_server.url}/api/docs/openapi.json", timeout=30).content)
    made = tmp_path / "made_client"
    generate = ["generate", "--path", str(document), "--output-path", str(made), "--meta", "none"]
    subprocess.run([str(BIN / "openapi-python-client"), *generate], check=True, capture_output=True, timeout=90)
    script = tmp_path / "ask.py"
    script.write_text(
        "import sys\n"
        "import made_client.models\n"
        "from made_client import AuthenticatedClient\n"
        "from made_client.api.courses import list_courses\n"
        "from made_client.api.users import show_user\n"
        "client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])\n"
        "print(show_user.sync('self', client=client).name)\n"
        "print([course.name for course in list_courses.sync(client=client)])\n"
    )
    call = [sys.executable, str(script), live_server.url, live_server.token("teacher")]
    out = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)
    assert out.stdout.splitlines() == ["Tina Teacher", "['Biology']"], out.stderr
