"""The runnable examples of docs/api (see docs/api/README.md): found, sent, and compared in shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import School
from tests.support.client import Reply
from tests.support.document import fault_of

API_PAGES = Path(__file__).parents[2] / "docs" / "api"
_HEADING = re.compile(r"## ((?:GET|POST|PUT|DELETE) /\S*)")
_PLACEHOLDER = re.compile(r"<(\w+)>")
# What the page leaves out: `...` where a key or an item would stand.
_REST = re.compile(r",?\s*\.\.\.\s*(?=[}\]])")
_MORE = "..."


@dataclass(frozen=True)
class Message:
    """One block: a start line, headers, a body."""

    start: str
    headers: dict[str, str]
    body: str


@dataclass
class Section:
    """What stands under a route's heading; ``examples`` are pairs of request and answer."""

    page: Path
    heading: str
    blocks: list[Message] = field(default_factory=list)

    @property
    def examples(self) -> list[tuple[Message, Message]]:
        assert len(self.blocks) % 2 == 0, f"{self.name}: a request without an answer."
        return list(zip(self.blocks[::2], self.blocks[1::2], strict=True))

    @property
    def name(self) -> str:
        return f"{self.page.name}: {self.heading}"


def sections() -> list[Section]:
    """Every route's section of every page."""
    return [section for page in sorted(API_PAGES.glob("*.md")) for section in sections_of(page, page.read_text())]


def sections_of(page: Path, text: str) -> list[Section]:
    found: list[Section] = []
    here: Section | None = None
    for kind, content in _parts(text):
        if kind == "heading":
            heading = _HEADING.fullmatch(content.rstrip())
            here = Section(page, heading[1]) if heading else None
            found += [here] if here else []
        elif kind == "http" and here:
            here.blocks.append(message(content))
    return found


def message(text: str) -> Message:
    head, _, body = text.partition("\n\n")
    start, *headers = head.strip().split("\n")
    pairs = (header.partition(":") for header in headers)
    return Message(start.strip(), {name.strip(): value.strip() for name, _, value in pairs}, body.strip())


def fault_in(school: School, section: Section) -> str | None:
    """Send the section's requests in order and compare the answers; what differs first, None when nothing does."""
    last: Reply | None = None
    for request, answer in section.examples:
        method, target = _filled(request.start, school, last).split(" ", 1)
        last = _send(school, request, last)
        where = f"{section.name}\n{request.start}\n{last.text}\n"
        status = int(answer.start.split()[1])
        if last.status != status:
            return f"{where}the status is {last.status}, the page says {status}"
        for name, value in answer.headers.items():
            sent = last.headers.get(name.lower())
            fits = sent is not None and (sent.startswith(value[:-3]) if value.endswith(_MORE) else sent == value)
            if not fits:
                return f"{where}{name} is {sent!r}, the page says {value!r}"
        if (untold := fault_of(school, method, target, last)) is not None:
            return f"{where}the OpenAPI document says otherwise: {untold}"
        if not answer.body:
            if last.body:
                return f"{where}the page shows no body"
            continue
        fault = difference(json.loads(_REST.sub(_more_there, answer.body)), last.json)
        if fault is not None:
            return f"{where}{fault}"
    return None


def difference(shown: Any, sent: Any, at: str = "the body") -> str | None:
    """How the shape of what was sent differs from what the page shows; None when it does not."""
    if _type(shown) != _type(sent):
        return f"{at} is {_type(sent)}, the page shows {_type(shown)}"
    if isinstance(shown, dict):
        missing, unknown = shown.keys() - sent.keys() - {_MORE}, sent.keys() - shown.keys()
        if missing or (unknown and _MORE not in shown):
            return f"{at} misses {sorted(missing)} and has {sorted(unknown)} besides"
        faults = (difference(value, sent[key], f"{at}.{key}") for key, value in shown.items() if key != _MORE)
        return next((fault for fault in faults if fault), None)
    return _difference_of_lists(shown, sent, at) if isinstance(shown, list) else None


def _difference_of_lists(shown: list[Any], sent: list[Any], at: str) -> str | None:
    shapes = [item for item in shown if item != _MORE]
    if bool(shapes) != bool(sent) and _MORE not in shown:
        return f"{at} has {len(sent)} items, the page shows {len(shapes)}"
    for number, item in enumerate(sent):
        faults = [difference(shape, item, f"{at}[{number}]") for shape in shapes]
        if faults and all(faults):
            return faults[0]
    return None


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Level-two headings, and fenced blocks by their language; what is fenced hides what is in it."""
    fence, language, lines = "", "", list[str]()
    for line in text.split("\n"):
        if fence:
            if line.strip() == fence:
                yield language, "\n".join(lines)
                fence = ""
            else:
                lines.append(line)
        elif mark := re.match(r"(```+|~~~+)\s*(\S*)", line):
            fence, language, lines = mark[1], mark[2], []
        elif line.startswith("## "):
            yield "heading", line


def _send(school: School, request: Message, last: Reply | None) -> Reply:
    method, target = request.start.split(" ", 1)
    headers = dict(request.headers)
    who = headers.pop("Authorization", "Bearer <anonymous>").removeprefix("Bearer ").strip("<>")
    body = request.body
    if "urlencoded" in headers.get("Content-Type", ""):
        body = "".join(line.strip() for line in body.split("\n"))
    body = _filled(body, school, last)
    return school.as_(who).call(method, _filled(target, school, last), body=body.encode(), headers=headers)


def _filled(text: str, school: School, last: Reply | None) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[1] == "last":
            assert last is not None, "There is no answer before this request."
            return str(last.json["id"])
        return str(school.id(match[1]))

    return _PLACEHOLDER.sub(fill, text)


def _more_there(match: re.Match[str]) -> str:
    in_object = match.string[match.end()] == "}"
    comma = "," if match[0].lstrip().startswith(",") else ""
    return f'{comma} "...": null' if in_object else f'{comma} "..."'


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "null")
