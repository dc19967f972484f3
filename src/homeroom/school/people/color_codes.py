"""The colors that people give their courses, groups and calendars (users-core.md §8)."""

import re

HEXCODE = re.compile(r"#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")

MINIMUM_CONTRAST = 4.5
"""What WCAG 2 asks (level AA, normal text) between a color and the white page it is seen on."""


def hexcode(text: str) -> str | None:
    """The color to store: with a leading `#`, otherwise unchanged; None if it is not a color."""
    match = HEXCODE.fullmatch(text)
    return f"#{match[1]}" if match else None


def for_high_contrast(color: str) -> str:
    """The color itself if its contrast to white is high enough, otherwise the same hue, just dark enough.

    Takes a stored color (`hexcode`).
    """
    channels = _channels(color)
    if contrast_on_white(channels) >= MINIMUM_CONTRAST:
        return color
    # The lightest that is dark enough. At 0 it is black, so there always is one.
    darkened = (_scaled(channels, part) for part in range(255, -1, -1))
    return _hex(next(rgb for rgb in darkened if contrast_on_white(rgb) >= MINIMUM_CONTRAST))


Channels = tuple[int, int, int]


def contrast_on_white(channels: Channels) -> float:
    """WCAG's contrast ratio, from 1 (white) to 21 (black)."""
    red, green, blue = (_linear(channel / 255) for channel in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _channels(color: str) -> Channels:
    digits = color.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _scaled(channels: Channels, part: int) -> Channels:
    """The color, darkened to this many 256ths."""
    red, green, blue = channels
    return red * part // 256, green * part // 256, blue * part // 256


def _hex(channels: Channels) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in channels)
