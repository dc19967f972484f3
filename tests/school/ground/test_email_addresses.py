"""Addresses: which texts become a communication channel (users-core.md §4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeroom.school.ground.email_addresses import address_key, is_email, is_phone

pytestmark = pytest.mark.spec("users-core.md#4")


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com",
        "Mary.Smith+canvas@Sub.Example.co.uk",
        "o'brien@example.org",
        "x_y-z@example.museum",
        "1@2.example",
        "user@xn--bcher-kva.example",
        "a" * 64 + "@example.com",
        "a@" + "b" * 63 + ".com",
    ],
)
def test_an_email_address(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@example.com",
        "a@",
        "a@localhost",
        "a@b@example.com",
        "a b@example.com",
        "a@exam ple.com",
        " a@example.com",
        "a@example.com\n",
        "a@example.com\r\nBcc: b@example.com",
        "a\0@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@.com",
        "a@example..com",
        "a@example.com.",
        "a@-example.com",
        "a@example-.com",
        "a@127.0.0.1",
        "a@[127.0.0.1]",
        '"a b"@example.com',
        "Ann <a@example.com>",
        "a@example.com, b@example.com",
        "ä@example.com",
        "a@exämple.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + "bbb." * 63 + "com",
    ],
)
def test_what_is_no_email_address(text: str) -> None:
    assert not is_email(text)


def test_the_longest_address_has_255_characters() -> None:
    domain = "@" + "b" * 62 + "." + "c" * 62 + "." + "d" * 59 + ".com"
    address = "a" * 64 + domain
    assert len(address) == 254
    assert is_email(address)
    assert is_email("a" * 64 + domain.replace("d", "dd", 1))
    assert not is_email("a" * 64 + domain.replace("d", "ddd", 1))


@given(st.from_regex(r"[a-zA-Z0-9.@ \n-]*"))
def test_an_address_never_breaks_a_mail_header(text: str) -> None:
    if is_email(text):
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text
        assert text.count("@") == 1


def test_a_long_hostile_text_is_answered_at_once() -> None:
    assert not is_email("a" * 1_000_000)
    assert not is_email("a." * 127)
    assert not is_email("a@" + "a-" * 126)


@pytest.mark.parametrize("text", ["+15551234567", "5551234", "(555) 123-4567", "+44 20.7946 0958", "1" * 15])
def test_a_phone_number(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "123456",
        "1" * 16,
        "555-CALL",
        "++15551234567",
        "5551234567\n",
        "٥٥٥١٢٣٤٥٦٧",
        "555123²567",
        "1234567" + " " * 300,
    ],
)
def test_what_is_no_phone_number(text: str) -> None:
    assert not is_phone(text)


def test_addresses_are_compared_without_case() -> None:
    assert address_key("Mary@Example.COM") == address_key("mary@example.com")
