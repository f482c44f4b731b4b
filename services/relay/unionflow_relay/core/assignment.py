"""Which partitions to follow: what Kafka has against what is followed, as a list of changes.

A topic is its ID, not its name: one that was made again under its name is another topic
(KIP-516), and an ID that was once given up is never taken up again, so that a broker whose
metadata lags cannot call a dead topic back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopicMetadata:
    """A topic as one Metadata answer has it. `leaders`: node ID per partition, -1 for none.

    replicas: the fewest of a partition; 0 where that is not known.
    """

    name: str
    topic_id: bytes
    leaders: Mapping[int, int]
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """A topic that is followed, and how many of its partitions."""

    topic_id: bytes
    partitions: int


@dataclass(frozen=True, slots=True)
class Follow:
    """Begin to read partitions `first` to `count` - 1 of a topic."""

    name: str
    topic_id: bytes
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The topic with this ID is gone: whatever was not read of it cannot be had."""

    name: str
    topic_id: bytes


Change = Follow | GiveUp


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier looks at the metadata taught.

    retired: IDs that were given up. absent: names that the look before this one did not find
    either; one look alone may come from a broker that has only just started.
    """

    retired: Collection[bytes] = frozenset()
    absent: Collection[str] = frozenset()


def plan(
    wanted: Collection[str],
    followed: Mapping[str, Followed],
    observed: Mapping[str, TopicMetadata],
    known: Known,
) -> Sequence[Change]:
    """The changes that make what is followed what Kafka has. Empty when nothing changed."""
    changes: list[Change] = []
    for name in wanted:
        changes += _plan_topic(name, followed.get(name), observed.get(name), known)
    return changes


def _plan_topic(
    name: str,
    current: Followed | None,
    seen: TopicMetadata | None,
    known: Known,
) -> Sequence[Change]:
    if seen is None:
        return [GiveUp(name, current.topic_id)] if current and name in known.absent else []
    if seen.topic_id in known.retired:
        return []
    count = _contiguous(seen.leaders)
    if current is None:
        return [Follow(name, seen.topic_id, 0, count)] if count else []
    if current.topic_id != seen.topic_id:
        gone = GiveUp(name, current.topic_id)
        return [gone, Follow(name, seen.topic_id, 0, count)] if count else [gone]
    if count > current.partitions:
        return [Follow(name, seen.topic_id, current.partitions, count)]
    return []


def _contiguous(partitions: Mapping[int, int]) -> int:
    """How many partitions from 0 on are known; a lagging answer may miss some in the middle."""
    count = 0
    while count in partitions:
        count += 1
    return count


def missing(wanted: Collection[str], followed: Mapping[str, Followed]) -> list[str]:
    """Topics that are waited for, in the order they were asked for."""
    return [name for name in wanted if name not in followed]
