"""Write the index of all routes into docs/api/README.md: each route with its page and its first sentence.

A test compares the index with the pages and with the routes of the server. Run this after a change of either:
``python3 scripts/index_api_docs.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PAGES = Path(__file__).parents[1] / "docs" / "api"
BEGIN, END = "<!-- routes: written by scripts/index_api_docs.py -->\n", "<!-- end of routes -->\n"
_BLOCK = re.compile(r"^(```|~~~).*?^\1$", re.MULTILINE | re.DOTALL)
_ROUTE = re.compile(r"^## ((?:GET|POST|PUT|DELETE) /\S*)\n+(.+?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"(.+?[.:])(?:\s|$)")


def routes_of(page: str) -> Iterator[tuple[str, str]]:
    """The routes of a page's text, each with the first sentence about it."""
    for heading, text in _ROUTE.findall(_BLOCK.sub("", page)):
        first = _SENTENCE.match(" ".join(text.split()))
        yield heading, (first[1].rstrip(":.") + "." if first else "")


def index(pages: Path) -> str:
    """The whole index, a table for each page."""
    lines = [BEGIN.rstrip()]
    for page in sorted(pages.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        routes = list(routes_of(text))
        title = text.partition("\n")[0].removeprefix("# ")
        if page.name != "README.md" and routes:
            lines += ["", f"### [{title}]({page.name})", "", "| route | |", "| --- | --- |"]
            lines += [f"| [`{route}`]({page.name}#{anchor_of(route)}) | {sentence} |" for route, sentence in routes]
    return "\n".join([*lines, "", END])


def anchor_of(heading: str) -> str:
    """The anchor that a heading has on the page: its letters, digits, `_` and `-`, in small letters."""
    return re.sub(r"[^\w -]", "", heading).replace(" ", "-").lower()


def with_index(readme: str, pages: Path) -> str:
    before, _, rest = readme.partition(BEGIN)
    return before + index(pages) + rest.partition(END)[2]


def main() -> None:
    readme = PAGES / "README.md"
    readme.write_text(with_index(readme.read_text(encoding="utf-8"), PAGES), encoding="utf-8")


if __name__ == "__main__":
    main()
