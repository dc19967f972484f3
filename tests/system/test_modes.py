"""What other users of the machine can read: nothing."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from tests.support.live import run, serving


def open_to_others(folder: Path) -> list[str]:
    return sorted(
        path.name for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077
    )  # fmt: skip


def wait_for_the_worker(data: Path) -> None:
    deadline = time.monotonic() + 15
    while not (data / "jobs.db").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_other_users_of_the_machine_read_nothing_whatever_the_umask(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "school"
    before = os.umask(0o000)
    try:
        with serving(data):
            wait_for_the_worker(data)
            assert open_to_others(tmp_path / "deep") == []
            assert {"homeroom.db", "homeroom.db-wal", "jobs.db", "admin-token"} <= {
                file.name for file in data.iterdir()
            }
    finally:
        os.umask(before)
    assert open_to_others(tmp_path / "deep") == []


def test_a_file_that_an_older_version_left_open_is_closed_at_the_next_start(tmp_path: Path) -> None:
    with serving(tmp_path):
        wait_for_the_worker(tmp_path)
    for name in ("homeroom.db", "jobs.db", "admin-token"):
        (tmp_path / name).chmod(0o644)
    said = run("doctor", "--data", tmp_path)
    assert said.returncode == 1
    assert f"others can read {tmp_path}/homeroom.db (mode 0644)" in said.stdout
    with serving(tmp_path):
        assert open_to_others(tmp_path) == []
