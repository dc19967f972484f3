"""docs/operations.md says which settings there are."""

from __future__ import annotations

import re
from pathlib import Path

from homeroom.settings import VARIABLES, Settings, environment_of, load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
ROWS = dict(re.findall(r"^\| `(HOMEROOM_\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE))


def test_the_page_lists_exactly_the_settings_that_there_are() -> None:
    assert list(ROWS) == list(VARIABLES)


def test_the_page_says_the_defaults() -> None:
    for variable, field in VARIABLES.items():
        default = getattr(Settings(), field)
        if isinstance(default, int) and not isinstance(default, bool):
            assert ROWS[variable] == str(default)
        elif default and isinstance(default, str):
            assert ROWS[variable] == f"`{default}`"


def test_settings_reach_another_process_by_its_environment(tmp_path: Path) -> None:
    settings = load_settings(
        {}, data=tmp_path, dev=True, throttle="off", admin_token="x" * 20, max_body=5, access_log="all"
    )
    assert load_settings(environment_of(settings)) == settings
    assert load_settings(environment_of(Settings())) == Settings()
