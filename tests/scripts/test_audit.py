"""scripts/audit.py: what was not audited is not called audited."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answering(audit: ModuleType, monkeypatch: pytest.MonkeyPatch, packages: Any) -> None:
    text = packages if isinstance(packages, str) else json.dumps({"dependencies": packages})
    monkeypatch.setattr(
        audit.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=text, stderr="")
    )


HOLE = {"id": "CVE-1", "fix_versions": ["2.0"]}


@pytest.mark.parametrize(
    ("answer", "arguments", "status", "said"),
    [
        ("", [], 2, "NOT AUDITED: the advisory service gave no answer (JSONDecodeError)"),
        ([{"name": "x", "skip_reason": "not there"}], [], 2, "NOT AUDITED: the package index here has no advisories"),
        ([], [], 2, "NOT AUDITED"),
        ("", ["--allow-unreachable"], 0, "NOT AUDITED"),
        ([{"name": "x", "version": "1", "vulns": []}], [], 0, "1 of 1 packages audited, 0 known holes."),
        ([{"name": "x", "version": "1", "vulns": [HOLE]}], [], 1, "x 1: CVE-1, mended in 2.0"),
        ([{"name": "x", "version": "1", "vulns": [HOLE]}], ["--allow-unreachable"], 1, "CVE-1"),
        ([{"name": "x", "version": "1", "vulns": [{**HOLE, "fix_versions": []}]}], [], 0, "no version yet"),
        ("", ["--alow"], 2, "There is no option --alow"),
    ],
)
def test_nothing_audited_is_a_failure_unless_it_is_allowed_by_name(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: Any,
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    answering(audit, monkeypatch, answer)
    assert audit.main(arguments) == status
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lock", "status"),
    [
        ("jinja2==3.1.5 \\\n    --hash=sha256:0\n", 1),
        ("jinja2==3.1.6 ; python_version > '3'\n", 0),
        ("Jinja2==3.1.10\n", 0),
        # A list that is about nothing here audits nothing.
        ("flask==1.0\n", 1),
    ],
)
def test_without_a_service_the_lock_file_is_held_to_the_holes_that_we_know(
    audit: ModuleType, lock: str, status: int
) -> None:
    known = {"as_of": "2025-12-01", "holes": [["jinja2", "CVE-2025-27516", "3.1.6"]]}
    assert audit.check_known_holes(lock, known) == status


def test_an_old_version_fails_even_where_no_service_answers(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answering(audit, monkeypatch, "")
    monkeypatch.setattr(audit, "LOCK", tmp_path / "run.txt")
    (tmp_path / "run.txt").write_text("h11==0.14.0\n")
    assert audit.main(["--allow-unreachable"]) == 1
