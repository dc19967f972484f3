"""docs/api says what the server does: a heading for each route, and examples that run (see docs/api/README.md)."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import School
from tests.support.examples import API_PAGES, Section, difference, fault_in, sections, sections_of

from homeroom.app import FACES

SECTIONS = sections()
PAGE = """
## GET /api/v1/users/:id

```http
GET /api/v1/users/<student>
Authorization: Bearer <admin>
```
It answers:
```http
HTTP/1.1 200 OK
Link: <...

{"id": 1, ...}
```

## Not a route

~~~
## GET /in/a/block
```http
GET /nowhere
```
~~~
"""


def test_every_route_has_one_heading_and_every_heading_a_route() -> None:
    routes = {f"{route.method} {face.prefix}{route.path}" for face in FACES if face.documented for route in face.routes}
    headings = Counter(section.heading for section in SECTIONS)
    assert sorted(routes - headings.keys()) == [], "These routes have no heading in docs/api."
    assert sorted(headings.keys() - routes) == [], "These headings have no route."
    assert [heading for heading, times in headings.items() if times > 1] == [], "These headings stand twice."


def test_the_index_lists_exactly_the_routes_that_exist() -> None:
    readme = (API_PAGES / "README.md").read_text()
    listed = re.findall(r"^\| \[`(.*?)`\]", readme, re.MULTILINE)
    routes = [f"{route.method} {face.prefix}{route.path}" for face in FACES if face.documented for route in face.routes]
    assert sorted(listed) == sorted(routes)


def test_the_index_is_what_its_script_writes() -> None:
    readme = (API_PAGES / "README.md").read_text()
    script = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "index_api_docs.py"))
    assert script["with_index"](readme, API_PAGES) == readme, "Run python3 scripts/index_api_docs.py."


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_section_has_an_example(section: Section) -> None:
    assert section.examples


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_the_examples_answer_what_the_page_says(school: School, section: Section) -> None:
    assert fault_in(school.with_settings(dev=True), section) is None


def test_a_page_is_read_by_its_headings_and_blocks() -> None:
    (section,) = sections_of(Path("users.md"), PAGE)
    assert section.heading == "GET /api/v1/users/:id"
    ((request, answer),) = section.examples
    assert request.start == "GET /api/v1/users/<student>"
    assert request.headers == {"Authorization": "Bearer <admin>"}
    assert (answer.start, answer.headers, answer.body) == ("HTTP/1.1 200 OK", {"Link": "<..."}, '{"id": 1, ...}')


@pytest.mark.parametrize(
    ("shown", "sent", "same"),
    [
        ({"id": 1}, {"id": 2}, True),
        ({"id": 1}, {"id": "2"}, False),
        ({"id": 1}, {"id": True}, False),
        ({"id": 1}, {"id": None}, False),
        ({"id": None}, {"id": None}, True),
        ({"id": 1}, {}, False),
        ({"id": 1}, {"id": 1, "name": ""}, False),
        ({"id": 1, "...": None}, {"id": 1, "name": ""}, True),
        ([], [], True),
        ([], [1], False),
        ([1], [], False),
        ([1], [2, 3], True),
        ([1], [2, "3"], False),
        ([1, "x"], ["3", 2], True),
        (["..."], [1], True),
        ([{"a": [{"b": 1}]}], [{"a": [{"b": "1"}]}], False),
        (1, 1.5, True),
    ],
)
def test_shapes_are_compared_and_values_are_not(shown: object, sent: object, same: bool) -> None:
    assert (difference(shown, sent) is None) is same
