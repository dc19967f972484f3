"""What the school must look like: every change that was acknowledged, and those that may have happened."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.torture.resources import Resource


@dataclass(eq=False)
class Thing:
    """One thing, and what it may show: one value when all was answered, several when a change was not. None: gone."""

    resource: Resource
    names: Mapping[str, str]
    parents: tuple[Thing, ...]
    possible: set[str | None]
    busy: bool = False
    touched: bool = True

    @property
    def lives(self) -> bool:
        """Whether it is there, without a doubt."""
        return len(self.possible) == 1 and None not in self.possible

    @property
    def is_certain(self) -> bool:
        """Whether its value can be told: what it is made in is there, and nothing happens to either."""
        return not self.busy and all(parent.lives and parent.is_certain for parent in self.parents)


@dataclass
class Memory:
    """Shared by all callers. A thing is changed by one of them at a time; it may be deleted while others use it."""

    chance: random.Random
    faults: list[str] = field(default_factory=list)
    broken: dict[str, set[int]] = field(default_factory=dict)
    acknowledged: int = 0
    _things: dict[str, list[Thing]] = field(default_factory=lambda: defaultdict(list))
    _pairs: set[tuple[str, tuple[int, ...]]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> list[Thing]:
        with self._lock:
            return [thing for things in self._things.values() for thing in things]

    def add(self, thing: Thing) -> None:
        with self._lock:
            self._things[thing.resource.name].append(thing)

    def parents_for(self, resource: Resource) -> tuple[Thing, ...] | None:
        """Living things to make one of these in; None when there are none, or when they have theirs already."""
        with self._lock:
            parents: list[Thing] = []
            for kind in resource.inside:
                living = [thing for thing in self._things[kind][-40:] if thing.lives and thing not in parents]
                if not living:
                    return None
                parents.append(self.chance.choice(living))
            if resource.once:
                place = resource.name, tuple(id(parent) for parent in parents)
                if place in self._pairs:
                    return None
                self._pairs.add(place)
            return tuple(parents)

    @contextmanager
    def taken(self, resource: Resource, possible: str | None) -> Iterator[Thing | None]:
        """A living thing for one caller alone, which may show ``possible`` from now on; None when there is none."""
        with self._lock:
            things = self._things[resource.name]
            free = [thing for thing in things[-60:] if thing.lives and not thing.busy]
            thing = self.chance.choice(free) if free else None
            if thing is not None:
                thing.busy = thing.touched = True
                thing.possible = {*thing.possible, possible}
        try:
            yield thing
        finally:
            if thing is not None:
                thing.busy = False

    def settle(self, thing: Thing, value: str | None) -> None:
        """The thing shows this: it was answered, or looked up."""
        thing.possible = {value}

    def count(self) -> None:
        with self._lock:
            self.acknowledged += 1

    def fault(self, text: str) -> None:
        with self._lock:
            self.faults.append(text)
