"""Hold the lock files to pyproject.toml, and to themselves: hashed, and without any registry's address."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\]+)", re.MULTILINE)
ADDRESS = re.compile(r"https?:|file:|--(?:extra-)?index|--find-links|--trusted-host|[ =]/")


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    problems = [*problems_of_python(project), *problems_of_node()]
    for problem in problems:
        print(problem)
    print("`make lock` makes the lock files anew." if problems else "The lock files fit pyproject.toml.")
    return 1 if problems else 0


def problems_of_python(project: dict[str, Any]) -> Iterator[str]:
    groups = project["dependency-groups"]
    dependencies = project["project"]["dependencies"]
    extras = [text for texts in project["project"].get("optional-dependencies", {}).values() for text in texts]
    wanted = {
        "run": [*dependencies, *flat(groups, "build")],
        "dev": [*dependencies, *extras, *flat(groups, "dev")],
        "bench": [*dependencies, *flat(groups, "bench")],
        "lock": flat(groups, "lock"),
    }
    for name, requirements in wanted.items():
        path = ROOT / "requirements" / f"{name}.txt"
        text = path.read_text()
        if ADDRESS.search(text):
            yield f"{path.name} names a registry or a folder of somebody's machine."
        if text.count("==") > text.count(" \\\n    --hash="):
            yield f"{path.name} has a package without a hash."
        yield from (f"{path.name}: {problem}" for problem in unmet(requirements, text))


def flat(groups: dict[str, list[Any]], name: str) -> list[str]:
    texts: list[str] = []
    for entry in groups[name]:
        texts += [entry] if isinstance(entry, str) else flat(groups, entry["include-group"])
    return texts


def unmet(requirements: list[str], lock: str) -> Iterator[str]:
    versions: dict[str, list[str]] = {}
    for name, version in PINNED.findall(lock):
        versions.setdefault(canonicalize_name(name), []).append(version)
    for requirement in map(Requirement, requirements):
        locked = versions.get(canonicalize_name(requirement.name), [])
        if not any(requirement.specifier.contains(version) for version in locked):
            yield f"{requirement} is asked for, and {', '.join(locked) or 'nothing'} is locked."


def problems_of_node() -> Iterator[str]:
    for folder in ("tests/clients/node", "benchmarks/node"):
        if '"resolved"' in (ROOT / folder / "package-lock.json").read_text():
            yield f"{folder}/package-lock.json names a registry."


if __name__ == "__main__":
    sys.exit(main())
