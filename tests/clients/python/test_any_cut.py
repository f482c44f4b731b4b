"""Wherever a connection is cut, the program gets the same events: each once, in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from unionflow_client.core.effects import Open, Store
from unionflow_client.core.event_stream import EventStream
from unionflow_client.core.options import Options
from unionflow_client.core.session import Session
from unionflow_client.core.ways import Way

PARTITIONS = 2
KINDS = (
    *("welcome", "event", "heartbeat", "recovered", "truncated"),
    *("access", "token_expiring", "reconnect", "error", "close"),
)


@dataclass
class Log:
    """What Kafka holds: of each partition its ids by offset, and a relay that reads it."""

    partitions: list[list[str]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])

    def wanted(self, asked: str) -> list[int]:
        """The next offset of each partition, as a relay reads a resume text."""
        cursor, *positions = asked.removeprefix("1~T:").split("~")
        wanted = [int(offset) for offset in cursor.split(",")]
        for position in positions:
            _, partition, offset = position.split(".")
            wanted[int(partition)] = int(offset) + 1
        return wanted

    def frames(self, asked: str, marks: set[int]) -> Iterator[tuple[str, str | None]]:
        """From there on: frames, and the `id:` that a server-sent event would have."""
        wanted = self.wanted(asked)
        yield from self._mark("welcome", wanted)
        for number in range(max(map(len, self.partitions))):
            for partition, ids in enumerate(self.partitions):
                if wanted[partition] <= number < len(ids):
                    wanted[partition] = number + 1
                    said = {"id": ids[number], "eventType": "X", "data": {}}
                    position = f"T.{partition}.{number}"
                    frame = {"type": "event", "position": position, "event": said}
                    cursor = _cursor(wanted) if number + partition in marks else None
                    yield json.dumps(frame), cursor
            if number in marks:
                yield from self._mark("heartbeat", wanted)
        yield from self._mark("recovered", wanted)

    def _mark(self, kind: str, wanted: list[int]) -> Iterator[tuple[str, str | None]]:
        cursor = _cursor(wanted)
        yield json.dumps({"type": kind, "cursor": cursor}), cursor


def _cursor(wanted: list[int]) -> str:
    return "1~T:" + ",".join(map(str, wanted))


@dataclass
class Program:
    """Takes events when it likes; the store is what a start after a crash would have."""

    session: Session
    seen: list[str] = field(default_factory=list)
    stored: str | None = None
    asked: str | None = None
    _in_hand: bool = False

    def look(self, now: float, *, busy: bool) -> None:
        for effect in self.session.drain():
            if isinstance(effect, Store):
                self.stored = effect.cursor
            elif isinstance(effect, Open):
                where = effect.cursor if effect.way is Way.EVENT_STREAM else effect.url
                self.asked = where.rpartition("cursor=")[2] if where else None
        while not busy and (event := self.session.take()) is not None:
            self.seen.append(event.id)
            self.session.finish(now)


def start(stored: str) -> Session:
    return Session(Options("http://a"), lambda: 0.0, stored)


log = st.builds(
    lambda counts: Log([[f"{p}-{n}" for n in range(count)] for p, count in enumerate(counts)]),
    st.lists(st.integers(1, 12), min_size=PARTITIONS, max_size=PARTITIONS),
)
cuts = st.lists(st.integers(0, 30), max_size=6)
marks = st.sets(st.integers(0, 14))


def assert_each_once_in_order(log: Log, seen: list[str]) -> None:
    for partition, ids in enumerate(log.partitions):
        assert [id for id in seen if id.startswith(f"{partition}-")] == ids


@given(log, cuts, marks, st.sets(st.integers(0, 6)))
def test_any_cut_between_frames_leads_to_the_same_events(
    log: Log, cuts: list[int], marks: set[int], busy: set[int]
) -> None:
    program = Program(start("1~T:0,0"))
    now = 0.0
    program.session.connect(now)
    for number, cut in enumerate([*cuts, 10_000]):
        program.look(now, busy=number in busy)
        assert program.asked is not None
        program.session.on_opened(now)
        for frame, _ in list(log.frames(program.asked, marks))[:cut]:
            program.session.on_text(now, frame)
            program.look(now, busy=number in busy)
        if cut < 10_000:
            program.session.on_closed(now, 1006)
            now += 1
            program.session.on_time(now)
    program.look(now, busy=False)
    assert_each_once_in_order(log, program.seen)


@given(log, cuts, marks, st.integers(1, 40))
def test_any_cut_at_any_byte_of_an_event_stream_leads_to_the_same_events(
    log: Log, cuts: list[int], marks: set[int], piece: int
) -> None:
    program = Program(start("1~T:0,0"))
    program.session.connect(0.0)
    for cut in [*(cut * 23 for cut in cuts), 10_000_000]:
        program.look(0.0, busy=False)
        assert program.asked is not None
        program.session.on_opened(0.0)
        lines = "".join(
            f"data: {frame}\n" + (f"id: {id}\n\n" if id else "\n")
            for frame, id in log.frames(program.asked, marks)
        )
        data, stream = lines.encode()[:cut], EventStream()
        for at in range(0, len(data), piece):
            for message in stream.feed(data[at : at + piece]):
                program.session.on_text(0.0, message.data, message.id)
                program.look(0.0, busy=False)
        if cut < 10_000_000:
            program.session.on_closed(0.0, 1006)
            program.session.on_time(0.0)
    assert_each_once_in_order(log, program.seen)


@given(log, marks, st.integers(0, 40), st.integers(0, 30))
def test_a_crash_at_any_event_repeats_some_and_loses_none(
    log: Log, marks: set[int], crash: int, done: int
) -> None:
    """The store is behind what the program had done, never ahead of it."""
    first = Program(start("1~T:0,0"))
    first.session.connect(0.0)
    first.look(0.0, busy=False)
    first.session.on_opened(0.0)
    for frame, _ in list(log.frames("1~T:0,0", marks))[:crash]:
        first.session.on_text(0.0, frame)
        first.look(0.0, busy=len(first.seen) >= done)
    first.session.on_time(1_000.0)
    first.look(1_000.0, busy=True)
    asked = first.stored or "1~T:0,0"
    later = [
        json.loads(frame)["event"]["id"]
        for frame, _ in log.frames(asked, set())
        if '"event"' in frame
    ]
    everything = {id for ids in log.partitions for id in ids}
    assert {*first.seen, *later} == everything


@given(st.text(), st.binary(max_size=60), st.booleans())
def test_whatever_a_relay_says_raises_nothing(text: str, data: bytes, opened: bool) -> None:
    session = start("1~T:0,0")
    session.connect(0.0)
    if opened:
        session.on_opened(0.0)
    session.on_text(0.0, text)
    for message in EventStream().feed(data):
        session.on_text(0.0, message.data, message.id)
    values: list[object] = [None, True, 7, 1e400, "x", [], {}]
    kinds = (
        "welcome event heartbeat recovered truncated access token_expiring reconnect error close"
    )
    for kind in kinds.split():
        for value in values:
            names = ("cursor", "event", "ranges", "afterMs", "code", "features", "heartbeatSeconds")
            frame = {"type": kind, **dict.fromkeys(names, value)}
            session.on_text(0.0, json.dumps(frame))
    assert session.deadline() is not None
