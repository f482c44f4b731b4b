"""What is followed, from which offset, and who leads it: the state behind the Kafka source.

A topic that was there at the first look is joined live; one that appears later, and a partition
that is added, are read from their beginning, so that nothing of them is missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from unionflow_relay.core.assignment import (
    Change,
    Follow,
    Followed,
    GiveUp,
    Known,
    TopicMetadata,
    missing,
    plan,
)
from unionflow_relay.core.cursor import short_topic_id
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.lanes import Lane

NO_LEADER = -1
LANES_PER_ANSWER = 8  # how many partitions' worth a full answer has


@dataclass(frozen=True, slots=True)
class Start:
    """Where reading begins (`first`), where what is live begins, and what Kafka still has."""

    first: int
    live: int
    earliest: int = 0


class Following:
    """Partitions by topic ID. `wanted`: the topics' names in Kafka."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.wanted = tuple(wanted)
        self._followed: dict[str, Followed] = {}
        self._lanes: dict[bytes, list[Lane]] = {}
        self._next: dict[Lane, int] = {}
        self._leaders: dict[Lane, int] = {}
        self._blocked: set[Lane] = set()
        self._retired: set[bytes] = set()
        self._absent: frozenset[str] = frozenset()
        self._turn = 0
        self._join_live: frozenset[str] | None = None
        self._warming: dict[Lane, int] = {}

    @property
    def begun(self) -> bool:
        """True once every topic of the first look is read: then a cursor means something."""
        return self._join_live is not None and not self._join_live and not self._warming

    def plan(
        self, observed: Mapping[str, TopicMetadata], refused: Collection[str] = ()
    ) -> Sequence[Change]:
        """The changes of this look at the metadata; remembers what it did not find.

        refused: topics that nothing can be said of now: for them nothing changes.
        """
        known = Known(self._retired, self._absent)
        judged = [name for name in self.wanted if name not in refused]
        self._absent = frozenset(judged) - observed.keys()
        return plan(judged, self._followed, observed, known)

    def joins_live(self, name: str, observed: Mapping[str, TopicMetadata]) -> bool:
        """True when a topic is to be read from now on, and not from its beginning."""
        return name in (observed if self._join_live is None else self._join_live)

    def settle(self, observed: Mapping[str, TopicMetadata], refused: Collection[str] = ()) -> None:
        """A look was applied: take its leaders, and try again what was blocked."""
        there = observed.keys() | set(refused)
        if self._join_live is None:
            self._join_live = frozenset(there - self._followed.keys())
        self._join_live &= there
        self._blocked.clear()
        for name, followed in self._followed.items():
            seen = observed.get(name)
            if seen is None or seen.topic_id != followed.topic_id:
                continue
            for lane in self._lanes[followed.topic_id]:
                self._leaders[lane] = seen.leaders.get(lane.partition, NO_LEADER)

    def follow(self, change: Follow, starts: Mapping[int, Start]) -> Sequence[tuple[Lane, int]]:
        """Take up partitions; those without an entry in `starts` begin at offset 0."""
        self._followed[change.name] = Followed(change.topic_id, change.count)
        if self._join_live is not None:
            self._join_live -= {change.name}
        lanes = self._lanes.setdefault(change.topic_id, [])
        short_id = short_topic_id(change.topic_id)
        added = []
        for number in range(change.first, change.count):
            lane = Lane(change.name, short_id, number)
            lanes.append(lane)
            start = starts.get(number, Start(0, 0))
            self._next[lane] = start.first
            if start.first < start.live:
                self._warming[lane] = start.live
            added.append((lane, start.first))
        return added

    def give_up(self, change: GiveUp) -> Sequence[TruncatedRange]:
        """Let go of a topic for good; what was not read of it, as ranges without an end."""
        del self._followed[change.name]
        self._retired.add(change.topic_id)
        gone = []
        for lane in self._lanes.pop(change.topic_id):
            requested = self._next.pop(lane)
            self._leaders.pop(lane, None)
            self._blocked.discard(lane)
            self._warming.pop(lane, None)
            gone.append(
                TruncatedRange(
                    lane.topic, lane.partition, requested, 0, TruncationReason.TOPIC_REPLACED
                )
            )
        return gone

    def lane(self, topic_id: bytes, partition: int) -> Lane | None:
        """The partition, if it is followed."""
        lanes = self._lanes.get(topic_id, [])
        return lanes[partition] if partition < len(lanes) else None

    def lanes_of(self, name: str) -> Sequence[Lane]:
        """The partitions of a topic; none where it is not followed."""
        followed = self._followed.get(name)
        return () if followed is None else tuple(self._lanes[followed.topic_id])

    def leader_of(self, lane: Lane) -> int:
        """The broker that leads a partition; NO_LEADER where none does or it is not followed."""
        return self._leaders.get(lane, NO_LEADER)

    def follows(self, lane: Lane) -> bool:
        """False once its topic was given up."""
        return lane in self._next

    def is_next(self, lane: Lane, offset: int) -> bool:
        """Whether a record at `offset` is the next to be taken of a partition still followed."""
        return self._next.get(lane) == offset

    def next_offset(self, lane: Lane) -> int:
        """Where the next fetch starts. Raises KeyError where the lane is not followed."""
        return self._next[lane]

    def advance(self, lane: Lane, next_offset: int) -> None:
        """Everything before `next_offset` was taken."""
        self._next[lane] = next_offset
        if self._warming and next_offset >= self._warming.get(lane, next_offset + 1):
            del self._warming[lane]

    def block(self, lane: Lane) -> None:
        """Leave a partition out of fetches until the metadata was looked at again."""
        self._blocked.add(lane)

    def asked_of(self, node: int) -> dict[bytes, dict[int, int]]:
        """Offsets to fetch from a broker: topic ID -> partition -> offset.

        A broker fills its answer in the order of the request, so each begins further on (KIP-74).
        """
        mine = [
            (topic_id, lane)
            for topic_id, lanes in self._lanes.items()
            for lane in lanes
            if self._leaders.get(lane) == node and lane not in self._blocked
        ]
        first = self._turn % max(1, len(mine))
        self._turn += LANES_PER_ANSWER
        asked: dict[bytes, dict[int, int]] = {}
        for topic_id, lane in (*mine[first:], *mine[:first]):
            asked.setdefault(topic_id, {})[lane.partition] = self._next[lane]
        return asked

    def asked_at(
        self, reading: Mapping[Lane, int], lanes: Iterable[Lane]
    ) -> Mapping[int, dict[bytes, dict[int, int]]]:
        """Offsets to fetch of some lanes, by broker: topic ID -> partition -> offset."""
        asked: dict[int, dict[bytes, dict[int, int]]] = {}
        for lane in lanes:
            node = self._leaders.get(lane, NO_LEADER)
            if node != NO_LEADER and lane in reading:
                topic_id = self._followed[lane.topic].topic_id
                topics = asked.setdefault(node, {})
                topics.setdefault(topic_id, {})[lane.partition] = reading[lane]
        return asked

    def leading_nodes(self) -> set[int]:
        """Every broker that leads something."""
        return {node for node in self._leaders.values() if node != NO_LEADER}

    def missing_topics(self) -> Sequence[str]:
        """Topics that are waited for."""
        return missing(self.wanted, self._followed)

    def leaderless(self) -> Sequence[str]:
        """Partitions that no broker leads, as `topic-partition`."""
        return [
            f"{lane.topic}-{lane.partition}"
            for lane, node in self._leaders.items()
            if node == NO_LEADER
        ]

    @property
    def topics(self) -> Sequence[str]:
        """Names of the topics that are followed."""
        return tuple(self._followed)
