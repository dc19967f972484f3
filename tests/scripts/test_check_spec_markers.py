"""scripts/check_spec_markers.py: it finds the sections, the markers, and what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "check_spec_markers.py"
PAGES = {
    "basics.md": "# Basics\n## 1. One\n### 1.1 Inner\n## 2. Two\n## Not numbered\n",
    "users-core.md": "## 1. One\n",
    "homeroom.md": "## 1. One\n## 6. Not built\n",
}


def check(folder: Path, test: str, *arguments: str) -> tuple[int, str]:
    """Run the script on a checkout of one test, beside a small specification."""
    (folder / "shared" / "spec").mkdir(parents=True)
    for name, text in PAGES.items():
        (folder / "shared" / "spec" / name).write_text(text)
    for part in ("scripts", "tests"):
        (folder / "checkout" / part).mkdir(parents=True)
    script = folder / "checkout" / "scripts" / SCRIPT.name
    script.write_text(SCRIPT.read_text())
    (folder / "checkout" / "tests" / "test_it.py").write_text(test)
    environment = {name: value for name, value in os.environ.items() if name != "HOMEROOM_SHARED"}
    done = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    return done.returncode, done.stdout


def marked(*sections: str) -> str:
    return (
        "import pytest\n" + "".join(f"@pytest.mark.spec('{section}')\n" for section in sections) + "def test(): ...\n"
    )


ALL = ("basics.md#1", "basics.md#1.1", "basics.md#2", "users-core.md#1", "homeroom.md#1")


def test_all_is_well_when_every_section_is_named(tmp_path: Path) -> None:
    assert check(tmp_path, marked(*ALL), "--issues", "A")[0] == 0


def test_a_section_that_no_test_names_is_a_fault(tmp_path: Path) -> None:
    status, output = check(tmp_path, marked(*ALL[:1], *ALL[2:]), "--issues", "A")
    assert (status, output) == (1, "No test is marked spec('basics.md#1.1').\n")


def test_a_marker_of_no_section_is_a_fault(tmp_path: Path) -> None:
    status, output = check(tmp_path, marked(*ALL, "basics.md#9"), "--issues", "A")
    assert (status, output) == (1, "A test is marked spec('basics.md#9'), and there is no such section.\n")


def test_without_the_specification_it_says_so(tmp_path: Path) -> None:
    environment = {**os.environ, "HOMEROOM_SHARED": str(tmp_path)}
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout[:21]) == (0, "Nothing was compared:")
