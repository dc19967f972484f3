"""Every table has one owner: only the wing whose module in ``school/schema`` declares it writes it (decision 0015).

Others call that wing's actions, or announce an event that it listens to. The test reads the code, so it also finds a
writer that no test runs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import homeroom
from homeroom.school import schema

PACKAGE = Path(homeroom.__file__).parent
SCHEMA = PACKAGE / "school" / "schema"
# Modules that write tables of other wings, and why they may.
EXCEPTIONS = {
    "school/seed/demo/load.py": "It fills a fresh school with hundreds of rows at fixed times in the past, in a few "
    "statements. No action of a wing takes times of its own, and none is needed by anybody else.",
}

# What writes, and which argument is the table. Functions that pass one of their parameters on to these write too.
WRITERS = {"insert": 0, "update": 0, "delete": 0}
_SQL = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)


def owners() -> dict[str, str]:
    """Table -> the wing that owns it."""
    found: dict[str, str] = {}
    for file in SCHEMA.glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _name(node.value.func) == "table":
                (target,) = node.targets
                found[_name(target)] = file.stem
    return found


def writes_in(
    tree: ast.AST, tables: Mapping[str, str], writers: Mapping[str, int] = WRITERS
) -> Iterator[tuple[str, int]]:
    """Each table that this module writes, with the line. ``tables``: its name in Python -> in SQL."""
    names = _names_of_tables(tree, tables)
    writers = {**writers, **_writers_in(tree, writers)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((name, node.lineno) for name, sql in tables.items() if sql in _SQL.findall(node.value))
        if not isinstance(node, ast.Call):
            continue
        for name in _names_in(_table_of(node, writers)):
            yield from ((table, node.lineno) for table in names.get(name, ()))


def _table_of(node: ast.Call, writers: Mapping[str, int]) -> ast.expr | None:
    """The table that a call writes, if it does: ``update(User)``, ``User.update()``."""
    at = writers.get(_name(node.func))
    if at is not None and len(node.args) > at:
        return node.args[at]
    if isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
        return node.func.value
    return None


def _writers_in(tree: ast.AST, known: Mapping[str, int]) -> dict[str, int]:
    """The functions here that write a table which they are given, and which argument that is."""
    found: dict[str, int] = {}
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        parameters = [argument.arg for argument in function.args.args if argument.arg != "self"]
        for node in ast.walk(function):
            table = _table_of(node, known) if isinstance(node, ast.Call) else None
            if isinstance(table, ast.Name) and table.id in parameters:
                found[function.name] = parameters.index(table.id)
    return found


def _names_of_tables(tree: ast.AST, tables: Mapping[str, str]) -> dict[str, set[str]]:
    """The names that mean a table here: its own, the one it is imported as, and variables that some are given to."""
    names = {table: {table} for table in tables}
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and node.name in tables and node.asname:
            names.setdefault(node.asname, set()).add(node.name)
        for target, value in _given(node):
            meant = {name for name in _names_in(value) if name in tables}
            for name in _names_in(target):
                if meant and name not in tables:
                    names.setdefault(name, set()).update(meant)
    return names


def _given(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.For | ast.comprehension):
        return [(node.target, node.iter)]
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [(node.target, node.value)]
    return []


def _names_in(node: ast.expr | None) -> list[str]:
    """The names in an expression: ``User``, ``schema.User``, those in a tuple; not those whose column is taken."""
    if isinstance(node, ast.Name | ast.Attribute):
        return [_name(node)]
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [name for part in node.elts for name in _names_in(part)]
    if isinstance(node, ast.Dict):
        return [name for part in node.keys if part is not None for name in _names_in(part)]
    return []


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def wing_of(file: Path) -> str:
    """The wing that a module stands in: ``people`` for ``school/people/users/actions.py``, else its first folder."""
    parts = file.relative_to(PACKAGE).parts
    return parts[1] if parts[0] == "school" else parts[0]


def strange_writers() -> Iterator[tuple[str, str]]:
    """Each module that writes a table of another wing, and what it does."""
    owner_of = owners()
    tables = {name: getattr(schema, name).name for name in owner_of}
    statements = ast.parse((PACKAGE / "db" / "statements.py").read_text())
    writers = {**WRITERS, **_writers_in(statements, WRITERS)}
    assert {"insert_or_update", "insert_or_change"} <= writers.keys()
    for file in sorted(PACKAGE.rglob("*.py")):
        module = file.relative_to(PACKAGE).as_posix()
        if "migrations" in file.parts:
            continue
        for table, line in writes_in(ast.parse(file.read_text()), tables, writers):
            if wing_of(file) != owner_of[table]:
                yield module, f"line {line} writes {table}, which belongs to {owner_of[table]}"


def test_only_its_wing_writes_a_table() -> None:
    strangers = [f"{module}: {what}" for module, what in strange_writers() if module not in EXCEPTIONS]
    assert not strangers, "\n".join(strangers)


def test_every_exception_is_needed() -> None:
    assert EXCEPTIONS.keys() == {module for module, _ in strange_writers()} & EXCEPTIONS.keys()


def test_every_table_has_an_owner() -> None:
    names = {getattr(schema, name).name for name in owners()}
    assert names == set(schema.METADATA.tables)
    assert set(owners().values()) <= {folder.name for folder in (PACKAGE / "school").iterdir() if folder.is_dir()}


@pytest.mark.parametrize(
    "code",
    [
        "db.execute(insert(User).values(name=''))",
        "User.update().where(User.c.id == 1)",
        "dialect.insert(User)",
        "schema.User.delete()",
        "delete(schema.User)",
        "for table in (Course, User):\n    db.execute(delete(table))",
        "for table, rows in ((User, []), (Course, [])):\n    update(table)",
        "table: Any = User\nupdate(table)",
        "from homeroom.school.schema import User as Person\nupdate(Person)",
        "def add(db, table):\n    db.execute(insert(table))\nadd(db, User)",
        "db.exec_driver_sql('UPDATE users SET name = 1')",
    ],
)
def test_every_way_to_write_is_found(code: str) -> None:
    tables = {"User": "users", "Course": "courses", "Login": "logins"}
    assert "User" in {table for table, _ in writes_in(ast.parse(code), tables)}


@pytest.mark.parametrize(
    "code",
    [
        "select(User).where(User.c.id == 1)",
        "lock(db, User, [1])",
        "update(Course).where(exists().where(User.c.id == 1))",
    ],
)
def test_reading_is_not_writing(code: str) -> None:
    assert "User" not in {table for table, _ in writes_in(ast.parse(code), {"User": "users", "Course": "courses"})}
