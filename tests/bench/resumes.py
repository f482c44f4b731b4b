"""Clients that come back: how long until they are live, and what the others notice of it."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import orjson
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.bench import load_client, records
from tests.bench.errors import WrongCount
from tests.bench.load_client import LoadClient, Resumed
from tests.bench.producer import Writer
from tests.bench.records import Draft, Scenario, Viewer
from tests.bench.servers import Kind, Server
from tests.bench.stage import Figures, Stage

BEHIND = 10_000  # records
STORM_CLIENTS = 5_000
STORM_BEHIND = 500  # records, each for each of them
STORM_AT_ONCE = 500  # handshakes in flight
LIVE_CLIENTS = 200
LIVE_RATE = 20  # records/s
_AWAY, _LIVE = records.ORGANIZATIONS[:2]
_BEFORE = 8  # seconds
_DURING = 40  # seconds of live records, which a storm may take at most
_SETTLED = 3.0  # seconds until a memory figure stands still
_DEADLINE = 60.0  # seconds for any one wait
_PASSES = 3  # of which the quickest counts
_SOURCES: Mapping[str, Mapping[str, str]] = {
    "memory": {"UNIONFLOW_HISTORY_BYTES": str(64 * 1024 * 1024)},
    "kafka": {"UNIONFLOW_HISTORY_BYTES": "0"},
}


def resume(stage: Stage, kind: Kind) -> Figures:
    """One client, 10,000 records behind: from its TCP connection to its `recovered`.

    All of them are for it, or the hundredth part that is of its organisation.
    """
    scenario = records.plain(1)
    figures: dict[str, float] = {}
    for source, settings in _SOURCES.items():
        with stage.server(kind, settings) as tested, stage.writer(kind) as writer:
            cursor = _cursor(tested)
            drafts = scenario.drafts(BEHIND)
            writer.write(drafts)
            _wait_for(tested, cursor, BEHIND)
            for name, viewer in (
                ("all", Viewer()),
                ("few", Viewer((records.ORGANIZATIONS[0],))),
            ):
                (count,) = records.expected([viewer], drafts)
                figures[f"{source}_{name}"] = min(
                    _come_back(stage, tested, viewer, cursor, count) for _ in range(_PASSES)
                )
    return figures


def _come_back(stage: Stage, tested: Server, viewer: Viewer, cursor: str, count: int) -> float:
    targets = _targets(viewer, cursor, 1)
    with load_client.resuming(tested.port, targets, stage.folder, 1) as resumed:
        _check(resumed, count, count)
        return resumed.seconds


def storm(stage: Stage, kind: Kind) -> Figures:
    """5,000 clients come back at once, each 500 records behind, while others are served live.

    The others are of another organisation: what the 5,000 cost once they are live is no replay.
    """
    figures: dict[str, float] = {}
    for source, settings in _SOURCES.items():
        with stage.server(kind, settings) as tested, stage.writer(kind) as writer:
            for name, value in _storm(stage, kind, tested, writer).items():
                figures[f"{source}_{name}"] = value
    return figures


def _storm(stage: Stage, kind: Kind, tested: Server, writer: Writer) -> Figures:
    with stage.clients(kind, tested, records.plain(STORM_CLIENTS)):
        pass  # what so many cost the first time, they cost at any time
    scenario = Scenario([Viewer((_LIVE,))] * LIVE_CLIENTS, mixed=False)
    with stage.clients(kind, tested, scenario) as live:
        _serve(live, writer, _drafts(scenario, _LIVE, 5 * LIVE_RATE))  # a warm-up
        cursor = _cursor(tested)
        already = _bytes_from_kafka(stage, tested)
        writer.write(_drafts(scenario, _AWAY, STORM_BEHIND))
        _wait_for(tested, cursor, STORM_BEHIND)
        once = _bytes_from_kafka(stage, tested) - already
        time.sleep(_SETTLED)
        memory = tested.pss_bytes()
        before_bytes = _bytes_from_kafka(stage, tested)
        before = max(
            _serve(live, writer, _drafts(scenario, _LIVE, LIVE_RATE)) for _ in range(_BEFORE)
        )
        began_bytes = _bytes_from_kafka(stage, tested)
        drafts = _drafts(scenario, _LIVE, _DURING * LIVE_RATE)
        with _serving(live, writer, drafts) as serving:
            targets = _targets(Viewer((_AWAY,)), cursor, STORM_CLIENTS)
            time.sleep(1)
            began = time.monotonic()
            with load_client.resuming(tested.port, targets, stage.folder, STORM_AT_ONCE) as resumed:
                during = serving.end()
                took = time.monotonic() - began
                per_second = (began_bytes - before_bytes) / _BEFORE
                replayed = _bytes_from_kafka(stage, tested) - began_bytes - per_second * (took + 1)
                _check(resumed, STORM_BEHIND, STORM_BEHIND)
    time.sleep(_SETTLED)
    return {
        "seconds": resumed.seconds,
        "reads": max(0.0, replayed) / once,
        "p99_before_ms": before,
        "p99_ratio": during / before,
        "memory_ratio": tested.pss_bytes() / memory,
    }


def _drafts(scenario: Scenario, organization: str, count: int) -> list[Draft]:
    return [replace(draft, organization=organization) for draft in scenario.drafts(count)]


def _serve(live: LoadClient, writer: Writer, drafts: Sequence[Draft]) -> float:
    """Send records at the live rate; the 99th percentile of their latencies, in ms."""
    live.expect(len(drafts), within=_DEADLINE + len(drafts) / LIVE_RATE, latency=True)
    writer.write_steadily(drafts, LIVE_RATE)
    return live.received().p99_ms


class _Serving:
    """Records on their way to live clients, until it is said that it is enough."""

    def __init__(self, live: LoadClient, writer: Writer, drafts: Sequence[Draft]) -> None:
        self._live = live
        self._p99_ms = 0.0
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(live, writer, drafts))
        self._thread.start()

    def _serve(self, live: LoadClient, writer: Writer, drafts: Sequence[Draft]) -> None:
        second = [drafts[n : n + LIVE_RATE] for n in range(0, len(drafts), LIVE_RATE)]
        worst: list[float] = []
        for some in second:
            worst.append(_serve(live, writer, some))
            if self._enough.is_set():
                break
        self._p99_ms = max(worst)

    def end(self) -> float:
        """Stop; the worst of its seconds' 99th percentiles, in ms."""
        self._enough.set()
        self._thread.join()
        return self._p99_ms


@contextmanager
def _serving(live: LoadClient, writer: Writer, drafts: Sequence[Draft]) -> Iterator[_Serving]:
    serving = _Serving(live, writer, drafts)
    try:
        yield serving
    finally:
        serving.end()


def _check(resumed: Resumed, fewest: int, most: int) -> None:
    if not fewest <= resumed.fewest <= resumed.most <= most:
        raise WrongCount(
            f"a client that came back got {resumed.fewest} to {resumed.most} events, not {fewest}"
        )


def _targets(viewer: Viewer, cursor: str, count: int) -> list[str]:
    join = "&" if "?" in viewer.target else "?"
    return [f"{viewer.target}{join}{urlencode({'cursor': cursor})}"] * count


def _cursor(tested: Server) -> str:
    """Where the relay is: what a new client's `welcome` says."""
    url = f"ws://127.0.0.1:{tested.port}{records.PATH}?user=nobody"
    with connect(url, subprotocols=[Subprotocol("unionflow.v1")], proxy=None) as one:
        welcome = orjson.loads(one.recv(timeout=_DEADLINE))
    return str(welcome["cursor"])


def _wait_for(tested: Server, cursor: str, count: int) -> None:
    """Return when the relay has passed so many records since a cursor."""
    wanted = _sum(cursor) + count
    deadline = time.monotonic() + _DEADLINE
    while _sum(_cursor(tested)) < wanted:
        if time.monotonic() > deadline:
            raise WrongCount("the relay does not get to what was written")
        time.sleep(0.05)


def _sum(cursor: str) -> int:
    return sum(int(n) for topic in cursor.split("~")[1:] for n in topic.split(":")[1].split(","))


def _bytes_from_kafka(stage: Stage, tested: Server) -> int:
    """What the relay's connections to brokers have received, by the kernel's count."""
    ports = {server.rpartition(":")[2] for server in stage.bootstrap_servers.split(",")}
    said = subprocess.run(["ss", "-tinpHO"], check=True, capture_output=True, text=True).stdout
    return sum(
        int(received[1])
        for line in said.splitlines()
        if f"pid={tested.pid}," in line
        and line.split()[4].rpartition(":")[2] in ports
        and (received := re.search(r"bytes_received:(\d+)", line))
    )
