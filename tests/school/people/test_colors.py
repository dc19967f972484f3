"""Colors: users-core.md §8."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homeroom.school.people.color_codes import _channels, contrast_on_white, for_high_contrast, hexcode

pytestmark = pytest.mark.spec("users-core.md#8")

COLORS = st.from_regex(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("#abc123", "#abc123"),
        ("abc123", "#abc123"),
        ("#ABC", "#ABC"),
        ("fFf", "#fFf"),
        ("000000", "#000000"),
    ],
)
def test_a_color_is_stored_with_its_mark_and_otherwise_as_given(text: str, stored: str) -> None:
    assert hexcode(text) == stored
    assert hexcode(stored) == stored


@pytest.mark.parametrize(
    "text",
    ["", "#", "ab", "abcd", "#abcde", "abcdefa", "##abc", "ghi", "#abc123\n", " abc", "red", "#abc ", "١٢٣", "ａｂｃ"],
)
def test_what_is_no_color(text: str) -> None:
    assert hexcode(text) is None


@pytest.mark.parametrize(
    ("color", "darkened"),
    [
        ("#000", "#000"),
        ("#BD3C14", "#BD3C14"),
        ("#767676", "#767676"),
        ("#777777", "#767676"),
    ],
)
def test_a_dark_color_stays_and_a_light_one_is_darkened_no_more_than_needed(color: str, darkened: str) -> None:
    assert for_high_contrast(color) == darkened


@given(COLORS)
@example("#fff")
@example("#FFFF00")
def test_every_color_stands_out_from_white_and_needs_it_only_once(color: str) -> None:
    darkened = for_high_contrast(color)
    assert contrast_on_white(_channels(darkened)) >= 4.5
    assert for_high_contrast(darkened) == darkened
    assert hexcode(darkened) == darkened


def test_the_ends_of_the_contrast_scale() -> None:
    assert contrast_on_white((255, 255, 255)) == pytest.approx(1)
    assert contrast_on_white((0, 0, 0)) == pytest.approx(21)
