"""Ask for known holes in what Homeroom runs on.

Exit status 0: packages were audited and none has a hole that a newer version mends. 1: one has. 2: nothing was audited.
With --allow-unreachable that is said and is no failure, as long as the lock file has none of the holes that stand in
known_holes.toml.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.version import Version

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
KNOWN = Path(__file__).resolve().with_name("known_holes.toml")
AUDIT = ["pip_audit", f"--requirement={LOCK}", "--require-hashes", "--disable-pip", "--format=json", "--timeout=20"]
ALLOW = "--allow-unreachable"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


class NotAudited(Exception):
    """No service said anything about any package; the text says why."""


def main(arguments: list[str]) -> int:
    if wrong := set(arguments) - {ALLOW}:
        print(f"There is no option {min(wrong)}; there is {ALLOW}.")
        return 2
    bad = check_known_holes(LOCK.read_text(), tomllib.loads(KNOWN.read_text()))
    try:
        return max(bad, judge(ask()))
    except NotAudited as problem:
        print(f"NOT AUDITED: {problem}. Whether there are holes that were published lately is not known.")
        return bad or (0 if ALLOW in arguments else 2)


def ask() -> list[dict[str, Any]]:
    """What the advisory service says of each package. Raises NotAudited."""
    try:
        done = subprocess.run([sys.executable, "-m", *AUDIT], capture_output=True, text=True, timeout=300)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as problem:
        raise NotAudited(f"the advisory service gave no answer ({type(problem).__name__})") from None
    return packages


def judge(packages: list[dict[str, Any]]) -> int:
    """Print what was found; 1 when a newer version mends one of the holes. Raises NotAudited."""
    audited = sum("vulns" in package for package in packages)
    if not audited:
        raise NotAudited("the package index here has no advisories")
    holes = [(package, hole) for package in packages for hole in package.get("vulns", [])]
    for package, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}")
    print(f"{audited} of {len(packages)} packages audited, {len(holes)} known holes.")
    return 1 if any(hole["fix_versions"] for _, hole in holes) else 0


def check_known_holes(lock: str, known: dict[str, Any]) -> int:
    """Hold the lock file to the holes that we wrote down; 1 for one that it has, or when none is about its packages."""
    pinned = {name.lower(): Version(version) for name, version in _PINNED.findall(lock)}
    about = [hole for hole in known["holes"] if hole[0] in pinned]
    has = [(name, id_, mended) for name, id_, mended in about if pinned[name] < Version(mended)]
    for name, id_, mended in has:
        print(f"{name} {pinned[name]}: {id_}, mended in {mended}")
    names = {hole[0] for hole in about}
    print(
        f"{len(names)} of {len(pinned)} packages held to {len(about)} holes that were known on {known['as_of']}: "
        f"{len(has)} found."
    )
    return 1 if has or not about else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
