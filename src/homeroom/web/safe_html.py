"""HTML that somebody wrote, reduced to what is allowed on a page of ours."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import nh3
from markupsafe import Markup, escape

_KEPT = "p br hr h2 h3 h4 ul ol li strong b em i u blockquote code pre a"
# What stands in these is not text.
_DROPPED = "script style template noscript iframe object svg math title textarea"
_CLEANER = nh3.Cleaner(
    tags=frozenset(_KEPT.split()),
    clean_content_tags=frozenset(_DROPPED.split()),
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer",
)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]{0,20})")
# HTML's own rules close these, or they hold nothing.
_NEED_NO_END = frozenset(("p", "li", "dt", "dd", "br", "hr", "img", "wbr", "link", "meta", "input"))
# An HTML parser takes time by the square of the depth. Nobody who writes for people nests this deep.
_DEEPEST = 100


@lru_cache(maxsize=16)
def safe_html(text: str) -> Markup:
    """Keeps paragraphs, lists, emphasis and links; of everything else only the text. HTML that nests too deeply is
    shown as text.

    Takes time in proportion to the text, whatever it is.
    """
    if _is_too_deep(text):
        return escape(text)
    return Markup(_CLEANER.clean(text))  # noqa: S704 (this is what the cleaner is for)


def _is_too_deep(text: str) -> bool:
    unclosed: Counter[str] = Counter()
    depth = 0
    for end, tag in _TAG.findall(text):
        name = tag.lower()
        if name in _NEED_NO_END:
            continue
        if not end:
            unclosed[name] += 1
            depth += 1
        elif unclosed[name]:
            unclosed[name] -= 1
            depth -= 1
        if depth > _DEEPEST:
            return True
    return False
