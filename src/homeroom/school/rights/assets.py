"""Asset strings: one name for a record of any kind, such as ``course_42`` (basics.md §4).

Each wing registers its kinds in a module ``assets`` of its own, and adds it to ``school/listeners.py``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from homeroom.db.types import AnySelect
from homeroom.school.ground.errors import NotFound
from homeroom.school.ground.ids import local_id
from homeroom.school.rights.actor import Actor

_FORM = re.compile(r"([a-z]+(?:_[a-z]+)*)_([0-9]{1,19})")


class _Kind(NamedTuple):
    # The ids of those records that exist and are not deleted.
    live: Callable[[Collection[int]], AnySelect]
    # The ids of those live records that the actor may read, in a constant number of statements.
    readable: Callable[[Connection, Actor, Collection[int]], frozenset[int]]


_kinds: dict[str, _Kind] = {}


def register_kind(
    name: str,
    *,
    live: Callable[[Collection[int]], AnySelect],
    readable: Callable[[Connection, Actor, Collection[int]], frozenset[int]],
) -> None:
    """Make a kind of record known: ``live`` selects which ids exist, ``readable`` who may read them."""
    if name in _kinds:
        raise ValueError(f"There are two kinds of assets with the name {name}.")
    _kinds[name] = _Kind(live, readable)


class Asset(NamedTuple):
    """A record that exists."""

    kind: str
    id: int

    @property
    def string(self) -> str:
        return f"{self.kind}_{self.id}"


def find_asset(db: Connection, text: str) -> Asset:
    """The record of this asset string. Raises NotFound for unknown kinds and for missing or deleted records."""
    asset = find_assets(db, [text])[text]
    if asset is None:
        raise NotFound("asset")
    return asset


def find_assets(db: Connection, texts: Collection[str]) -> dict[str, Asset | None]:
    """Each asset string with its record; one statement for each kind, however many there are."""
    named = {text: named_asset(text) for text in texts}
    wanted = _ids_by_kind(asset for asset in named.values() if asset is not None)
    there = {Asset(kind, id) for kind, ids in wanted.items() for id in db.execute(_kinds[kind].live(ids)).scalars()}
    return {text: asset if asset in there else None for text, asset in named.items()}


def named_asset(text: str) -> Asset | None:
    """The kind and id in an asset string, whether or not the record exists; None for any other text."""
    match = _FORM.fullmatch(text)
    if match is None or match[1] not in _kinds:
        return None
    id = local_id(match[2])
    return None if id is None else Asset(match[1], id)


def readable_assets(db: Connection, actor: Actor, assets: Iterable[Asset]) -> frozenset[Asset]:
    """The records that the actor may read; a constant number of statements for each kind."""
    wanted = _ids_by_kind(assets)
    return frozenset(Asset(kind, id) for kind, ids in wanted.items() for id in _kinds[kind].readable(db, actor, ids))


def _ids_by_kind(assets: Iterable[Asset]) -> Mapping[str, set[int]]:
    ids: dict[str, set[int]] = defaultdict(set)
    for asset in assets:
        ids[asset.kind].add(asset.id)
    return ids
