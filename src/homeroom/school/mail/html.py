"""The HTML part of a mail, made from its text: paragraphs, and addresses as links."""

from __future__ import annotations

import re
from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="margin:0;padding:24px;background:#f6f4ef;color:#1f2926;font:16px/1.55 system-ui,sans-serif">
<div style="max-width:34em;margin:0 auto;padding:24px 32px;background:#ffffff;border-radius:12px">
{paragraphs}
</div>
</body>
</html>
"""
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_LOOKS = ' style="color:#22584a;overflow-wrap:anywhere"'


def html_of(title: str, text: str) -> str:
    """The text as an HTML page, escaped."""
    paragraphs = (block.strip() for block in re.split(r"\n\s*\n", text))
    html = "\n".join(f"<p>{linked(block, _LOOKS)}</p>" for block in paragraphs if block)
    return _PAGE.format(title=escape(title), paragraphs=html)


def linked(text: str, attributes: str = "") -> str:
    """The text escaped, its addresses as links with these attributes, and its lines kept."""
    parts: list[str] = []
    end = 0
    for match in _URL.finditer(text):
        url = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{url}"{attributes}>{url}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])]).replace("\n", "<br>\n")
