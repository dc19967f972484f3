"""canvasapi, unmodified and over a socket, with what a person looks like and prefers."""

from __future__ import annotations

import urllib.request

import pytest
from canvasapi import Canvas
from canvasapi.current_user import CurrentUser
from canvasapi.exceptions import BadRequest, Forbidden, ResourceDoesNotExist
from tests.support.live import LiveServer


def me(live_server: LiveServer, who: str = "student") -> CurrentUser:
    return Canvas(live_server.url, live_server.token(who)).get_current_user()


def download(url: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.headers["content-type"], answer.read()


@pytest.mark.spec("users-core.md#11")
def test_a_profile_and_what_it_leads_to(live_server: LiveServer) -> None:
    profile = me(live_server).get_profile(include=["links", "user_services", "uuid"])
    assert profile["primary_email"] == profile["login_id"] == "student@school.test"
    assert (profile["links"], profile["user_services"], len(profile["uuid"])) == ([], [], 40)
    assert profile["calendar"]["ics"].startswith(live_server.url)
    kind, calendar = download(profile["calendar"]["ics"])
    assert (kind, calendar[:17]) == ("text/calendar; charset=utf-8", b"BEGIN:VCALENDAR\r\n")
    assert download(profile["avatar_url"])[0] == "image/png"


def test_a_profile_that_is_nobodys_business(live_server: LiveServer) -> None:
    student = live_server.id("student")
    with pytest.raises(Forbidden):
        me(live_server, "classmate")._requester.request("GET", f"users/{student}/profile")
    with pytest.raises(ResourceDoesNotExist):
        me(live_server, "classmate")._requester.request("GET", "users/999999/profile")


@pytest.mark.spec("users-core.md#12")
def test_avatars_are_one_page(live_server: LiveServer) -> None:
    gravatar, no_pic = me(live_server).get_avatars()
    assert (gravatar.type, no_pic.type) == ("gravatar", "no_pic")
    assert gravatar.token != no_pic.token
    assert download(no_pic.url)[0] == "image/png"
    admin = Canvas(live_server.url, live_server.token("admin"))
    same = admin.get_user(live_server.id("student")).get_avatars()
    assert [avatar.token for avatar in same] == [gravatar.token, no_pic.token]


@pytest.mark.spec("users-core.md#8")
def test_colors(live_server: LiveServer) -> None:
    student, course = me(live_server), f"course_{live_server.id('biology')}"
    assert student.update_color(course, "#abc123") == {"hexcode": "#abc123"}
    assert student.get_color(course) == {"hexcode": "#abc123"}
    assert student.get_colors() == {"custom_colors": {course: "#abc123"}}
    with pytest.raises(BadRequest, match="Invalid Hexcode Provided"):
        student.update_color(course, "blue")
    with pytest.raises(ResourceDoesNotExist):
        student.get_color("course_999999")


@pytest.mark.spec("users-core.md#7")
def test_settings(live_server: LiveServer) -> None:
    student = me(live_server)
    settings = student.update_settings(manual_mark_as_read=True, collapse_global_nav=False)
    assert [name for name, on in settings.items() if on] == ["manual_mark_as_read"]
    assert len(settings) == 10


@pytest.mark.spec("users-core.md#9")
def test_dashboard_positions(live_server: LiveServer) -> None:
    """canvasapi has no method for these, and sends nested parameters its own way."""
    student, course = me(live_server), f"course_{live_server.id('biology')}"
    url = f"users/{student.id}/dashboard_positions"
    reply = student._requester.request("PUT", url, _kwargs=[(f"dashboard_positions[{course}]", 3)])
    assert reply.json() == {"dashboard_positions": {course: "3"}}
    with pytest.raises(Forbidden):
        student._requester.request(
            "PUT", url, _kwargs=[(f"dashboard_positions[course_{live_server.id('history')}]", 1)]
        )


@pytest.mark.spec("homeroom.md#3")
def test_bookmarks(live_server: LiveServer) -> None:
    student = me(live_server)
    made = [student.create_bookmark(f"Page {number}", f"/courses/{number}") for number in range(3)]
    assert [bookmark.name for bookmark in student.get_bookmarks()] == ["Page 0", "Page 1", "Page 2"]
    made[0].edit(name="First page", position=3)
    assert [bookmark.name for bookmark in student.get_bookmarks()] == ["Page 1", "Page 2", "First page"]
    assert student.get_bookmark(made[0].id).url == "/courses/0"
    made[1].delete()
    assert [bookmark.name for bookmark in student.get_bookmarks()] == ["Page 2", "First page"]
    with pytest.raises(ResourceDoesNotExist):
        student.get_bookmark(made[1].id)
    with pytest.raises(BadRequest, match="blank"):
        student.create_bookmark("", "/")
