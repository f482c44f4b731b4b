"""Which changes bring Kafka's topics to what is wanted: made and grown, never shrunk or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic as it should at least be. `partitions` and `replication_factor` are 1 or more."""

    name: str
    partitions: int
    replication_factor: int


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """The topic is missing."""

    topic: WantedTopic

    def __str__(self) -> str:
        return f"{self.topic.name}: created with {_partitions(self.topic.partitions)}"


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """The topic has fewer partitions than wanted: `before`; it shall have `after`."""

    name: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.name}: grown from {self.before} to {_partitions(self.after)}"


TopicChange = CreateTopic | AddPartitions


def plan(wanted: Iterable[WantedTopic], existing: Mapping[str, int]) -> tuple[TopicChange, ...]:
    """What to change so that each topic is there with at least the partitions wanted.

    `existing` maps names to numbers of partitions. Topics that nobody wants, and partitions beyond
    those wanted, are left alone: Kafka cannot remove partitions, and topics hold what people need.
    """
    changes: list[TopicChange] = []
    for topic in wanted:
        partitions = existing.get(topic.name)
        if partitions is None:
            changes.append(CreateTopic(topic))
        elif partitions < topic.partitions:
            changes.append(AddPartitions(topic.name, partitions, topic.partitions))
    return tuple(changes)


def _partitions(count: int) -> str:
    return "1 partition" if count == 1 else f"{count} partitions"
