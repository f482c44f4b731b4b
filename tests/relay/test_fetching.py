"""Fetches that overlap: a partition moves while its records are being handed on.

Only here is a broker played, since none can be made to move a partition at such a moment.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from tests.relay.batches import Row, batch
from tests.relay.test_fetched import event
from unionflow_events import TopicNames
from unionflow_relay.adapters.kafka.cluster import Cluster
from unionflow_relay.adapters.kafka.fetching import Fetching
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.assignment import Follow, TopicMetadata
from unionflow_relay.core.dialects import TruncatedRange
from unionflow_relay.core.following import Following
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Slice
from unionflow_runtime.core.readiness import Readiness

NAME = "unionflow.members.events"
ID = b"i" * 16


class Taken:
    """A sink that remembers, and that may act between two slices."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.slices = 0
        self.after_slice: Callable[[int], None] = lambda _count: None

    def follow(self, lane: Lane, next_offset: int) -> None: ...

    def looked(self) -> None: ...

    def retains(self, lane: Lane, earliest: int) -> None: ...

    def skip(self, lane: Lane, next_offset: int, gap: TruncatedRange) -> None: ...

    def give_up(self, short_id: str, ranges: Sequence[TruncatedRange]) -> None: ...

    def deliver(self, piece: Slice) -> None:
        self.numbers += [json.loads(record.encoded)["data"]["n"] for record in piece.records]
        self.slices += 1
        self.after_slice(self.slices)


class OneLog:
    """A partition's log, read alike from whichever broker leads it; at its end a fetch waits."""

    def __init__(self, following: Following, count: int) -> None:
        self._following = following
        self._records = [batch([Row(event(n, 100_000))], n) for n in range(count)]
        self.end = asyncio.Event()

    async def send(self, node: int, _request: object) -> object:
        asked = self._following.asked_of(node)[ID][0]
        if asked >= len(self._records):
            self.end.set()
            await asyncio.Event().wait()
        records = b"".join(self._records[asked:])
        end = len(self._records)
        partition: tuple[object, ...] = (0, 0, end, end, 0, [], -1, records, {})
        return SimpleNamespace(error_code=0, topics=[(ID, [partition], {})])


def leaders(leader: int) -> Mapping[str, TopicMetadata]:
    return {NAME: TopicMetadata(NAME, ID, {0: leader})}


async def test_a_partition_that_moves_while_it_is_handed_on_is_handed_on_once() -> None:
    following = Following([NAME])
    following.follow(Follow(NAME, ID, 0, 1), {})
    following.settle(leaders(1))
    taken = Taken()
    around = Surroundings(
        TopicNames.from_entries([NAME]),
        taken,
        Readiness(),
        RelayMetrics(),
        random.Random(1),
        warm_records=0,
        log_records=False,
    )
    fetching = Fetching(following, around, lambda: None)
    log = OneLog(following, 12)
    cluster = cast("Cluster", log)

    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[Any]] = []

        def move(slices: int) -> None:
            if slices == 1:
                following.settle(leaders(2))
                tasks.append(group.create_task(fetching.run(cluster, 2)))

        taken.after_slice = move
        tasks.append(group.create_task(fetching.run(cluster, 1)))
        await log.end.wait()
        for task in tasks:
            task.cancel()
    assert taken.numbers == list(range(12))
