"""Passwords: docs/architecture.md for the hash, identity.md §6 and users-core.md §4 for the policy."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from homeroom.school.people import passwords
from homeroom.school.people.passwords import (
    DUMMY_HASH,
    Problem,
    hash_password,
    message_of,
    needs_rehash,
    problem_with,
    verify_against_nothing,
    verify_password,
)


def test_a_password_opens_its_own_hash_only() -> None:
    stored = hash_password("correct horse")
    assert verify_password(stored, "correct horse")
    assert not verify_password(stored, "correct horse ")
    assert not verify_password(stored, "")
    assert "correct" not in stored
    assert hash_password("correct horse") != stored


def test_the_hash_costs_what_the_design_says() -> None:
    for stored in (hash_password("anything"), DUMMY_HASH):
        cost = extract_parameters(stored)
        assert (cost.type, cost.memory_cost, cost.time_cost, cost.parallelism) == (Type.ID, 19456, 2, 1)
        assert (cost.hash_len, cost.salt_len) == (32, 16)
        assert not needs_rehash(stored)


def test_a_cheaper_hash_wants_to_be_made_again() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("correct horse")
    assert verify_password(old, "correct horse")
    assert needs_rehash(old)


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$broken", "$2b$12$abcdefghijklmnopqrstuv", "é"])
def test_what_is_no_hash_opens_to_nobody(stored: str) -> None:
    assert not verify_password(stored, stored)


def test_nobody_gets_in_where_there_is_no_login() -> None:
    assert verify_against_nothing("correct horse") is False
    assert verify_against_nothing("") is False


def test_one_word_typed_on_two_keyboards_is_one_password() -> None:
    assert verify_password(hash_password("cafe\u0301 noir"), "caf\u00e9 noir")


@pytest.mark.parametrize("odd", ["nul\0inside", "\ud800", "🐎" * 60, "x" * 10_000])
def test_odd_texts_are_passwords_like_any_other(odd: str) -> None:
    stored = hash_password(odd)
    assert verify_password(stored, odd)
    assert not verify_password(stored, odd[:-1])


def test_at_most_two_hashes_run_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowHasher()
    monkeypatch.setattr(passwords, "_hasher", slow)
    with ThreadPoolExecutor(8) as pool:
        for call in range(8):
            pool.submit(hash_password, "x") if call % 2 else pool.submit(verify_password, "x", "x")
    assert (slow.calls, slow.most_at_once) == (8, 2)


class SlowHasher:
    """Counts how many callers are inside at once."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.calls = self.inside = self.most_at_once = 0

    def hash(self, text: bytes) -> str:
        with self.lock:
            self.calls += 1
            self.inside += 1
            self.most_at_once = max(self.most_at_once, self.inside)
        time.sleep(0.02)
        with self.lock:
            self.inside -= 1
        return "hash"

    def verify(self, stored: str, text: bytes) -> bool:
        return bool(self.hash(text))


@pytest.mark.spec("identity.md#6")
@pytest.mark.parametrize(
    ("password", "min_length", "problem"),
    [
        ("21346578", 8, None),
        ("1234567", 8, "too_short"),
        ("éééééééé", 8, None),
        ("123456789", 10, "too_short"),
        ("a" * 255, 8, None),
        ("a" * 256, 8, "too_long"),
        ("", 8, "blank"),
        ("          ", 8, "blank"),
        (" pass word ", 8, None),
        ("MSmith@Example.com", 8, "same_as_login"),
        ("m.smith@example.com", 8, None),
        ("12345678", 8, "too_common"),
        ("Password1", 8, "too_common"),
        (" iloveyou ", 8, "too_common"),
        ("purple horses sing", 8, None),
    ],
)
def test_what_a_password_must_be_like(password: str, min_length: int, problem: Problem | None) -> None:
    assert problem_with(password, "msmith@example.com", min_length) == problem


def test_the_name_before_the_at_sign_is_no_password() -> None:
    assert problem_with("Mary.Smith", "mary.smith@example.com") == "same_as_login"
    assert problem_with("example.com", "mary.smith@example.com") is None


def test_the_list_of_common_passwords_is_long_and_holds_what_can_be_chosen_only() -> None:
    common = passwords._common_passwords() - {""}
    assert len(common) > 10_000
    assert all(len(word) >= 8 and word == word.casefold().strip() for word in common)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("blank", "can't be blank"),
        ("too_short", "is too short (minimum is 12 characters)"),
        ("too_long", "is too long (maximum is 255 characters)"),
        ("same_as_login", "can't be the same as the login"),
        ("too_common", "is one that many people use, and so is easily guessed"),
    ],
)
def test_every_problem_has_a_sentence(problem: Problem, message: str) -> None:
    assert message_of(problem, 12) == message
