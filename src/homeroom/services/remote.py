"""Small JSON documents of other servers, and what they answer to forms. Network work: never inside a transaction.

One fetch at a time for each document, which is then kept for a while, and so is that it could not be had. A server that
is silent costs whoever asks next nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Condition
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from homeroom.services.safe_fetch import SafeFetch, TimedOut, Unreachable

# Seconds for which a document is good, and a failure is believed.
FRESH = 300.0
FAILED = 30.0
# Seconds to wait for somebody else's fetch of the same document, and calls to one server at the same time.
PATIENCE = 1.0
AT_ONCE = 6
_MOST_KEPT = 200


class _Kept(NamedTuple):
    """``problem`` is why there is no document."""

    at: float
    found: Any = None
    problem: str | None = None

    def is_good(self, younger_than: float) -> bool:
        return time.monotonic() - self.at < (younger_than if self.problem is None else FAILED)


class Remote:
    """What this process asked other servers, and what it remembers of it."""

    def __init__(self, fetch: SafeFetch) -> None:
        self._fetch = fetch
        self._kept: dict[str, _Kept] = {}
        self._busy: Counter[str] = Counter()
        self._change = Condition()

    def document(self, url: str, *, younger_than: float = FRESH) -> Any:
        """The document at this address, at most this many seconds old. Raises Unreachable."""
        kept = self._known(url, younger_than)
        if kept is None:
            with self._turn(url, 1):
                # Somebody else may have fetched it while we waited.
                kept = self._known(url, younger_than) or self._get(url)
        if kept.problem is not None:
            raise Unreachable(kept.problem)
        return kept.found

    def ask(self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """What this server answers to the form, or to these headers, now. Raises Unreachable."""
        server = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if (kept := self._known(server, 0.0)) is not None:
            raise Unreachable(kept.problem)
        try:
            with self._turn(server, AT_ONCE):
                found = self._json("GET" if form is None else "POST", url, form, headers)
        except TimedOut as silence:
            self._keep(server, _Kept(time.monotonic(), problem=str(silence)))
            raise
        self._forget(server)
        return found

    def _known(self, name: str, younger_than: float) -> _Kept | None:
        kept = self._kept.get(name)
        return kept if kept is not None and kept.is_good(younger_than) else None

    def _get(self, url: str) -> _Kept:
        try:
            kept = _Kept(time.monotonic(), self._json("GET", url, None, None))
        except Unreachable as error:
            kept = _Kept(time.monotonic(), problem=str(error))
        self._keep(url, kept)
        return kept

    def _keep(self, name: str, kept: _Kept) -> None:
        with self._change:
            self._kept.pop(name, None)
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = kept

    def _forget(self, name: str) -> None:
        with self._change:
            self._kept.pop(name, None)

    @contextmanager
    def _turn(self, name: str, at_once: int) -> Iterator[None]:
        """Ours among those who may ask this at the same time; nobody waits for what has just failed."""
        kept = self._kept.get(name)
        patience = PATIENCE if kept is None or kept.problem is None else 0.0
        with self._change:
            if not self._change.wait_for(lambda: self._busy[name] < at_once, patience):
                raise Unreachable("too many wait for it")
            self._busy[name] += 1
        try:
            yield
        finally:
            with self._change:
                self._busy[name] -= 1
                if not self._busy[name]:
                    del self._busy[name]
                self._change.notify_all()

    def _json(self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str] | None) -> Any:
        sent = {"Accept": "application/json", **(headers or {})}
        body = None
        if form is not None:
            body = urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        with self._fetch.call(method, url, body, sent) as answer:
            if answer.status != 200:
                raise Unreachable(f"it answers {answer.status}")
            text = answer.read()
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Unreachable("it did not answer with JSON") from None
