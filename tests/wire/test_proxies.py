"""Who really calls, where proxies of ours stand between."""

from __future__ import annotations

import pytest
from tests.conftest import School
from tests.support.browser import Browser, sign_in

from homeroom.school.sign_in import lockout
from homeroom.settings import BadSetting, Settings, load_settings
from homeroom.wire.http.request import Request

OURS = "127.0.0.1, 10.0.0.0/8, fd00::/8"


def request(trusted: str, peer: str, **headers: str) -> Request:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": "GET", "path": "/", "query_string": b"", "scheme": "http", "client": (peer, 1), "headers": sent}
    made = Request(scope, Settings(trusted_proxies=trusted))
    made.check()
    return made


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.9, 10.1.2.3", "198.51.100.9"),
        ("127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),
        ("127.0.0.1", "198.51.100.9, nonsense", "127.0.0.1"),
        ("127.0.0.1", "nonsense, 10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("fd00::1", "::ffff:198.51.100.9", "198.51.100.9"),
        ("unix:", "198.51.100.9", "unix:"),
    ],
)
def test_a_proxy_of_ours_says_who_calls_and_nobody_else_does(peer: str, forwarded: str, caller: str) -> None:
    assert request(OURS, peer, x_forwarded_for=forwarded).remote_ip == caller


def test_without_proxies_nobody_is_believed() -> None:
    made = request("", "127.0.0.1", x_forwarded_for="198.51.100.9", x_forwarded_proto="https", host="school.test")
    assert (made.remote_ip, made.base_url) == ("127.0.0.1", "http://school.test")


@pytest.mark.parametrize(("peer", "scheme"), [("10.0.0.1", "https"), ("192.0.2.1", "http")])
def test_a_proxy_of_ours_says_the_scheme(peer: str, scheme: str) -> None:
    made = request(OURS, peer, x_forwarded_proto="https", host="school.test")
    assert made.base_url == f"{scheme}://school.test"


def test_brute_force_behind_a_proxy_is_counted_by_caller(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "TRIES_PER_ADDRESS", 2)
    behind = school.with_settings(trusted_proxies="127.0.0.1")

    def from_(address: str, login: str, password: str = "correct horse") -> int:
        browser = Browser(behind)
        browser.headers["x-forwarded-for"] = address
        return sign_in(browser, login, password).status

    assert [from_("198.51.100.9", f"x{number}@y.test", "wrong") for number in range(3)] == [400, 400, 429]
    assert from_("198.51.100.10", "student") == 302


@pytest.mark.parametrize("networks", ["localhost", "10.0.0.0/33", "10.0.0.1 10.0.0.2", "*"])
def test_proxies_that_are_no_networks_are_refused_at_the_start(networks: str) -> None:
    with pytest.raises(BadSetting, match="HOMEROOM_TRUSTED_PROXIES"):
        load_settings({"HOMEROOM_TRUSTED_PROXIES": networks})
