"""Pictures that answers refer to exist (homeroom.md §4)."""

from __future__ import annotations

import struct

import pytest
from tests.conftest import School

PICTURES = ("/images/dotted_pic.png", "/images/messages/avatar-50.png")


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.parametrize("who", ["anonymous", "student"])
@pytest.mark.parametrize("url", PICTURES)
def test_the_pictures_of_people_without_one_are_there_for_everybody(school: School, who: str, url: str) -> None:
    reply = school.as_(who).get(url)
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
    assert reply.body.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", reply.body[16:24]) == (50, 50)


def test_a_client_that_has_a_picture_is_not_sent_it_again(school: School) -> None:
    client = school.as_("anonymous")
    first = client.get(PICTURES[0])
    assert first.headers["cache-control"] == "public, max-age=86400"
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = client.get(PICTURES[0], headers={"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-length" not in again.headers
    assert client.get(PICTURES[0], headers={"If-None-Match": '"other"'}).status == 200


def test_a_picture_answers_head(school: School) -> None:
    reply = school.as_("anonymous").call("HEAD", PICTURES[0])
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["content-length"]) > 100


@pytest.mark.parametrize(
    "url",
    [
        "/images/nothing.png",
        "/images/messages",
        "/images/",
        "/images",
        "/images/../static_files.py",
        "/images/..%2fstatic_files.py",
        "/images/messages/../dotted_pic.png",
        "/images/%2e%2e/%2e%2e/face.py",
        "/images//etc/passwd",
        "/images/%2fetc%2fpasswd",
        "/images/..%5cface.py",
        "/nowhere",
    ],
)
def test_no_path_leads_out_of_the_pictures(school: School, url: str) -> None:
    reply = school.as_("anonymous").get(url)
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page" in reply.text


def test_a_page_says_which_methods_it_has(school: School) -> None:
    reply = school.as_("anonymous").post(PICTURES[0])
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


def test_a_token_means_nothing_outside_the_api(school: School) -> None:
    assert school.with_token("nonsense").get(PICTURES[0]).status == 200
    assert school.as_("anonymous").get(PICTURES[0] + "?access_token=nonsense").status == 200
