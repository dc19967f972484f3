"""scripts/check_spec_markers.py: it finds the pages, the markers and the citations, and what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_spec_markers.py"
PAGES = {
    "README.md": "# Read me\n## 1. Not a section\n",
    "basics.md": "## 1. One\nSee §2.\n### 1.1 Inner\n## 2. Two\n## 3. Later\n\nComes with files.\n## No number\n",
    "users-core.md": "## 1. One\n",
    "homeroom.md": "## 1. One\n## 6. Not built\n",
}
ALL = ("basics.md#1", "basics.md#1.1", "basics.md#2", "users-core.md#1", "homeroom.md#1")
ALL_IS_WELL = (0, "Every section that is cited exists, and a test holds every section that is built.\n")


def marked(*sections: str) -> str:
    markers = "".join(f"@pytest.mark.spec('{section}')\n" for section in sections)
    return f"import pytest\n{markers}def test(): ...\n"


def check(folder: Path, test: str = marked(*ALL), **more: str) -> tuple[int, str]:
    """Run the script on a checkout of its own: these pages, one test, and more files by their paths."""
    files = {f"docs/spec/{name}": text for name, text in PAGES.items()} | {"tests/test_it.py": test} | more
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "scripts").mkdir()
    (folder / "scripts" / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    command = [sys.executable, str(folder / "scripts" / SCRIPT.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_all_is_well_when_every_section_is_named(tmp_path: Path) -> None:
    assert check(tmp_path) == ALL_IS_WELL


def test_a_section_that_no_test_names_is_a_fault(tmp_path: Path) -> None:
    test = marked(*ALL[:1], *ALL[2:])
    assert check(tmp_path, test) == (1, "No test is marked spec('basics.md#1.1').\n")


@pytest.mark.parametrize("section", ["basics.md#9", "stream.md#1", "README.md#1", "basics.md"])
def test_a_marker_of_no_section_is_a_fault(tmp_path: Path, section: str) -> None:
    fault = f"tests/test_it.py is marked spec({section!r}), and docs/spec has no such section.\n"
    assert check(tmp_path, marked(*ALL, section)) == (1, fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# (basics.md §9)", "cites basics.md §9, and the page has no such section."),
        ("# (basics.md §1.2)", "cites basics.md §1.2, and the page has no such section."),
        ("# (spec/basics.md §1, §9)", "cites basics.md §9, and the page has no such section."),
        ("# basics.md\n# §9", "cites basics.md §9, and the page has no such section."),
        ("# (stream.md §1)", "cites stream.md §1, and docs/spec has no such page."),
        ("# (design §1)", "cites §1 and does not say of which page (write: page.md §1)."),
        ("# the rules of §1", "cites §1 and does not say of which page (write: page.md §1)."),
    ],
)
def test_a_citation_of_what_is_not_there_is_a_fault(tmp_path: Path, text: str, fault: str) -> None:
    line = 1 + text.count("\n")
    assert check(tmp_path, **{"src/homeroom/it.py": text}) == (1, f"src/homeroom/it.py:{line} {fault}\n")


@pytest.mark.parametrize(
    "text",
    [
        "# (basics.md §1)",
        "# (basics.md §1.1, §2 and §3)",
        "# users-core.md §1: names. basics.md\n    # §2: ids.",
        "# (RFC 6749 §4.1.2, §5) and (OpenID Connect Core 1.0 §3.1)",
    ],
)
def test_a_citation_of_a_section_that_exists_is_no_fault(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, **{"src/homeroom/it.py": text}) == ALL_IS_WELL


def test_pages_are_read_for_citations_too(tmp_path: Path) -> None:
    fault = "docs/pages.md:3 cites basics.md §9, and the page has no such section.\n"
    assert check(tmp_path, **{"docs/pages.md": "# Pages\n\nSee [basics](spec/basics.md) or `basics.md` §9.\n"}) == (
        1,
        fault,
    )


def test_a_specification_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    done = subprocess.run(
        [sys.executable, tmp_path / "scripts" / SCRIPT.name], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "docs/spec has no pages.\n")
