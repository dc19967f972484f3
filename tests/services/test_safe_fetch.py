"""Calls to other servers: which addresses, and how long (services/safe_fetch.py, services/remote.py)."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.outside import Outside, outside
from tests.support.silent import dripping, listening

from homeroom.services import remote as remote_module
from homeroom.services.remote import Remote
from homeroom.services.safe_fetch import Forbidden, Limits, SafeFetch, TimedOut, Unreachable, is_public

SHORT = Limits(connect=0.3, whole=0.6)


def here(limits: Limits = SHORT) -> SafeFetch:
    """One that may call this machine."""
    return SafeFetch("127.0.0.1", limits=limits)


def read(fetch: SafeFetch, url: str, limits: Limits | None = None) -> bytes:
    with fetch.call("GET", url, limits=limits) as answer:
        return answer.read()


@pytest.fixture
def server() -> Iterator[Outside]:
    with outside() as found:
        found.documents |= {"/doc": {"a": 1}, "/echo": lambda form, _headers: form}
        yield found


# --- which addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::1", False),
        ("2002:a00:1::", False),
        ("school.test", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "[::1]", "[::ffff:127.0.0.1]"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_attack_calling_this_machine(server: Outside, host: str, scheme: str) -> None:
    port = server.url.rpartition(":")[2]
    with pytest.raises(Unreachable):
        read(SafeFetch(limits=SHORT), f"{scheme}://{host}:{port}/doc")
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "doc",
        "//127.0.0.1/doc",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1:x/",
    ],
)
def test_what_is_no_web_address_is_not_called(url: str) -> None:
    with pytest.raises(Forbidden):
        read(here(), url)


def test_attack_a_name_that_leads_to_this_machine(server: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    port = server.url.rpartition(":")[2]
    with pytest.raises(Forbidden):
        read(SafeFetch(limits=SHORT), f"https://rebound.test:{port}/doc")
    with pytest.raises(Forbidden):
        # Without TLS only what the operator named is called, wherever it is.
        read(SafeFetch(limits=SHORT), "http://public.test/")
    assert server.asked == []


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names lead to these addresses, the last answer for ever; who was asked about."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if not str(host).endswith(".test"):
            return real(host, port, *args, **options)
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def test_attack_dns_that_changes_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def connect(address: Any, *_rest: Any) -> Any:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    asked = resolve_to(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    with pytest.raises(Unreachable):
        read(SafeFetch(limits=SHORT), "https://rebound.test/")
    # Asked once, and the checked address is the one that is called.
    assert (asked, called) == (["rebound.test"], [("93.184.215.14", 443)])
    with pytest.raises(Forbidden):
        read(SafeFetch(limits=SHORT), "https://rebound.test/")
    assert len(called) == 1


def test_of_several_addresses_only_allowed_ones_are_called(server: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["10.0.0.1", "127.0.0.1"])
    port = server.url.rpartition(":")[2]
    assert read(here(), f"http://both.test:{port}/doc") == b'{"a": 1}'


def test_redirects_are_not_followed(server: Outside) -> None:
    server.redirects["/moved"] = "/doc"
    with pytest.raises(Unreachable, match="redirects"):
        read(here(), f"{server.url}/moved")
    assert server.asked == ["/moved"]


# --- TLS ---------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> Path:
    """A certificate that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.9"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(("name", "genuine"), [("idp.test", True), ("other.test", False)])
def test_the_other_side_must_be_who_the_address_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, genuine: bool
) -> None:
    file = certificate(tmp_path, "idp.test")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(file)

    def answer(connection: socket.socket, _done: threading.Event) -> None:
        with serving.wrap_socket(connection, server_side=True) as line:
            line.recv(10_000)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    resolve_to(monkeypatch, ["127.0.0.1"])
    with listening(answer) as listener:
        url = f"https://{name}:{listener.port}/"
        with pytest.raises(Unreachable):
            # Nobody vouches for the certificate.
            read(here(Limits(2, 4)), url)
        trusting = SafeFetch("127.0.0.1", ssl.create_default_context(cafile=str(file)), Limits(2, 4))
        if genuine:
            assert read(trusting, url) == b"ok"
        else:
            with pytest.raises(Unreachable):
                read(trusting, url)


# --- how long ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "beginning",
    [None, b"", b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"],
    ids=["silent", "drips from the start", "drips headers", "drips its body"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_attack_a_server_that_never_ends(beginning: bytes | None, scheme: str) -> None:
    with listening() if beginning is None else listening(dripping(beginning)) as listener:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            read(here(), f"{scheme}://127.0.0.1:{listener.port}/")
        assert time.monotonic() - began < 2


def test_attack_a_name_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: release.wait(10))
    fetch = SafeFetch(limits=SHORT)
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        calls = [pool.submit(read, fetch, f"https://silent-{number}.test/") for number in range(10)]
        for call in calls:
            with pytest.raises(TimedOut):
                call.result()
    assert time.monotonic() - began < 3
    assert sum(thread.name == "resolve" for thread in threading.enumerate()) <= 4
    release.set()


def test_an_answer_has_a_largest_size(server: Outside) -> None:
    server.documents["/big"] = b"x" * 3_000
    assert len(read(here(), f"{server.url}/big", Limits(largest=3_000))) == 3_000
    with pytest.raises(Unreachable, match="too large"):
        read(here(), f"{server.url}/big", Limits(largest=2_999))


def test_an_answer_that_breaks_off_is_none(server: Outside) -> None:
    server.broken.add("/doc")
    with pytest.raises(Unreachable, match="broke off"):
        read(here(), f"{server.url}/doc")


# --- documents ---------------------------------------------------------------------------------------------------


def test_a_document_is_kept_for_a_while(server: Outside) -> None:
    remote = Remote(here())
    first = remote.document(f"{server.url}/doc")
    server.documents["/doc"] = {"a": 2}
    assert remote.document(f"{server.url}/doc") is first
    assert remote.document(f"{server.url}/doc", younger_than=0) == {"a": 2}
    assert server.asked == ["/doc", "/doc"]


def test_a_failure_is_remembered_for_a_short_time(server: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    remote, url = Remote(here()), f"{server.url}/late"
    for _ in range(3):
        with pytest.raises(Unreachable):
            remote.document(url)
    assert server.asked == ["/late"]
    server.documents["/late"] = {"a": 1}
    monkeypatch.setattr(remote_module, "FAILED", 0.0)
    assert remote.document(url) == {"a": 1}


def test_one_fetch_at_a_time_for_each_document() -> None:
    remote = Remote(here(Limits(1, 2)))
    with listening() as listener, ThreadPoolExecutor(12) as pool:
        began = time.monotonic()
        calls = [pool.submit(remote.document, f"{listener.url}/doc") for _ in range(12)]
        assert all(isinstance(call.exception(), Unreachable) for call in calls)
        assert listener.connections == 1
        assert time.monotonic() - began < 4
        with pytest.raises(Unreachable):
            remote.document(f"{listener.url}/doc")
        assert listener.connections == 1


def test_who_asks_while_it_is_fetched_gets_the_same_document(server: Outside) -> None:
    def slowly(_form: Any, _headers: Any) -> Any:
        time.sleep(0.2)
        return {"a": 1}

    server.documents["/slow"] = slowly
    remote = Remote(here(Limits(1, 2)))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(remote.document, [f"{server.url}/slow"] * 8))
    assert (found, server.asked) == ([{"a": 1}] * 8, ["/slow"])


def test_what_is_asked_is_asked_each_time(server: Outside) -> None:
    remote = Remote(here())
    for number in "12":
        assert remote.ask(f"{server.url}/echo", {"n": number}) == {"n": number}
    with pytest.raises(Unreachable):
        remote.ask(f"{server.url}/missing", {})
    # A refusal is not silence.
    assert remote.ask(f"{server.url}/echo", {"n": "3"}) == {"n": "3"}


def test_a_silent_server_is_asked_nothing_more_for_a_while() -> None:
    remote = Remote(here())
    with listening() as listener:
        for path in ("/token", "/token", "/userinfo"):
            with pytest.raises(Unreachable):
                remote.ask(listener.url + path, {})
        assert listener.connections == 1


def test_documents_are_forgotten_when_there_are_too_many(server: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "_MOST_KEPT", 2)
    remote = Remote(here())
    for query in ("1", "2", "3", "3", "1"):
        remote.document(f"{server.url}/doc?{query}")
    assert len(server.asked) == 4
