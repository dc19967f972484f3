"""Every route of every face, by each actor, against ``matrix.txt``: the table that says who may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.access.actors import WHO, call
from tests.access.scene import Scene
from tests.access.table import FILE, Row, cell_of, filled_in, is_refusal, rows, written
from tests.conftest import School

from homeroom.app import FACES
from homeroom.wire.routing.router import Match, Router

ROWS = rows()
LINES = FILE.read_text().splitlines()
ROUTES = [(str(route.method), face.prefix + route.path) for face in FACES for route in face.routes]
# Routes that refuse everybody here, because what they need is not in this school.
NOBODY = {
    "GET /api/v1/courses/:course_id/features/flags/:feature": "no feature can be switched in a course yet",
    "PUT /api/v1/courses/:course_id/features/flags/:feature": "no feature can be switched in a course yet",
    "DELETE /api/v1/courses/:course_id/features/flags/:feature": "no feature can be switched in a course yet",
    "GET /login/openid_connect": "tests/web/test_openid.py has the provider that it needs",
    "GET /login/openid_connect/:id": "tests/web/test_openid.py has the provider that it needs",
    "GET /login/oauth2/callback": "tests/web/test_openid.py has the provider that it needs",
    "POST /pandata/events": "an access token is not a Pandata token",
}

# A wrong code is refused, and counted.
COUNTED = ("/profile/second_factor/recovery_codes", "/profile/second_factor/off")


@pytest.fixture(scope="module")
def scene(sqlite_school: School) -> Iterator[Scene]:
    # Some routes are there only while developing.
    made = Scene(sqlite_school.with_settings(dev=True))
    yield made
    made.close()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_who_may(scene: Scene, row: Row) -> None:
    found, wrote = {}, []
    if row.settings:
        scene.restore(**row.settings)
    # Refusals first: what succeeds changes the school, which then has to be put back.
    for name in sorted(WHO, key=lambda name: not is_refusal(row.cells[name])):
        before = scene.version()
        path, body = filled_in(row.path, scene.names), filled_in(row.body, scene.names)
        found[name] = cell_of(call(scene.school, scene.actors[name], row.method, path, body))
        if scene.version() != before:
            scene.restore(**row.settings)
            if is_refusal(found[name]):
                wrote.append(name)
    if row.settings:
        scene.restore()
    assert found == row.cells, (
        f"{FILE.name}, line {row.line} says otherwise. If this is right, it is now\n"
        f"{written(found, row.method, row.path, row.body)}"
    )
    assert not wrote or row.path in COUNTED, f"These were refused, and something was written: {', '.join(wrote)}."


def test_the_table_is_in_columns() -> None:
    wrong = [row.line for row in ROWS if LINES[row.line - 1] != written(row.cells, row.method, row.path, row.body)]
    assert not wrong, f"{FILE.name}: these lines are not in columns: {wrong}"


def test_every_route_has_a_line_in_which_somebody_may() -> None:
    router: Router[str] = Router()
    for method, path in ROUTES:
        router.add(method, path, f"{method} {path}")
    succeeds: dict[str, bool] = {}
    for row in ROWS:
        found = router.match(row.method, [part for part in row.path.partition("?")[0].split("/") if part])
        assert isinstance(found, Match), f"Line {row.line}: there is no route {row}."
        here = not all(is_refusal(cell) for cell in row.cells.values())
        succeeds[found.route] = here or succeeds.get(found.route, False)
    missing = {" ".join(route) for route in ROUTES} - succeeds.keys()
    assert not missing, f"{FILE.name} does not say who may call:\n" + "\n".join(sorted(missing))
    assert {route for route, somebody in succeeds.items() if not somebody} == NOBODY.keys()
