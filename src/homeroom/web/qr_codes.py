"""Addresses as pictures that a phone reads."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """The QR code as an element of a page: dark on light, whatever the page's colours are."""
    return Markup(segno.make(text, error="m", micro=False).svg_inline(scale=5, light="#fff", dark="#000"))  # noqa: S704 - no text of anybody's is in it
