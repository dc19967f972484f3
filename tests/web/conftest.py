"""What the tests in a real browser share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.chromium import chromium
from tests.support.live import LiveServer, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def live_server(
    sqlite_template: tuple[Path, dict[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """On SQLite alone: that the pages are the same on PostgreSQL is what the tests without a window are for."""
    template, ids = sqlite_template
    data = tmp_path_factory.mktemp("live")
    shutil.copy(template, data / "homeroom.db")
    # An OpenID provider of a test runs on this machine, which has to be allowed.
    settings = {"HOMEROOM_DEV": "1", "HOMEROOM_FETCH_NETWORKS": "127.0.0.1"}
    with serving(data, settings=settings, ids=ids) as server:
        yield server
