"""A JSON document as leaves: one row for each path, with the scalar or array as raw JSON text.

So a key costs the same in a large document as in a small one, and numbers keep their form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

Leaf: TypeAlias = tuple[str, str]  # path, raw JSON text

# Every key of a path ends in this sign. It sorts before every other, and a key's own is escaped, so that all paths
# that begin with a path are one range.
_END = "\x01"
_AFTER_END = "\x02"
# In UTF-8. With the longest namespace a path must fit into an entry of PostgreSQL's index, a third of a page.
LONGEST_PATH = 1600
_ESCAPES = str.maketrans({"\x01": "\x021", "\x02": "\x022"})
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class PathTooLong(Exception):
    """A path of the document is longer than LONGEST_PATH."""


def path_of(keys: Iterable[str]) -> str:
    """The path of these keys from the top of the document; ``""`` is the document itself."""
    return "".join(key.translate(_ESCAPES) + _END for key in keys)


def keys_of(path: str) -> list[str]:
    """The keys that ``path_of`` was given."""
    keys = path.split(_END)[:-1]
    return [key.replace("\x021", "\x01").replace("\x022", "\x02") if "\x02" in key else key for key in keys]


def range_of(path: str) -> tuple[str, str] | None:
    """Lowest path and first path beyond for everything at and below ``path``; None: the whole document."""
    return (path, path[:-1] + _AFTER_END) if path else None


def outer_paths(keys: Sequence[str]) -> list[str]:
    """The paths of every level above these keys, the document first."""
    return [path_of(keys[:depth]) for depth in range(len(keys))]


def leaves_of(value: msgspec.Raw, path: str = "") -> Iterator[Leaf]:
    """The leaves of a JSON value in the order in which it was written; an empty object is a leaf.

    Raises PathTooLong at once: a long key is written again with everything that it holds.
    """
    if len(path.encode()) > LONGEST_PATH:
        raise PathTooLong
    text = bytes(value).strip()
    if not text.startswith(b"{"):
        yield path, text.decode()
        return
    members = _object.decode(text)
    if not members:
        yield path, "{}"
    for key, member in members.items():
        yield from leaves_of(member, path + path_of((key,)))


def value_of(leaves: Sequence[Leaf], path: str) -> msgspec.Raw:
    """The JSON value that these leaves at and below ``path`` make. There is at least one."""
    if leaves[0][0] == path:
        return msgspec.Raw(leaves[0][1].encode())
    tree: dict[str, Any] = {}
    for leaf, text in leaves:
        *outer, last = keys_of(leaf[len(path) :])
        level = tree
        for key in outer:
            level = level.setdefault(key, {})
        level[last] = msgspec.Raw(text.encode())
    return msgspec.Raw(msgspec.json.encode(tree))
