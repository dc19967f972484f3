"""Do the cited sections of docs/spec exist, and does a test hold each of them? (`make specs`, and CI)

A test says which section it holds with ``@pytest.mark.spec("basics.md#3")``; code and pages cite one as "basics.md §3".
A section that begins with "Comes with" is not built yet and needs no test.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Sections that no test can hold, and why.
WITHOUT_A_TEST = {
    "homeroom.md#6": "says what is not built",
    "learning-resources.md#16": "refers to another page",
}
_HEADING = re.compile(r"#{2,3} (\d+(?:\.\d+)?)\.? ")
_CITATION = re.compile(r"§(\d+(?:\.\d+)*)")
# What may stand before a citation, perhaps on the line above: a page, or the standard that is meant.
_PAGE_BEFORE = re.compile(r"([\w-]+\.md)[`)]*[\s#]+$")
_STANDARD_BEFORE = re.compile(r"(?:RFC \d+|[A-Z]\w+ \d+\.\d+)[\s#]+$")
_GOES_ON = re.compile(r"(?:,| and| to|, and)[\s#]+")
_READ = (".py", ".md", ".toml", ".sh", ".html", ".txt")
# This script and its tests have made-up citations.
_NOT_READ = ("node_modules", "__pycache__", "vendor", "test_check_spec_markers.py", "check_spec_markers.py")


def sections_of(text: str) -> dict[str, str]:
    """The sections of a page by their numbers (``1``, ``1.1``, ``2``), each with its text."""
    found: dict[str, str] = {}
    number = None
    for line in text.split("\n"):
        if match := _HEADING.match(line):
            number = match[1]
            found[number] = ""
        elif number is not None:
            found[number] += line + "\n"
    return found


def markers_in(source: str) -> Iterator[str]:
    """What ``pytest.mark.spec`` is called with."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "spec":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def citations_in(text: str, own_page: str | None) -> Iterator[tuple[int, str | None, str]]:
    """Every citation of a page: the line, the page and the section; no page where the text does not say which.

    A bare "§2" means the page itself in a page of the specification.
    """
    page: str | None = None
    standard = False
    end = 0
    for citation in _CITATION.finditer(text):
        before = text[max(0, citation.start() - 80) : citation.start()]
        if not _GOES_ON.fullmatch(text[end : citation.start()]):
            named = _PAGE_BEFORE.search(before)
            standard = _STANDARD_BEFORE.search(before) is not None
            page = named[1] if named else own_page
        end = citation.end()
        if not standard:
            yield text.count("\n", 0, citation.start()) + 1, page, citation[1]


def faults_of_citations(root: Path, pages: dict[str, dict[str, str]]) -> Iterator[str]:
    for file in sorted(_files(root)):
        own_page = file.name if file.parent == root / "docs" / "spec" and file.name in pages else None
        for line, page, number in citations_in(file.read_text(encoding="utf-8"), own_page):
            place = f"{file.relative_to(root)}:{line}"
            if page is None:
                yield f"{place} cites §{number} and does not say of which page (write: page.md §{number})."
            elif page not in pages:
                yield f"{place} cites {page} §{number}, and docs/spec has no such page."
            elif number not in pages[page]:
                yield f"{place} cites {page} §{number}, and the page has no such section."


def faults_of_markers(root: Path, pages: dict[str, dict[str, str]]) -> Iterator[str]:
    marked: dict[str, Path] = {}
    for file in sorted((root / "tests").rglob("*.py")):
        if "node_modules" not in file.parts:
            for marker in markers_in(file.read_text(encoding="utf-8")):
                marked.setdefault(marker, file)
    for marker, file in sorted(marked.items()):
        page, _, number = marker.partition("#")
        if number not in pages.get(page, ()):
            yield f"{file.relative_to(root)} is marked spec({marker!r}), and docs/spec has no such section."
    for page, sections in sorted(pages.items()):
        for number, text in sections.items():
            section = f"{page}#{number}"
            built = not text.strip().startswith("Comes with")
            if built and section not in marked and section not in WITHOUT_A_TEST:
                yield f"No test is marked spec({section!r})."


def _files(root: Path) -> Iterator[Path]:
    for folder in ("src", "tests", "docs", "scripts", "benchmarks", "."):
        found = (root / folder).glob("*") if folder == "." else (root / folder).rglob("*")
        yield from (file for file in found if file.suffix in _READ and not set(file.parts) & set(_NOT_READ))


def main() -> int:
    pages = {
        path.name: sections_of(path.read_text(encoding="utf-8"))
        for path in (ROOT / "docs" / "spec").glob("*.md")
        if path.name != "README.md"
    }
    if not pages:
        print("docs/spec has no pages.")
        return 1
    faults = [*faults_of_citations(ROOT, pages), *faults_of_markers(ROOT, pages)]
    print("\n".join(faults) or "Every section that is cited exists, and a test holds every section that is built.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
