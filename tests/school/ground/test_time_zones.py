"""Zones by Rails' and by IANA's names: users-core.md §1.1."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeroom.school.ground.time_zones import (
    AMBIGUOUS,
    DISPLAY_NAMES,
    RAILS_ZONES,
    RENAMED,
    display_name,
    find_zone,
    iana_name,
)

pytestmark = pytest.mark.spec("users-core.md#1.1")


@pytest.mark.parametrize(
    ("given_text", "shown", "iana"),
    [
        ("America/Denver", "Mountain Time (US & Canada)", "America/Denver"),
        ("Europe/Paris", "Paris", "Europe/Paris"),
        ("America/Tijuana", "Tijuana", "America/Tijuana"),
        ("Mountain Time (US & Canada)", "Mountain Time (US & Canada)", "America/Denver"),
        ("Tijuana", "Tijuana", "America/Tijuana"),
        ("UTC", "UTC", "Etc/UTC"),
        ("Etc/UTC", "UTC", "Etc/UTC"),
        ("America/Lima", "Lima", "America/Lima"),
        ("Quito", "Quito", "America/Lima"),
        ("Asia/Tokyo", "Tokyo", "Asia/Tokyo"),
        ("Asia/Kolkata", "Kolkata", "Asia/Kolkata"),
        ("Europe/London", "London", "Europe/London"),
        ("Europe/Moscow", "Moscow", "Europe/Moscow"),
        ("Pacific/Auckland", "Auckland", "Pacific/Auckland"),
        ("Pacific/Midway", "Midway Island", "Pacific/Midway"),
        ("Europe/Volgograd", "Europe/Volgograd", "Europe/Volgograd"),
        ("Europe/Oslo", "Europe/Oslo", "Europe/Oslo"),
        ("US/Mountain", "US/Mountain", "US/Mountain"),
        ("Europe/Kiev", "Kyiv", "Europe/Kiev"),
        ("Europe/Kyiv", "Kyiv", "Europe/Kyiv"),
        ("America/Godthab", "Greenland", "America/Godthab"),
        ("America/Nuuk", "Greenland", "America/Nuuk"),
    ],
)
def test_a_zone_is_stored_as_given_and_shown_in_rails_words(given_text: str, shown: str, iana: str) -> None:
    stored = find_zone(given_text)
    assert stored == given_text
    assert display_name(stored) == shown
    assert iana_name(stored) == iana


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Nowhere",
        "Hogwarts/Express",
        "america/denver",
        "paris",
        " Paris",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Paris",
        "Europe",
        "Europe/",
        "Europe/Paris\0",
        "localtime",
        "Factory",
        "posixrules",
        "tzdata.zi",
        "x" * 100_000,
    ],
)
def test_an_unknown_zone_is_none(text: str) -> None:
    assert find_zone(text) is None


@given(st.text())
def test_any_text_may_be_asked_about(text: str) -> None:
    assert find_zone(text) in {text, None}


def test_the_table_is_complete_and_every_zone_exists() -> None:
    assert len(RAILS_ZONES) == 151
    for iana in {*RAILS_ZONES.values(), *RENAMED}:
        assert ZoneInfo(iana).key == find_zone(iana)


def test_every_name_that_is_not_ambiguous_comes_back_from_its_iana_zone() -> None:
    assert set(RAILS_ZONES) >= AMBIGUOUS
    assert {display_name(RAILS_ZONES[name]) for name in RAILS_ZONES} & AMBIGUOUS == set()
    for name in set(RAILS_ZONES) - AMBIGUOUS:
        assert display_name(RAILS_ZONES[name]) == name
        assert display_name(name) == name


def test_renamed_zones_still_run_alike() -> None:
    for old, name in RENAMED.items():
        assert DISPLAY_NAMES[old] == DISPLAY_NAMES[RAILS_ZONES[name]] == name
