"""Which URLs are kept and redirected to."""

from __future__ import annotations

import pytest

from homeroom.school.ground.urls import is_redirect_uri, is_web_url


@pytest.mark.parametrize(
    ("text", "web", "redirect"),
    [
        ("https://app.example/cb", True, True),
        ("http://localhost:3000/cb?x=1", True, True),
        ("http://[::1]:80/", True, True),
        ("com.example.app:/oauth", False, True),
        ("canvas-app://oauth", False, True),
        ("urn:ietf:wg:oauth:2.0:oob", False, True),
        ("urn:other", False, False),
        ("", False, False),
        ("app.example", False, False),
        ("//app.example", False, False),
        ("https://", False, False),
        ("https:///path", False, False),
        ("https://user@app.example/", False, False),
        ("https://app.example\\@evil.example/", False, False),
        ("https://app.example/#x", False, False),
        ("https://app.example/ x", False, False),
        ("https://app.example/\r\nSet-Cookie: a=b", False, False),
        ("https://app.example:port/", False, False),
        ("https://äpp.example/", False, False),
        ("https://app.example/" + "x" * 2048, False, False),
        ("javascript:alert(1)", False, False),
        ("JavaScript:alert(1)", False, False),
        ("data:text/html,x", False, False),
        ("custom://user@host/", False, False),
    ],
)
def test_a_url_is_taken_only_when_no_browser_could_read_it_otherwise(text: str, web: bool, redirect: bool) -> None:
    assert (is_web_url(text), is_redirect_uri(text)) == (web, redirect)
