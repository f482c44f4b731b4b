"""Replays that want the same read it once; what is given twice is never what is no longer true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping

import pytest

from tests.relay.model import relayed
from tests.relay.virtual_time import VirtualTimeLoop
from unionflow_events import EVERYONE
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.past import FETCHES_AT_ONCE, Past
from unionflow_relay.core.conflation import short_of
from unionflow_relay.core.dialects import TruncationReason
from unionflow_relay.core.history import History
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Lost, Slice
from unionflow_relay.core.shelf import KEEP_SECONDS, Shelf

LANES = tuple(Lane("a", "aaaaaaaa", number) for number in range(4))
END = 40
AMPLE = 10**7
MIB = 1024 * 1024


class Broker:
    """Answers fetches after a second, five offsets at a time. `text`: what its records say."""

    def __init__(self) -> None:
        self.text = "first"
        self.asked: list[dict[Lane, int]] = []
        self.sizes: list[int] = []
        self.brought: list[int] = []
        self.at_once = self.most_at_once = 0
        self.earliest: dict[Lane, int] = {}

    async def read(
        self, reading: Mapping[Lane, int], until: Mapping[Lane, int], max_bytes: int
    ) -> AsyncGenerator[Slice | Lost, None]:
        self.asked.append(dict(reading))
        self.sizes.append(max_bytes)
        self.brought.append(0)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        text = self.text
        try:
            await asyncio.sleep(1)
            for lane in list(reading):
                earliest = self.earliest.get(lane, 0)
                if lane in reading and reading[lane] < earliest:
                    yield Lost(lane, earliest, TruncationReason.RETENTION)
                    await asyncio.sleep(1)
                    continue
                while lane in reading and (at := reading[lane]) < until[lane]:
                    end = min(at + 5, until[lane])
                    records = [
                        relayed(EVERYONE, "KPI_UPDATED", offset, text, lane=lane)
                        for offset in range(at, end)
                    ]
                    self.brought[-1] += len(records)
                    yield Slice(records, {lane: end}, 1)
                    assert reading.get(lane, end) == end, "the caller moves on"
        finally:
            self.at_once -= 1

    async def ends(self, lanes: Collection[Lane]) -> Mapping[Lane, int]:
        return dict.fromkeys(lanes, END)


class Shop:
    """A past over one broker; `live` is where the pod is."""

    def __init__(self, loop: VirtualTimeLoop, shelf_bytes: int = AMPLE) -> None:
        self.loop = loop
        self.live = dict.fromkeys(LANES, END)
        self.history = History(0)
        for lane in LANES:
            self.history.follow(lane, END)
        self.broker = Broker()
        self.shelf = Shelf(shelf_bytes)
        self.metrics = RelayMetrics()
        self.past = Past(
            lambda: self.live, self.history, self.shelf, self.broker, self.metrics, loop.time
        )

    async def read(self, *lanes: Lane, start: int = 0) -> list[tuple[Lane, int, bytes]]:
        """One reader from `start` to now: each record, or what was lost of a lane."""
        reading = dict.fromkeys(lanes, start)
        got = []
        while short_of(reading, self.live):
            async for source, piece in self.past.pieces(reading):
                assert source == "kafka"
                if isinstance(piece, Lost):
                    reading[piece.lane] = piece.earliest
                    continue
                got += [(r.lane, r.offset, r.encoded) for r in piece.records]
                reading.update(piece.progress)
        return got

    @property
    def records_read(self) -> float:
        return (
            self.metrics.registry.get_sample_value("unionflow_relay_replay_read_records_total")
            or 0.0
        )


@pytest.fixture
def loop() -> Iterator[VirtualTimeLoop]:
    loop = VirtualTimeLoop()
    yield loop
    loop.close()


def offsets_of(got: list[tuple[Lane, int, bytes]], lane: Lane) -> list[int]:
    return [offset for where, offset, _ in got if where == lane]


def test_readers_that_come_over_some_seconds_read_each_partition_once(
    loop: VirtualTimeLoop,
) -> None:
    shop = Shop(loop)

    async def come(number: int) -> None:
        await asyncio.sleep(number * 0.03)
        got = await shop.read(*LANES, start=number % 7)
        for lane in LANES:
            assert offsets_of(got, lane) == list(range(number % 7, END))

    async def everyone() -> None:
        await asyncio.gather(*(come(number) for number in range(100)))

    loop.run_until_complete(everyone())
    assert shop.records_read == len(LANES) * END


def test_a_reader_that_comes_later_reads_only_what_comes_before_what_is_there(
    loop: VirtualTimeLoop,
) -> None:
    shop = Shop(loop)
    loop.run_until_complete(shop.read(LANES[0], start=30))
    loop.run_until_complete(shop.read(LANES[0], start=10))
    assert shop.records_read == 30


def test_those_who_want_other_partitions_do_not_wait_and_few_fetch_at_once(
    loop: VirtualTimeLoop,
) -> None:
    shop = Shop(loop)

    async def everyone() -> None:
        await asyncio.gather(*(shop.read(lane) for lane in LANES))

    began = loop.time()
    loop.run_until_complete(everyone())
    assert shop.broker.most_at_once == FETCHES_AT_ONCE
    assert loop.time() - began == pytest.approx(len(LANES) / FETCHES_AT_ONCE, abs=0.01)


def test_with_next_to_no_room_everyone_still_gets_everything(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop, shelf_bytes=1)

    async def everyone() -> None:
        for got in await asyncio.gather(*(shop.read(*LANES, start=n) for n in range(6))):
            for lane in LANES:
                assert offsets_of(got, lane) == list(range(END - len(offsets_of(got, lane)), END))

    loop.run_until_complete(everyone())


def test_a_fetch_brings_at_most_a_quarter_of_the_room_and_the_next_asks_for_less(
    loop: VirtualTimeLoop,
) -> None:
    shop = Shop(loop, shelf_bytes=MIB)
    shop.broker.text = "x" * 10_000
    got = loop.run_until_complete(shop.read(*LANES))
    for lane in LANES:
        assert offsets_of(got, lane) == list(range(END))
    assert max(shop.broker.brought) * 10_000 < MIB / 4 + 5 * 11_000
    assert shop.broker.sizes[:2] == [MIB // 4, MIB // 8]
    assert shop.shelf.size <= MIB


def test_what_was_cut_off_while_it_was_fetched_is_not_given_to_those_who_come_later(
    loop: VirtualTimeLoop,
) -> None:
    """An unclean election: beyond its new end the partition has other records by and by."""
    shop = Shop(loop)
    lane = LANES[0]

    async def reading() -> None:
        early = asyncio.create_task(shop.read(lane))
        await asyncio.sleep(0.5)  # the answer is on its way
        shop.live[lane] = 20
        shop.past.cut(lane, 20)
        shop.broker.text = "second"
        await early
        shop.live[lane] = END
        got = await shop.read(lane)
        assert all(b"second" in said for _, offset, said in got if offset >= 20)
        assert offsets_of(got, lane) == list(range(END))

    loop.run_until_complete(reading())


def test_what_is_cut_off_is_taken_from_what_was_read(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)
    lane = LANES[0]
    loop.run_until_complete(shop.read(lane))
    shop.past.cut(lane, 20)
    shop.broker.text = "second"
    got = loop.run_until_complete(shop.read(lane))
    assert [b"second" in said for _, _, said in got] == [offset >= 20 for offset in range(END)]


def test_what_a_topic_had_is_let_go_with_it(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)

    async def reading() -> None:
        early = asyncio.create_task(shop.read(*LANES))
        await asyncio.sleep(0.5)
        shop.live.clear()
        shop.past.give_up("aaaaaaaa")
        assert await early == []

    loop.run_until_complete(reading())
    assert shop.shelf.size == 0


def test_what_retention_took_is_told_and_the_rest_read(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)
    shop.broker.earliest[LANES[1]] = 25
    got = loop.run_until_complete(shop.read(*LANES[:2]))
    assert offsets_of(got, LANES[0]) == list(range(END))
    assert offsets_of(got, LANES[1]) == list(range(25, END))


def test_what_a_topic_had_lost_is_not_told_once_it_is_gone_itself(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)
    shop.broker.earliest[LANES[0]] = 25
    told: list[Lost] = []

    async def reading() -> None:
        async for _, piece in shop.past.pieces({LANES[0]: 0}):
            assert isinstance(piece, Lost)
            told.append(piece)

    async def giving_up() -> None:
        early = asyncio.create_task(reading())
        await asyncio.sleep(1.5)
        shop.live.clear()
        shop.past.give_up("aaaaaaaa")
        await early

    loop.run_until_complete(giving_up())
    assert told == []


def test_live_records_are_kept_where_memory_has_no_room_for_them(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)
    lane, ample = LANES[:2]
    shop.history.follow(lane, END + 1)  # it has let the record go
    shop.history.follow(ample, END)
    piece = Slice(
        [relayed(EVERYONE, "KPI_UPDATED", END, lane=lane)], {lane: END + 1, ample: END + 1}
    )
    shop.past.keep({lane: END, ample: END}, piece)
    assert shop.shelf.has(lane, END)
    assert not shop.shelf.has(ample, END)


def test_what_nobody_uses_any_more_is_let_go(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)
    loop.run_until_complete(shop.read(*LANES))
    assert shop.shelf.size > 0
    loop.pass_time(KEEP_SECONDS)
    shop.past.on_second()
    assert shop.shelf.size == 0


def test_a_reader_that_is_ended_in_mid_fetch_leaves_no_one_waiting(loop: VirtualTimeLoop) -> None:
    shop = Shop(loop)

    async def reading() -> None:
        first = asyncio.create_task(shop.read(LANES[0]))
        second = asyncio.create_task(shop.read(LANES[0]))
        await asyncio.sleep(0.5)
        first.cancel()
        assert offsets_of(await second, LANES[0]) == list(range(END))

    loop.run_until_complete(reading())
