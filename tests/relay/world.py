"""A small world to resume in: logs as Kafka has them, pods that read them, and sockets.

All of it is in memory and on a virtual clock, so that Hypothesis can order every step. Only what
lies outside of the relay is played; hub, replays and peers are the relay's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tests.relay.model import relayed
from tests.relay.virtual_time import VirtualTimeLoop
from unionflow_events import Audience
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.crowd import Crowd
from unionflow_relay.adapters.websocket.hub import Hub, HubSettings
from unionflow_relay.adapters.websocket.ledger import UnsentCeiling
from unionflow_relay.adapters.websocket.past import Past
from unionflow_relay.adapters.websocket.replays import Replays, Unsent
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.history import History
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.limits import Limits, Policy
from unionflow_relay.core.relayed import Lost, Relayed, Slice
from unionflow_relay.core.shelf import Shelf

BUFFER_BYTES = 1_500
NO_LIMITS = Policy(0, 0, 0, 0, 0)
HEARTBEAT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One offset of a log. No audience: a marker, or a record that was aborted."""

    audience: Audience | None
    event_type: str = "KPI_UPDATED"
    subject: bytes | None = None


@dataclass(slots=True)
class Log:
    """A partition in Kafka; what lies before `earliest` is gone."""

    lane: Lane
    rows: list[Row] = field(default_factory=list)
    earliest: int = 0

    def read(self, start: int, end: int) -> list[Relayed]:
        """The events of some offsets, decoded anew."""
        return [
            relayed(row.audience, row.event_type, offset, lane=self.lane, subject=row.subject)
            for offset, row in enumerate(self.rows[start:end], start)
            if row.audience is not None
        ]


class World:
    """Topics by name, and every log that ever was. `away`: no broker answers."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Log]] = {}
        self.ever: dict[tuple[str, int], Log] = {}
        self.away = False

    def make(self, name: str, partitions: int) -> None:
        """Make a topic, or make it again under another ID."""
        short_id = f"{name}-{len(self.ever):06d}"
        self.topics[name] = []
        self.grow(name, partitions, short_id)

    def grow(self, name: str, partitions: int, short_id: str | None = None) -> None:
        """Add partitions."""
        logs = self.topics[name]
        for _ in range(partitions):
            lane = Lane(name, short_id or logs[0].lane.short_id, len(logs))
            logs.append(Log(lane))
            self.ever[lane.short_id, lane.partition] = logs[-1]

    def log_of(self, lane: Lane) -> Log | None:
        """A partition's log, if its topic is still there."""
        logs = self.topics.get(lane.topic, [])
        if logs and logs[0].lane.short_id == lane.short_id:
            return logs[lane.partition]
        return None


class PastOf:
    """Reads the world's logs as KafkaRanges reads Kafka's. `fetch`, `chunk`: offsets at a time.

    offsets_read: how many it has handed out.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.fetch = 5
        self.chunk = 2
        self.offsets_read = 0

    async def read(
        self, reading: Mapping[Lane, int], until: Mapping[Lane, int], _max_bytes: int
    ) -> AsyncGenerator[Slice | Lost, None]:
        """One fetch."""
        await asyncio.sleep(0.002)
        brought = False
        for lane, end in until.items():
            log = self._world.log_of(lane)
            at = reading.get(lane)
            if log is None or at is None or self._world.away:
                continue
            if at < log.earliest:
                yield Lost(lane, log.earliest, TruncationReason.RETENTION)
                continue
            stop = min(end, at + self.fetch, len(log.rows))
            while reading.get(lane) == at and at < stop:
                next_offset = min(at + self.chunk, stop)
                brought = True
                self.offsets_read += next_offset - at
                yield Slice(log.read(at, next_offset), {lane: next_offset}, 1)
                at = next_offset
        if not brought:
            await asyncio.sleep(0.1)

    async def ends(self, lanes: Collection[Lane]) -> Mapping[Lane, int]:
        """Where the logs end."""
        await asyncio.sleep(0.002)
        logs = () if self._world.away else [self._world.log_of(lane) for lane in lanes]
        return {log.lane: len(log.rows) for log in logs if log is not None}


class Pod:
    """A relay's middle, and the source that feeds it. `unsent`: what replays ask for room."""

    def __init__(
        self,
        world: World,
        loop: VirtualTimeLoop,
        history_bytes: int,
        shelf_bytes: int,
        unsent: Unsent | None = None,
    ) -> None:
        self._world = world
        self.following: dict[Lane, int] = {}
        self.metrics = RelayMetrics()
        self.history = History(history_bytes)
        self.kafka = PastOf(world)
        self.shelf = Shelf(shelf_bytes)
        crowd = Crowd(self.metrics, Limits(NO_LIMITS))
        ceiling = UnsentCeiling(2**40, crowd, self.metrics)
        self.hub = Hub(
            HubSettings(HEARTBEAT_SECONDS, BUFFER_BYTES),
            self.metrics,
            self.history,
            crowd,
            ceiling,
            lambda: loop.now,
        )
        past = Past(
            self.hub.positions, self.history, self.shelf, self.kafka, self.metrics, loop.time
        )
        self.replays = Replays(self.hub, past, unsent or ceiling, self.metrics, loop.time)
        self._asked = asyncio.Event()
        self.hub.join_replays(self.replays, self._asked.set)
        self.look()

    async def run(self) -> None:
        """Replay, tell the seconds, and look when asked, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.replays.run())
            group.create_task(self._seconds())
            group.create_task(self._looking())

    async def _seconds(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.hub.on_second()

    async def _looking(self) -> None:
        while True:
            await self._asked.wait()
            await asyncio.sleep(0.05)
            self._asked.clear()
            if not self._world.away:
                self.look()

    def look(self) -> None:
        """Follow what the world has, and give up what it has no more."""
        followed = {lane.short_id: lane.topic for lane in self.following}
        for short_id, name in followed.items():
            logs = self._world.topics[name]
            if logs[0].lane.short_id != short_id:
                gone = [lane for lane in self.following if lane.short_id == short_id]
                reason = TruncationReason.TOPIC_REPLACED
                ranges = [
                    TruncatedRange(name, lane.partition, self.following.pop(lane), 0, reason)
                    for lane in gone
                ]
                self.hub.give_up(short_id, ranges)
        for logs in self._world.topics.values():
            for log in logs:
                if log.lane not in self.following:
                    self.following[log.lane] = 0
                    self.hub.follow(log.lane, 0)
        self.hub.looked()

    def pump(self, steps: Mapping[str, int]) -> None:
        """Take some more offsets of every partition of some topics, as the source does."""
        piece = Slice()
        if self._world.away:
            return
        for lane, at in list(self.following.items()):
            log = self._world.log_of(lane)
            if log is None:
                continue
            self.hub.retains(lane, log.earliest)
            if at < log.earliest:
                reason = TruncationReason.RETENTION
                gap = TruncatedRange(lane.topic, lane.partition, at, log.earliest, reason)
                self.following[lane] = log.earliest
                self.hub.skip(lane, log.earliest, gap)
                continue
            end = min(at + steps.get(lane.topic, 0), len(log.rows))
            if end > at:
                piece.records += log.read(at, end)
                piece.progress[lane] = self.following[lane] = end
        if piece.progress:
            self.hub.deliver(piece)


class Socket:
    """A transport: what was written and not yet read. `cut`: what is unread is lost."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._protocol: Any = None
        self._high = 0
        self._paused = False
        self._closing = False
        self.unread = b""
        self.gone = False

    # As asyncio.Transport

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def set_write_buffer_limits(self, high: int) -> None:
        self._high = high

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._high // 4, self._high

    def get_write_buffer_size(self) -> int:
        return len(self.unread)

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes) -> None:
        if self.gone or self._closing:
            return
        self.unread += data
        if len(self.unread) > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def close(self) -> None:
        self._closing = True
        if not self.unread:
            self.abort()

    def abort(self) -> None:
        self._closing = True
        self._loop.call_soon(self.cut)

    # As the other side

    def cut(self) -> None:
        """The connection breaks."""
        if not self.gone:
            self.gone = True
            self.unread = b""
            self._protocol.connection_lost(None)

    def read(self, size: int) -> bytes:
        """Take some bytes, which makes room for others."""
        data, self.unread = self.unread[:size], self.unread[size:]
        if self._paused and len(self.unread) <= self._high // 4 and not self.gone:
            self._paused = False
            self._protocol.resume_writing()
        if self._closing and not self.unread:
            self.cut()
        return data

    @property
    def transport(self) -> asyncio.Transport:
        """For the relay's types."""
        return cast("asyncio.Transport", self)


def take_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """(opcode and payload of each whole frame, the rest)."""
    frames: list[tuple[int, bytes]] = []
    while len(data) >= 2:
        size, head = data[1], 2
        if size == 126:
            size, head = int.from_bytes(data[2:4], "big"), 4
        if len(data) < head + size:
            break
        frames.append((data[0] & 0x0F, data[head : head + size]))
        data = data[head + size :]
    return frames, data


def events_of(log: Log, start: int, end: int) -> Iterable[tuple[int, Row]]:
    """Offsets that hold an event, and what lies there."""
    return [
        (offset, row)
        for offset, row in enumerate(log.rows[start:end], start)
        if row.audience is not None
    ]
