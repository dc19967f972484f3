"""Our route decorator: what a route must say before it can register."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from msgspec import Struct
from sqlalchemy import text
from tests.conftest import School
from tests.support.client import Client

from homeroom.canvas.contexts import AccountContext
from homeroom.school.accounts.accounts.queries import find_account
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.http.answers import Answer
from homeroom.wire.params.ids import UserId
from homeroom.wire.params.paging import Page, Under
from homeroom.wire.routing.routes import (
    BY_POLICY,
    PUBLIC,
    SELF_ONLY,
    BadRoute,
    FromContext,
    FromOneOf,
    Params,
    Prepared,
    Rest,
    Route,
    Routes,
    params_type,
)
from homeroom.wire.serving.call import Call, OutsideTransaction
from homeroom.wire.serving.endpoint import Endpoint
from homeroom.wire.serving.face import Face
from homeroom.wire.serving.server import Server


class Given(Struct):
    name: str = ""


def nothing() -> None:
    """Do nothing."""


def with_account(account: AccountContext) -> None: ...


def with_either(
    context: Annotated[Any, FromOneOf(FromContext("account", find_account), FromContext("user", find_user))],
) -> None:
    """Do nothing."""


def with_user(id: UserId) -> None: ...


def with_text(name: str) -> None: ...


def with_rest(rest: Rest) -> None: ...


def with_params(params: Params[Given], actor: Actor) -> None: ...


def with_unknown(thing: dict[str, int]) -> None: ...


def a_list() -> Annotated[Page[int], Under("numbers")]:
    raise NotImplementedError


def added(method: str, path: str, handler: Any, **options: Any) -> Route:
    routes = Routes()
    assert getattr(routes, method)(path, **options)(handler) is handler
    (route,) = routes.all
    return route


def test_a_route_without_a_right_cannot_register() -> None:
    for method in ("get", "post", "put", "delete"):
        with pytest.raises(TypeError, match="right"):
            added(method, "/x", nothing)


def test_a_right_that_is_no_permission_cannot_register() -> None:
    with pytest.raises(BadRoute, match="read_rooster"):
        added("get", "/accounts/:account_id/x", with_account, right="read_rooster")


def test_a_permission_needs_a_context_to_be_asked_of() -> None:
    with pytest.raises(BadRoute, match="takes none"):
        added("get", "/accounts/:account_id/x", nothing, right="read_roster")
    with pytest.raises(BadRoute, match="takes none"):
        added("get", "/users/:id", with_user, right="read_roster")
    assert added("get", "/accounts/:account_id/x", with_account, right="read_roster").right == "read_roster"


@pytest.mark.parametrize("handler", [with_account, with_user, with_text, with_rest])
def test_a_value_that_the_path_has_not_cannot_be_asked_for(handler: Any) -> None:
    with pytest.raises(BadRoute, match="has no"):
        added("get", "/x", handler, right=PUBLIC)


def test_a_handler_takes_only_what_a_request_gives() -> None:
    with pytest.raises(TypeError, match="no part of a request"):
        Endpoint(added("get", "/x", with_unknown, right=PUBLIC), "")


def test_a_prepare_step_cannot_use_the_transaction_that_is_over(school: School) -> None:
    routes = Routes()
    seen: list[str] = []

    def prepare(call: Call) -> str:
        with pytest.raises(OutsideTransaction, match="no open transaction"):
            call.db.execute(text("SELECT 1"))
        return "prepared"

    @routes.post("/prepared", right=PUBLIC, prepare=prepare)
    def act(result: Prepared[str], call: Call) -> Answer:
        """Act."""
        seen.append(f"{result} {call.db.execute(text('SELECT 1')).scalar_one()}")
        return Answer(204)

    face = Face("Test", "/test", (routes,), lambda error, request: Answer(500))
    server = Server([face], school.server.services)
    assert Client(server, school.loop, {}).post("/test/prepared").status == 204
    assert seen == ["prepared 1"]
    server.close()


def test_get_reads_and_the_others_write() -> None:
    writes = {method: added(method, "/x", nothing, right=PUBLIC).writes for method in ("get", "post", "put", "delete")}
    assert writes == {"get": False, "post": True, "put": True, "delete": True}
    assert added("get", "/x", nothing, right=PUBLIC, writes=True).writes
    assert not added("post", "/x", nothing, right=PUBLIC, writes=False).writes


def test_a_route_knows_its_parameters_and_its_resource() -> None:
    route = added("put", "/x", with_params, right=SELF_ONLY)
    assert params_type(route) is Given
    assert params_type(added("get", "/x", nothing, right=PUBLIC)) is None
    assert (route.name, route.resource) == ("with_params", "test_routes")
    named = Routes("users")
    named.get("/y", right=BY_POLICY)(nothing)
    assert named.all[0].resource == "users"


def test_each_path_of_a_handler_can_have_a_name_and_a_summary_of_its_own() -> None:
    routes = Routes()
    routes.get("/x", right=PUBLIC)(routes.get("/y", right=PUBLIC, name="all", summary="Do all")(nothing))
    assert [(route.name, route.summary) for route in routes.all] == [("all", "Do all"), ("nothing", "Do nothing")]


def test_a_context_of_several_kinds_is_the_one_whose_id_is_in_the_path() -> None:
    for kind in ("account", "user"):
        route = added("get", f"/{kind}s/:{kind}_id/x", with_either, right=BY_POLICY)
        ((_, mark, value),) = Endpoint(route, "").contexts
        assert (mark.kind, value) == (kind, f"{kind}_id")
    with pytest.raises(BadRoute, match="no account_id or user_id"):
        added("get", "/courses/:course_id/x", with_either, right=BY_POLICY)


def test_a_glob_is_free_text() -> None:
    assert added("get", "/x(/*rest)", with_rest, right=PUBLIC).free_tail
    assert not added("get", "/x", nothing, right=PUBLIC).free_tail


def test_a_page_under_a_key_is_a_page() -> None:
    route = added("get", "/x", a_list, right=PUBLIC)
    assert (route.returns, route.page_key) == (Page[int], "numbers")


def test_two_routes_on_one_path_keep_the_server_from_starting(school: School) -> None:
    routes = Routes()
    routes.get("/things/:id", right=PUBLIC)(with_user)
    routes.get("/things/:name", right=PUBLIC)(with_text)
    face = Face("Test", "/test", (routes,), lambda error, request: Answer(500))
    with pytest.raises(ValueError, match="Two routes answer GET"):
        Server((face,), school.server.services)
