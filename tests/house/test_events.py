"""Events go upwards: a wing announces its own, higher wings listen, and all that listens is loaded (decision 0015)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import homeroom
from homeroom.school.listeners import LISTENERS

SCHOOL = Path(homeroom.__file__).parent / "school"
REGISTERING = {"listen", "job", "sweep", "register_kind"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(SCHOOL.rglob("*.py")):
        yield (
            ".".join(("homeroom.school", *file.relative_to(SCHOOL).with_suffix("").parts)),
            ast.parse(file.read_text()),
        )


def _called(node: ast.AST) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return called.id if isinstance(called, ast.Name) else ""


def registers(module: ast.Module) -> bool:
    """Whether something is called here that nobody names: a listener, a job, a sweep, a kind of assets."""
    decorators = (mark for node in module.body if isinstance(node, ast.FunctionDef) for mark in node.decorator_list)
    calls = (node.value for node in module.body if isinstance(node, ast.Expr))
    return any(_called(node) in REGISTERING for node in (*decorators, *calls))


def test_every_module_that_listens_is_loaded() -> None:
    assert sorted(name for name, module in modules() if registers(module)) == sorted(m.__name__ for m in LISTENERS)


def test_a_module_that_listens_is_found() -> None:
    assert registers(ast.parse("@listen(UserDeleted)\ndef forget(db, event): ..."))
    assert registers(ast.parse("@job\ndef deliver(tools): ..."))
    assert registers(ast.parse("register_kind('user', live=a, readable=b)"))
    assert not registers(ast.parse("def listen_now(): ...\nlisten = 1"))


def announced() -> Iterator[tuple[str, str, str]]:
    """Each event that is announced: where, its name, and the module that it comes from."""
    for name, module in modules():
        imported = {
            alias.name: node.module or ""
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and _called(node) == "announce":
                for event in ast.walk(node.args[1]):
                    if isinstance(event, ast.Call) and _called(event)[:1].isupper():
                        yield name, _called(event), imported.get(_called(event), name)


@pytest.mark.parametrize("kind", ["UserDeleted", "EnrollmentChanged", "ClockMoved", "MailGivenUp", "UserRevived"])
def test_announcements_are_found(kind: str) -> None:
    assert kind in {event for _, event, _ in announced()}


def test_a_wing_announces_its_own_events_only() -> None:
    strange = [found for found in announced() if found[0].split(".")[2] != found[2].split(".")[2]]
    assert strange == []
