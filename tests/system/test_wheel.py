"""The wheel brings all that Homeroom runs on: migrations, templates and static files too."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_file_of_the_package_is_in_the_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("homeroom/")}
    source = ROOT / "src"
    files = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    expected = {name for name in files if name.startswith("homeroom/") and "__pycache__" not in name}
    assert packed == expected
    assert {
        "homeroom/db/migrations/env.py",
        "homeroom/db/migrations/script.py.mako",
        "homeroom/db/migrations/versions/0001_ground.py",
        "homeroom/wire/browser/static/homeroom.css",
    } <= packed
