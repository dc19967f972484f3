"""The route table as a tree: Rails' precedence, with a way back (docs/decisions/0001)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.wire.routing.router import Match, Router

PATHS = (
    "/users/self", "/users/:id", "/users/:id/logins", "/users/self/course_nicknames", "/users/:user_id/data(/*scope)",
    "/users/self/files/*path", "/a/:x/c", "/a/b/:y", "/:anything/here",
)  # fmt: skip


@pytest.fixture
def router() -> Router[str]:
    made: Router[str] = Router()
    for path in PATHS:
        made.add("GET", path, path)
    made.add("PUT", "/users/:number", "put")
    return made


def found(router: Router[str], path: str, method: str = "GET") -> Any:
    match = router.match(method, path.strip("/").split("/"))
    return (match.route, match.values) if isinstance(match, Match) else match


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/users/self", "/users/self", {}),
        ("/users/7", "/users/:id", {"id": "7"}),
        ("/users/self/course_nicknames", "/users/self/course_nicknames", {}),
        # The literal leads nowhere, so the parameter beside it is tried.
        ("/users/self/logins", "/users/:id/logins", {"id": "self"}),
        ("/users/7/data", "/users/:user_id/data(/*scope)", {"user_id": "7"}),
        ("/users/7/data/a", "/users/:user_id/data(/*scope)", {"user_id": "7", "scope": ["a"]}),
        ("/users/self/data/a/b/c", "/users/:user_id/data(/*scope)", {"user_id": "self", "scope": ["a", "b", "c"]}),
        ("/users/self/files/a/b", "/users/self/files/*path", {"path": ["a", "b"]}),
        ("/a/b/c", "/a/b/:y", {"y": "c"}),
        ("/a/x/c", "/a/:x/c", {"x": "x"}),
        ("/users/here", "/users/:id", {"id": "here"}),
        ("/x/here", "/:anything/here", {"anything": "x"}),
    ],
)
def test_a_literal_is_preferred_and_a_dead_end_is_left(
    router: Router[str], path: str, route: str, values: dict[str, Any]
) -> None:
    assert found(router, path) == (route, values)


@pytest.mark.parametrize("path", ["/users", "/users/7/nothing", "/users/self/files", "/x", "/a/x/d", "/x/there"])
def test_what_is_no_path_has_no_methods(router: Router[str], path: str) -> None:
    assert found(router, path) == set()


def test_another_method_of_a_path_is_told(router: Router[str]) -> None:
    assert found(router, "/users/7", "DELETE") == {"GET", "PUT"}
    # The parameter beside the literal answers where the literal has not that method.
    assert found(router, "/users/self", "PUT") == ("put", {"number": "self"})


def test_each_method_has_its_own_names(router: Router[str]) -> None:
    assert found(router, "/users/7", "PUT") == ("put", {"number": "7"})


@pytest.mark.parametrize("path", ["/users/:other", "/users/self", "/users/:user_id/data", "/users/:u/data/*rest"])
def test_two_routes_cannot_have_one_path(router: Router[str], path: str) -> None:
    with pytest.raises(ValueError, match="Two routes answer GET"):
        router.add("GET", path, "twin")
