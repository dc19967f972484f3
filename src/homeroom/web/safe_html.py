"""HTML that somebody wrote, cut down to what may stand in a page of ours."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markupsafe import Markup

_KEPT = frozenset(
    ("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "strong", "b", "em", "i", "u", "blockquote", "code", "pre")
)
_EMPTY = frozenset(("br", "hr"))
# What stands in these is not text.
_DROPPED = frozenset(
    ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title", "textarea")
)


def safe_html(text: str) -> Markup:
    """Paragraphs, lists, emphasis and links, written anew; of everything else the words stay."""
    parser = _Rewriter()
    parser.feed(text)
    parser.close()
    return Markup(parser.finished())  # noqa: S704 (every tag in it was written here, every text escaped)


class _Rewriter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropping.append(tag)
        elif self._dropping:
            return
        elif tag in _EMPTY:
            self._parts.append(f"<{tag}>")
        elif tag in _KEPT:
            self._push(tag, f"<{tag}>")
        elif tag == "a":
            url = dict(attrs).get("href") or ""
            self._push("a", f'<a href="{escape(url)}" rel="noopener noreferrer">' if _is_safe(url) else "<a>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # `<script/>` opens a script in HTML; `<svg/>` is whole, but then nothing closes it here.
        if tag in _EMPTY:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag == self._dropping[-1]:
                self._dropping.pop()
        elif tag in self._open:
            while (closed := self._open.pop()) != tag:
                self._parts.append(f"</{closed}>")
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._parts.append(escape(data))

    def finished(self) -> str:
        return "".join([*self._parts, *(f"</{tag}>" for tag in reversed(self._open))])

    def _push(self, tag: str, written: str) -> None:
        self._open.append(tag)
        self._parts.append(written)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https", "mailto") and url.isprintable()
