"""Resume and live, slow and cut off, on two pods: no client is ever silently short."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.relay.model import ORGANIZATIONS, TYPES, USERS, Seen, audiences
from tests.relay.phone import EARLIEST, Phone
from tests.relay.virtual_time import VirtualTimeLoop
from tests.relay.world import Pod, Row, Socket, World
from unionflow_relay.adapters.websocket import past, replays
from unionflow_relay.core.audience import View
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.shelf import KEEP_SECONDS

NAMES = ("a", "b")
LARGEST_STRETCH = 40_000  # bytes: of what a pod takes at once
PODS = 2
PHONES = 4
v1_views = st.builds(
    View,
    dialect=st.just(Dialect.V1),
    organizations=st.frozensets(st.sampled_from(ORGANIZATIONS), min_size=1),
    event_types=st.none() | st.frozensets(st.sampled_from(TYPES)),
)
seen = st.builds(Seen, v1_views, st.none() | st.sampled_from(USERS))
rows = st.lists(
    st.builds(
        Row,
        st.none() | audiences,
        st.sampled_from(TYPES),
        st.none() | st.sampled_from((b"x", b"y")),
    ),
    min_size=1,
    max_size=8,
)
conflated = st.sampled_from((frozenset[str](), frozenset({"KPI_UPDATED"})))
names = st.sampled_from(NAMES)
pod_numbers = st.integers(0, PODS - 1)
phone_numbers = st.integers(0, PHONES - 1)
steps = st.dictionaries(names, st.integers(1, 9), min_size=1)


class Resuming(RuleBasedStateMachine):
    phone = Phone

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(past, "SLICE_BYTES", 200)
        self.patch.setattr(replays, "TURN_BYTES", 150)
        self.patch.setattr(replays, "LANDING_CHUNK", 1)
        self.loop = VirtualTimeLoop()
        asyncio.set_event_loop(self.loop)
        self.world = World()
        self.running: list[asyncio.Task[None]] = []
        self.at: dict[int, Pod] = {}

    @initialize(
        phones=st.lists(st.tuples(seen, conflated), min_size=PHONES, max_size=PHONES),
        history=st.lists(st.sampled_from((0, 2_000, 100_000)), min_size=PODS, max_size=PODS),
        shelves=st.lists(st.sampled_from((0, 4_000, 100_000)), min_size=PODS, max_size=PODS),
        before=st.lists(st.tuples(names, st.integers(0, 1), rows), min_size=2, max_size=6),
        pumped=st.lists(steps, min_size=PODS, max_size=PODS),
    )
    def begin(
        self,
        phones: list[tuple[Seen, frozenset[str]]],
        history: list[int],
        shelves: list[int],
        before: list[tuple[str, int, list[Row]]],
        pumped: list[Mapping[str, int]],
    ) -> None:
        for name in NAMES:
            self.world.make(name, 2)
        for name, partition, written in before:
            self.write(name, partition, written)
        self.pods: list[Pod] = []

        async def start() -> None:
            for size, shelf in zip(history, shelves, strict=True):
                self.pods.append(pod := Pod(self.world, self.loop, size, shelf))
                self.running.append(asyncio.create_task(pod.run()))

        self.loop.run_until_complete(start())
        for pod, some in zip(self.pods, pumped, strict=True):
            pod.pump(some)
        self.phones = [self.phone(self.world, who, conflate) for who, conflate in phones]
        for number in range(PHONES):
            self.connect(number, number % PODS, ("live", EARLIEST)[number // PODS])

    def teardown(self) -> None:
        try:
            if not any(task.done() for task in self.running) and hasattr(self, "phones"):
                self.finish()
        finally:
            for task in self.running:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                self.loop.run_until_complete(asyncio.gather(*self.running))
            self.loop.close()
            asyncio.set_event_loop(None)
            self.patch.undo()

    # What happens most

    @rule(name=names, partition=st.integers(0, 2), written=rows, number=pod_numbers, steps=steps)
    def come(
        self, name: str, partition: int, written: list[Row], number: int, steps: Mapping[str, int]
    ) -> None:
        """Records come, and a pod gets to some."""
        self.write(name, partition, written)
        self.pump(number, steps)

    @rule(
        number=phone_numbers,
        pod=pod_numbers,
        size=st.sampled_from((0, 200, 600, 10**9)),
        how=st.sampled_from(("query", "query", "message")),
    )
    def hop(self, number: int, pod: int, size: int, how: str) -> None:
        """A client reads a little, is cut off, and comes back, perhaps elsewhere."""
        self.read(number, size)
        self.cut(number)
        self.connect(number, pod, how)

    @rule(name=names, partition=st.integers(0, 2), written=rows, number=phone_numbers)
    def miss(self, name: str, partition: int, written: list[Row], number: int) -> None:
        """A client is away while records come."""
        self.read(number, 10**9)
        self.cut(number)
        self.write(name, partition, written)
        for pod in self.pods:
            pod.pump(dict.fromkeys(NAMES, len(written)))
        self.connect(number, number % PODS, "query")

    # What happens in Kafka

    @rule(name=names, partition=st.integers(0, 2), written=rows)
    def write(self, name: str, partition: int, written: list[Row]) -> None:
        logs = self.world.topics[name]
        logs[partition % len(logs)].rows.extend(written)

    @rule(name=names)
    def grow(self, name: str) -> None:
        if len(self.world.topics[name]) < 3:
            self.world.grow(name, 1)

    @rule(name=names, partitions=st.integers(1, 3))
    def make_again(self, name: str, partitions: int) -> None:
        self.world.make(name, partitions)

    @rule(name=names, partition=st.integers(0, 2), share=st.sampled_from((0.3, 0.7, 1.0)))
    def retention_passes(self, name: str, partition: int, share: float) -> None:
        logs = self.world.topics[name]
        log = logs[partition % len(logs)]
        log.earliest = max(log.earliest, int(len(log.rows) * share))

    @rule(away=st.booleans())
    def brokers(self, away: bool) -> None:
        self.world.away = away

    # What a pod does

    @rule(number=pod_numbers, steps=steps)
    def pump(self, number: int, steps: Mapping[str, int]) -> None:
        self.pods[number].pump(steps)

    @rule(number=pod_numbers)
    def look(self, number: int) -> None:
        if not self.world.away:
            self.pods[number].look()

    @rule(turns=st.integers(1, 6))
    def turn(self, turns: int) -> None:
        self.loop.turn(turns)
        self.check()

    @rule(seconds=st.sampled_from((0.01, 0.06, 0.3, 1.2, 4.0)))
    def pass_time(self, seconds: float) -> None:
        self.loop.pass_time(seconds)
        self.check()

    def check(self) -> None:
        for pod in self.pods:
            room = max(pod.shelf.limit, LARGEST_STRETCH)
            assert pod.shelf.size <= room
        for task in self.running:
            if task.done():
                task.result()

    # What a client does

    @rule(
        number=phone_numbers,
        pod=pod_numbers,
        how=st.sampled_from(("live", EARLIEST, "query", "query", "message")),
    )
    def connect(self, number: int, pod: int, how: str) -> None:
        phone = self.phones[number]
        if phone.socket is None:
            self.at[number] = self.pods[pod]

            async def arrive() -> None:
                phone.connect(self.pods[pod], Socket(self.loop), how)

            self.loop.run_until_complete(arrive())

    @rule(number=phone_numbers, size=st.sampled_from((40, 300, 1_200, 10**9)))
    def read(self, number: int, size: int) -> None:
        self._in_loop(lambda: self.phones[number].read(size))

    @rule(number=phone_numbers)
    def cut(self, number: int) -> None:
        self._in_loop(self.phones[number].cut)

    @rule(number=phone_numbers, types=st.none() | st.frozensets(st.sampled_from(TYPES)))
    def subscribe(self, number: int, types: frozenset[str] | None) -> None:
        if number in self.at:
            self._in_loop(lambda: self.phones[number].subscribe(self.at[number], types))

    def _in_loop(self, act: object) -> None:
        async def acting() -> None:
            assert callable(act)
            act()

        self.loop.run_until_complete(acting())

    # In the end

    def finish(self) -> None:
        """Faults cease; everyone comes and reads: now nothing may be missing to anyone."""
        self.world.away = False
        for _ in range(40):
            for number, phone in enumerate(self.phones):
                if phone.socket is None:
                    self.connect(number, number % PODS, "query")
                self.read(number, 10**9)
            for pod in self.pods:
                pod.look()
                pod.pump(dict.fromkeys(NAMES, 50))
            self.pass_time(0.5)
        ends = {
            (log.lane.short_id, log.lane.partition): len(log.rows)
            for logs in self.world.topics.values()
            for log in logs
        }
        for phone in self.phones:
            assert phone.claim == ends
            assert phone.socket is not None
        self.pass_time(KEEP_SECONDS + 1)
        for pod in self.pods:
            assert not list(pod.replays.peers())
            assert pod.replays.convoys == 0
            assert pod.shelf.size == 0, "what nobody reads any more is let go"


TestResuming = Resuming.TestCase
TestResuming.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
