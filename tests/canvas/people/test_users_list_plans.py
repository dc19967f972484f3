"""Each page of the list is one range of an index, in every order and at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.conftest import School

from homeroom.school.people.users.listing import SORTS
from homeroom.wire.params import paging

USERS = "/api/v1/accounts/1/users?per_page=3"


@pytest.fixture
def statements(school: School) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "FROM directory" in statement or "FROM user_account_associations" in statement:
            seen.append((statement, parameters))

    engine = school.server.services.database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def sorts_of(school: School, statement: str, parameters: Any) -> list[str]:
    """The steps of the plan that sort."""
    with school.server.services.database.engine.connect() as db:
        if db.dialect.name == "sqlite":
            rows = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [row.detail for row in rows if "TEMP B-TREE" in row.detail]
        # Small tables are read whole and sorted; what matters is whether there is another way.
        for name in ("seqscan", "bitmapscan", "sort", "incremental_sort", "hashjoin", "mergejoin"):
            db.execute(text(f"SET LOCAL enable_{name} = off"))
        rows = db.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return [row[0].strip() for row in rows if "Sort" in row[0]]


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
def test_no_page_of_any_order_is_sorted(
    school: School, statements: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, sort: str, order: str
) -> None:
    monkeypatch.setattr(paging, "DEEP", 3)
    client, url = school.as_("admin"), f"{USERS}&sort={sort}&order={order}"
    for _ in range(3):
        statements.clear()
        reply = client.get(url)
        assert statements
        for statement, parameters in list(statements):
            assert sorts_of(school, statement, parameters) == [], statement
        url = reply.links["next"]
        assert "bookmark:" in url
