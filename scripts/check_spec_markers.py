"""Is every section of the specification in scope named by a test's marker? (`make specs`, and CI)

A test says which section it holds with ``@pytest.mark.spec("basics.md#3")``. The pages stand beside the checkout, in
``../shared/spec``; HOMEROOM_SHARED names another folder than ``../shared``.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_HEADING = re.compile(r"#{2,3} (\d+(?:\.\d+)?)\.? ")

# The pages that an issue builds; with sections, only these.
ISSUES: dict[str, dict[str, tuple[str, ...] | None]] = {
    "A": {"users-core.md": None, "basics.md": None, "homeroom.md": None},
    "B": {"learning-resources.md": ("1", "2", "3"), "custom-data-files-sis.md": ("1",)},
    "C": {"identity.md": None},
}
# What no issue so far builds, and why.
LATER: dict[str, str] = {
    "learning-resources.md": "§4 to §16 belong to the work of a person: assignments, discussions, groups, planner",
    "custom-data-files-sis.md": "§2 and §3 come with files and SIS imports",
    "stream-todo.md": "comes with the activity stream",
    "merge-split.md": "comes with merging users",
    "page-views.md": "comes with page views",
    "catalog-studio.md": "comes with the Catalog and Studio faces",
    "README.md": "is about the pages themselves",
    "homeroom.md#6": "says what is not built",
}


def sections_of(text: str) -> list[str]:
    """The numbers of a page's sections: ``1``, ``1.1``, ``2``."""
    return [match[1] for line in text.split("\n") if (match := _HEADING.match(line))]


def markers_in(source: str) -> Iterator[str]:
    """What ``pytest.mark.spec`` is called with, formatted strings by their parts that are fixed."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "spec":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def wanted(spec: Path, issues: str) -> list[str]:
    """Every section that a test must name, as ``page.md#number``."""
    found = []
    for issue in issues:
        for page, only in ISSUES[issue].items():
            numbers = only if only is not None else sections_of((spec / page).read_text(encoding="utf-8"))
            found += [f"{page}#{number}" for number in numbers if f"{page}#{number}" not in LATER]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", default="ABC", help="those whose sections are required (A, AB, ABC)")
    issues = parser.parse_args().issues
    spec = Path(os.environ.get("HOMEROOM_SHARED", ROOT.parent / "shared")) / "spec"
    if not spec.is_dir():
        # The specification is not part of the repository: a clone alone has nothing to compare with.
        print(f"Nothing was compared: there is no {spec}. HOMEROOM_SHARED names the folder that holds `spec`.")
        return 0
    faults = [
        f"{page.name} is in no issue; say in LATER why."
        for page in sorted(spec.glob("*.md"))
        if page.name not in LATER and not any(page.name in pages for pages in ISSUES.values())
    ]
    marked = {marker for file in (ROOT / "tests").rglob("test_*.py") for marker in markers_in(file.read_text("utf-8"))}
    faults += [f"No test is marked spec({section!r})." for section in wanted(spec, issues) if section not in marked]
    pages = {path.name: sections_of(path.read_text(encoding="utf-8")) for path in spec.glob("*.md")}
    for marker in sorted(marked):
        page, _, number = marker.partition("#")
        if number not in pages.get(page, ()):
            faults.append(f"A test is marked spec({marker!r}), and there is no such section.")
    print("\n".join(faults) or f"Every section of issues {', '.join(issues)} is held by a test.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
