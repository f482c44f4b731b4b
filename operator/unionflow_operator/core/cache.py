"""What the cluster has, as far as the watch told: read by every reconcile in place of the server.

Events come out of order and more than once (a relist repeats, our own write's answer overtakes the
watch), so an object is only ever replaced by a newer one. A relist says what is gone: a watch that
was cut off does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""As the API server sent it, without its managed fields."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What the API server calls a kind of object. group: empty for the core's."""

    group: str
    version: str
    kind: str
    plural: str

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A name within a namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def name_of(obj: Object) -> Name:
    """The name in an object's metadata."""
    return Name(obj["metadata"]["namespace"], obj["metadata"]["name"])


def version_of(obj: Object) -> int:
    """Its resource version, which Kubernetes lets clients compare as a number (KEP-5504)."""
    return int(obj["metadata"]["resourceVersion"])


@dataclass(frozen=True, slots=True)
class Missed:
    """What a relist knew and the watch had not told. version: None for what is gone."""

    kind: Kind
    name: Name
    owner: Name | None
    version: int | None


class Cache:
    """Objects by kind and name. owner_label: the label that names a child's stream.

    Bounded by what there is: streams, and objects with the label.
    """

    def __init__(self, owner_label: str) -> None:
        self._label = owner_label
        self._objects: dict[Kind, dict[Name, Object]] = {}
        self._children: dict[Name, dict[tuple[Kind, Name], Object]] = {}
        self._gone: dict[Kind, dict[Name, int]] = {}

    def put(self, kind: Kind, obj: Object) -> bool:
        """Take it unless a newer one is known; whether anything was new."""
        name = name_of(obj)
        known = self._objects.get(kind, {}).get(name)
        newest = version_of(known) if known else self._gone.get(kind, {}).get(name, 0)
        if version_of(obj) <= newest:
            return False
        self._gone.get(kind, {}).pop(name, None)
        self._drop(kind, name)
        self._objects.setdefault(kind, {})[name] = obj
        owner = self.owner_of(obj)
        if owner is not None:
            self._children.setdefault(owner, {})[kind, name] = obj
        return True

    def remove(self, kind: Kind, name: Name, version: int) -> bool:
        """It was deleted at this resource version; whether that was new."""
        known = self._objects.get(kind, {}).get(name)
        if known is not None and version_of(known) > version:
            return False
        gone = self._gone.setdefault(kind, {})
        is_news = known is not None or gone.get(name, 0) < version
        gone[name] = version  # an older echo must not bring it back
        self._drop(kind, name)
        return is_news

    def replace(self, kind: Kind, listed: Iterable[Object], version: int) -> list[Missed]:
        """A list of all there is, as of `version`: what the watch had not told."""
        listed = list(listed)
        missed = [
            Missed(kind, name_of(obj), self.owner_of(obj), version_of(obj))
            for obj in listed
            if self.put(kind, obj)
        ]
        there = {name_of(obj) for obj in listed}
        for name, known in list(self._objects.get(kind, {}).items()):
            if name not in there and version_of(known) <= version:
                self._drop(kind, name)
                missed.append(Missed(kind, name, self.owner_of(known), None))
        # What was deleted before the list began cannot come back with an older echo's version.
        self._gone[kind] = {n: v for n, v in self._gone.get(kind, {}).items() if v > version}
        return missed

    def get(self, kind: Kind, name: Name) -> Object | None:
        """It, or None."""
        return self._objects.get(kind, {}).get(name)

    def all(self, kind: Kind) -> Iterator[Object]:
        """Every one of a kind."""
        return iter(list(self._objects.get(kind, {}).values()))

    def children(self, stream: Name) -> Mapping[tuple[Kind, Name], Object]:
        """Every object that the label says is the stream's."""
        return dict(self._children.get(stream, {}))

    def owner_of(self, obj: Object) -> Name | None:
        """The stream that an object's label names, or None."""
        labels = obj["metadata"].get("labels") or {}
        return (
            Name(obj["metadata"]["namespace"], labels[self._label])
            if (self._label in labels)
            else None
        )

    def count(self, kind: Kind) -> int:
        """How many there are."""
        return len(self._objects.get(kind, {}))

    def _drop(self, kind: Kind, name: Name) -> None:
        known = self._objects.get(kind, {}).pop(name, None)
        owner = self.owner_of(known) if known is not None else None
        if owner is None:
            return
        theirs = self._children.get(owner, {})
        theirs.pop((kind, name), None)
        if not theirs:
            self._children.pop(owner, None)
