"""The scopes of our routes are the documented ones (homeroom.md §2): the "Scope:" lines of Canvas's API documents."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from homeroom.canvas.face import CANVAS

SHARED = Path(os.environ.get("HOMEROOM_SHARED", Path(__file__).parents[3] / "shared"))
# Documented, and built by later issues. What is built leaves this list.
NOT_YET = {
    "url:DELETE|/api/v1/users/self/activity_stream",
    "url:DELETE|/api/v1/users/self/activity_stream/:id",
    "url:GET|/api/v1/users/:id/graded_submissions",
    "url:GET|/api/v1/users/:user_id/missing_submissions",
    "url:GET|/api/v1/users/:user_id/page_views",
    "url:GET|/api/v1/users/:user_id/page_views/query/:query_id",
    "url:GET|/api/v1/users/:user_id/page_views/query/:query_id/results",
    "url:GET|/api/v1/users/activity_stream",
    "url:GET|/api/v1/users/page_views/query/:query_id",
    "url:GET|/api/v1/users/page_views/query/:query_id/results",
    "url:GET|/api/v1/users/self/activity_stream",
    "url:GET|/api/v1/users/self/activity_stream/summary",
    "url:GET|/api/v1/users/self/todo",
    "url:GET|/api/v1/users/self/todo_item_count",
    "url:GET|/api/v1/users/self/upcoming_events",
    "url:POST|/api/v1/users/:id/split",
    "url:POST|/api/v1/users/:user_id/files",
    "url:POST|/api/v1/users/:user_id/page_views/query",
    "url:POST|/api/v1/users/page_views/query",
    "url:PUT|/api/v1/users/:id/merge_into/:destination_user_id",
    "url:PUT|/api/v1/users/:id/merge_into/accounts/:destination_account_id/users/:destination_user_id",
}


def documented() -> set[str]:
    seed = next((SHARED / "seeds").glob("001*"), None)
    if seed is None:
        pytest.skip(f"There are no seeds in {SHARED}; HOMEROOM_SHARED names the folder that holds them.")
    return set(re.findall(r"^Scope:\s*\n?\s*(url:\S+)", seed.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.spec("homeroom.md#2")
def test_every_documented_scope_is_a_route_or_of_a_later_issue() -> None:
    ours = {CANVAS.scope_text(route) for route in CANVAS.routes if route.scope}
    assert len(documented()) == 49
    assert sorted(documented() - ours - NOT_YET) == [], "These are documented and are no routes."
    assert sorted(NOT_YET & ours) == [], "These are built; take them out of NOT_YET."
    assert sorted(NOT_YET - documented()) == [], "These are not documented."
