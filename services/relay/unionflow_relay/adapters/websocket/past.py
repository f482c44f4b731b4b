"""The past, in pieces: from memory where that reaches, else from what was just read from Kafka.

Only what neither has is fetched, a few fetches at a time and each partition by one of them: replays
that want the same read it once, however many there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from typing import Protocol

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.core.conflation import short_of
from unionflow_relay.core.history import History, reading_from
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Lost, Relayed, Slice
from unionflow_relay.core.shelf import Shelf

SLICE_BYTES = 256 * 1024
FETCHES_AT_ONCE = 2
LEAST_FETCH_BYTES = 64 * 1024
MOST_FETCH_BYTES = 8 * 1024 * 1024


class KafkaPast(Protocol):
    """Reads what memory no longer has."""

    def read(
        self, reading: Mapping[Lane, int], until: Mapping[Lane, int], max_bytes: int
    ) -> AsyncGenerator[Slice | Lost, None]:
        """One fetch from each broker concerned: what follows on `reading`, to `until` at most.

        The caller moves `reading` on before it asks for the next piece. Brokers that are away are
        waited for. max_bytes: of one broker's answer, compressed as it may be.
        """

    async def ends(self, lanes: Collection[Lane]) -> Mapping[Lane, int]:
        """Where Kafka says that partitions end now; those that nobody answers for are left out."""


class Past:
    """What all convoys read from. live: the next offset of every lane that live clients get.

    A fetch brings at most a quarter of the shelf: it is decoded no further than that, and the next
    one asks for less. So a reader finds what it has fetched, whatever others fetch meanwhile.
    """

    def __init__(
        self,
        live: Callable[[], Mapping[Lane, int]],
        history: History,
        shelf: Shelf,
        kafka: KafkaPast,
        metrics: RelayMetrics,
        clock: Callable[[], float],
    ) -> None:
        self._live = live
        self._history = history
        self._shelf = shelf
        self._kafka = kafka
        self._metrics = metrics
        self._clock = clock
        self._fetch_bytes = self._most_fetch_bytes = max(
            LEAST_FETCH_BYTES, min(MOST_FETCH_BYTES, shelf.limit // 4)
        )
        self._flights: dict[asyncio.Future[None], dict[Lane, int]] = {}

    def is_in_memory(self, wanted: Mapping[Lane, int]) -> bool:
        """Whether a reader that stands there needs nothing from Kafka."""
        return not self._behind(wanted)

    async def pieces(self, reading: Mapping[Lane, int]) -> AsyncIterator[tuple[str, Slice | Lost]]:
        """One round: something of what is next of some lanes, and where it comes from."""
        behind = self._behind(short_of(reading, self._live()))
        if behind and not any(self._shelf.has(lane, at) for lane, at in behind.items()):
            for lost in await self._fetch(behind):
                if lost.lane in self._live():  # else its topic is gone by now, which is told
                    yield "kafka", lost
        short = short_of(reading, self._live())
        piece = self._shelf.reading_from(self._behind(short), SLICE_BYTES, self._clock())
        if piece.progress:
            yield "kafka", piece
        short = short_of(reading, self._live())  # a topic may be gone by now
        piece = reading_from(self._history, short, SLICE_BYTES)
        if piece.progress:
            yield "memory", piece
        await asyncio.sleep(0)

    async def ends(self, lanes: Collection[Lane]) -> Mapping[Lane, int]:
        """Where Kafka says that partitions end now; those that nobody answers for are left out."""
        return await self._kafka.ends(lanes)

    def keep(self, starts: Mapping[Lane, int], piece: Slice) -> None:
        """Live clients have had this. Where memory has no room for it, replays find it here.

        Else each convoy that is nearly there would ask Kafka for every record that comes.
        """
        for lane, start in starts.items():
            end = piece.progress[lane]
            if lane in self._live() and self._history.start(lane) >= end:
                records = [record for record in piece.records if record.lane == lane]
                self._shelf.put(lane, start, end, records, self._clock())

    def cut(self, lane: Lane, end: int) -> None:
        """A partition was cut to `end`: what was read beyond it is no longer true."""
        self._shelf.cut(lane, end)
        for at in self._flights.values():
            at.pop(lane, None)

    def give_up(self, short_id: str) -> None:
        """A topic is gone."""
        self._shelf.forget(short_id)
        for at in self._flights.values():
            for lane in [lane for lane in at if lane.short_id == short_id]:
                del at[lane]

    def on_second(self) -> None:
        """A second has passed: what nobody uses any more is let go."""
        self._shelf.expire(self._clock())

    def _behind(self, reading: Mapping[Lane, int]) -> dict[Lane, int]:
        return {lane: at for lane, at in reading.items() if at < self._history.start(lane)}

    async def _fetch(self, behind: Mapping[Lane, int]) -> Sequence[Lost]:
        """Have on the shelf what is next of some of these lanes; or wait for others who fetch it.

        What is gone of them is returned.
        """
        busy = {lane for at in self._flights.values() for lane in at}
        free = {lane: at for lane, at in behind.items() if lane not in busy}
        if not free or len(self._flights) >= FETCHES_AT_ONCE:
            await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
            return ()
        landed = asyncio.get_running_loop().create_future()
        self._flights[landed] = free
        try:
            return await self._fly(free)
        finally:
            del self._flights[landed]
            landed.set_result(None)

    async def _fly(self, at: dict[Lane, int]) -> Sequence[Lost]:
        live = self._live()
        until = {lane: self._shelf.gap_end(lane, here, live[lane]) for lane, here in at.items()}
        lost: list[Lost] = []
        weight = 0
        async with aclosing(self._kafka.read(at, until, self._fetch_bytes)) as answer:
            async for piece in answer:
                if isinstance(piece, Lost):
                    lost.append(piece)
                    continue
                weight += self._keep(at, piece)
                if weight >= self._shelf.limit // 4:
                    self._fetch_bytes = max(LEAST_FETCH_BYTES, self._fetch_bytes // 2)
                    return lost
                await asyncio.sleep(0)  # decoding a broker's whole answer would take long
        if weight < self._shelf.limit // 16:
            self._fetch_bytes = min(self._most_fetch_bytes, self._fetch_bytes * 2)
        return lost

    def _keep(self, at: dict[Lane, int], piece: Slice) -> int:
        """Put a piece on the shelf and move on; what it weighs."""
        self._metrics.replay_reads.inc(len(piece.records))
        by_lane: dict[Lane, list[Relayed]] = {lane: [] for lane in piece.progress}
        for record in piece.records:
            by_lane[record.lane].append(record)
        now = self._clock()
        weight = 0
        for lane, end in piece.progress.items():
            if lane in at:
                weight += self._shelf.put(lane, at[lane], end, by_lane[lane], now)
                at[lane] = end
        return weight
