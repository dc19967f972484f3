"""Ask for known holes in what Homeroom runs on. One that a newer version mends is a failure; no answer is not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
AUDIT = ["pip_audit", f"--requirement={LOCK}", "--require-hashes", "--disable-pip", "--format=json", "--timeout=20"]


def main() -> int:
    try:
        done = subprocess.run([sys.executable, "-m", *AUDIT], capture_output=True, text=True, timeout=300)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as problem:
        print(f"The advisory service gave no answer ({type(problem).__name__}), so nothing was audited.")
        return 0
    holes = [(package, hole) for package in packages for hole in package.get("vulns", [])]
    for package, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}")
    audited = sum("vulns" in package for package in packages)
    if not audited:
        print("The package index here has no advisories, so nothing was audited.")
        return 0
    print(f"{audited} of {len(packages)} packages audited, {len(holes)} known holes.")
    return 1 if any(hole["fix_versions"] for _, hole in holes) else 0


if __name__ == "__main__":
    sys.exit(main())
