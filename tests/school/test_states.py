"""A state is written as the constant beside its table, so that renaming one is a change in one place."""

from __future__ import annotations

import re
from pathlib import Path

import homeroom

_LITERAL = re.compile(r'\b(Enrollment|Course|User|Login|CommunicationChannel|AccessToken)\.c\.state (==|!=) "')


def test_statements_name_states_by_their_constants() -> None:
    sources = [*Path(homeroom.__file__).parent.rglob("*.py")]
    found = [f"{path}: {match[0]}" for path in sources for match in _LITERAL.finditer(path.read_text("utf-8"))]
    assert found == []
