"""Partitions, and how far along each of them somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from unionflow_relay.core.cursor import position


class Lane(NamedTuple):
    """One partition: its topic's name in Kafka, the short ID of cursors, and its number.

    A tuple, because its hash is cheap (a fifth of a dataclass's): each client that comes back asks
    for hundreds.
    """

    topic: str
    short_id: str
    partition: int

    def position(self, offset: int) -> str:
        """Where a record of this partition lies, in the wire's form."""
        return position(self.short_id, self.partition, offset)


def cursor_text(offsets: Mapping[Lane, int]) -> str:
    """The cursor that says these next offsets. Lanes of a topic come in order from 0."""
    topics: dict[str, list[str]] = {}
    for lane, offset in offsets.items():
        topics.setdefault(lane.short_id, []).append(str(offset))
    return "1" + "".join(f"~{topic}:{','.join(numbers)}" for topic, numbers in topics.items())


class Positions:
    """The next offset of every partition that this pod reads; its text is every client's cursor.

    The text is kept until a position moves: a storm of handshakes asks for it each time.
    """

    __slots__ = ("_offsets", "_text")

    def __init__(self) -> None:
        self._offsets: dict[Lane, int] = {}
        self._text: str | None = None

    @property
    def offsets(self) -> Mapping[Lane, int]:
        """Next offset by lane; what is returned changes with it."""
        return self._offsets

    def assign(self, lane: Lane, next_offset: int) -> None:
        """Begin to follow a partition. Partitions of a topic are assigned in order from 0."""
        earlier = sum(known.short_id == lane.short_id for known in self._offsets)
        if lane.partition != earlier:
            raise ValueError(f"partition {lane.partition} of {lane.topic} follows {earlier} others")
        self._offsets[lane] = next_offset
        self._text = None

    def advance(self, lane: Lane, next_offset: int) -> None:
        """Everything before `next_offset` has been sent to whom it was for."""
        self._offsets[lane] = next_offset
        self._text = None

    def forget(self, short_id: str) -> None:
        """The topic is gone from Kafka."""
        for lane in [lane for lane in self._offsets if lane.short_id == short_id]:
            del self._offsets[lane]
        self._text = None

    def text(self) -> str:
        """The cursor in canonical form."""
        if self._text is None:
            self._text = cursor_text(self._offsets)
        return self._text
