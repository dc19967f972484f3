"""Every file and folder of ours that a page names exists: a page that sends its reader nowhere is worse than none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "homeroom"
# These pages are maps: each path in them is one of ours. In the others only names of modules are.
MAPS = ("docs/architecture.md", "CONTRIBUTING.md")
PAGES = [*MAPS, "README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))]
_SPAN = re.compile(r"`([\w.-]+(?:/[\w.*-]+)*/?)`")
_TREE = re.compile(r"^```\n(src/homeroom/\n.*?)^```$", re.MULTILINE | re.DOTALL)
_MODULE = re.compile(r"[a-z][\w/]*\.py")


def paths_in(text: str, *, is_map: bool) -> Iterator[str]:
    """The paths that a page names in code spans; ``000N`` and ``...`` stand for something else."""
    for span in _SPAN.findall(text):
        if "000N" not in span and "..." not in span and (_MODULE.fullmatch(span) or (is_map and "/" in span)):
            yield span


def tree_in(text: str) -> Iterator[str]:
    """The paths of a page's tree: names before two spaces, each under the folder that is indented less."""
    for tree in _TREE.findall(text):
        folders: dict[int, str] = {}
        for line in tree.splitlines():
            indent = len(line) - len(line.lstrip())
            parent = "".join(folders[depth] for depth in sorted(folders) if depth < indent)
            for name in line.strip().partition("  ")[0].split(", "):
                yield parent + name
                if name.endswith("/"):
                    folders = {depth: folder for depth, folder in folders.items() if depth < indent} | {indent: name}


def exists(path: str) -> bool:
    if "/" not in path:
        return any((folder / path).exists() for folder in (ROOT, SOURCE)) or any((ROOT / "tests").rglob(path))
    return any((folder / path).exists() for folder in (ROOT, SOURCE, ROOT / "src"))


@pytest.mark.parametrize("page", dict.fromkeys(PAGES))
def test_every_module_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = [*paths_in(text, is_map=page in MAPS), *tree_in(text)]
    assert [path for path in named if not exists(path)] == []


def test_the_map_names_every_part_of_the_package() -> None:
    named = set(tree_in((ROOT / "docs" / "architecture.md").read_text("utf-8")))
    parts = {f"src/homeroom/{path.name}/" for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    parts |= {
        f"src/homeroom/school/{path.name}/" for path in (SOURCE / "school").iterdir() if (path / "__init__.py").exists()
    }
    assert sorted(parts - named) == []


def test_paths_are_read_from_code_spans_and_from_the_tree() -> None:
    page = "See `wire/gone.py`, `old/`, `/api/v1`, `db.violated`, `make check`, `versions/000N_new.py`, `settings.py`."
    assert list(paths_in(page, is_map=True)) == ["wire/gone.py", "old/", "settings.py"]
    assert list(paths_in(page, is_map=False)) == ["wire/gone.py", "settings.py"]
    tree = "```\nsrc/homeroom/\n  school/   the domain\n    a.py, b.py  shared\n  db/   the database\n    c.py\n```\n"
    assert list(tree_in(tree)) == [
        "src/homeroom/", "src/homeroom/school/", "src/homeroom/school/a.py", "src/homeroom/school/b.py",
        "src/homeroom/db/", "src/homeroom/db/c.py",
    ]  # fmt: skip
    assert not exists("wire/gone.py")
    assert not exists("gone.py")
