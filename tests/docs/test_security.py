"""docs/security.md: every line of the standard is there once, and the tests that it names exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
LINE = re.compile(r"^\| ([\d.]+) \| (.+?) \| (.+) \|$", re.M)
# How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip


def test_every_requirement_has_one_line() -> None:
    ids = [id for id, _, _ in LINE.findall(PAGE)]
    assert len(ids) == len(set(ids))
    assert Counter(int(id.split(".")[0]) for id in ids) == CHAPTERS
    assert ids == sorted(ids, key=lambda id: [int(part) for part in id.split(".")])


def test_every_line_names_a_test_or_gives_a_reason() -> None:
    for id, asks, held_by in LINE.findall(PAGE):
        assert asks.strip() and len(held_by.strip()) > 5, id


def test_the_tests_and_pages_that_it_names_exist() -> None:
    tests = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 100
    assert named <= tests, sorted(named - tests)
    for file in re.findall(r"(?:docs|tests)/[\w/.-]+\.(?:md|py|txt)", PAGE):
        assert (ROOT / file).exists(), file
