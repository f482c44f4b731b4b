"""What is measured, each of one server at a time in a process of its own, in figures by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from tests.bench import load_client, records
from tests.bench.handshakes import handshakes, token_handshakes
from tests.bench.load_client import LoadClient
from tests.bench.producer import Writer
from tests.bench.resumes import resume, storm
from tests.bench.servers import Kind, Server
from tests.bench.stage import Figures, Stage

CLIENTS = 1_000
IDLE_CLIENTS = 5_000
BACKLOG = 3_000  # records
RATE = 20  # records/s
RATE_SECONDS = 15
_WARM_UP = 300  # records: caches fill, Python specialises its bytecode, TCP's buffers find a size
_ENOUGH = 3.0  # seconds of backlogs, or
_PASSES = 5
_DEADLINE = 120.0  # seconds for any one wait
_SETTLED = 2.0  # seconds until a memory figure stands still


def backlog(stage: Stage, kind: Kind) -> Figures:
    """3,000 records that the server finds at once, each for all of 1,000 clients."""
    return _backlog(stage, kind, records.plain(CLIENTS))


def mixed_backlog(stage: Stage, kind: Kind) -> Figures:
    """The same number of records, but each for its own audience."""
    return _backlog(stage, kind, records.mixed(CLIENTS))


def _backlog(stage: Stage, kind: Kind, scenario: records.Scenario) -> Figures:
    """Clients are connected and live; the server stands still while the records are written.

    The time runs from its going on to the last event's arrival at the last client. So it includes
    the fetch from Kafka, which is the same for all, and no time of the producer. Of several
    backlogs the quickest counts: it is the one that other programs of the machine disturbed least.
    """
    passes: list[Figures] = []
    with (
        stage.server(kind) as tested,
        stage.clients(kind, tested, scenario) as clients,
        stage.writer(kind) as writer,
    ):
        _warm_up(clients, writer, scenario)
        began = time.monotonic()
        while len(passes) < _PASSES and time.monotonic() < began + _ENOUGH:
            passes.append(_one_backlog(tested, clients, writer, scenario))
    return max(passes, key=lambda one: one["per_second"])


def _one_backlog(
    tested: Server, clients: LoadClient, writer: Writer, scenario: records.Scenario
) -> Figures:
    drafts = scenario.drafts(BACKLOG)
    clients.expect(records.expected(scenario.viewers, drafts), within=_DEADLINE)
    with tested.paused():
        writer.write(drafts)
        cpu = tested.cpu_seconds()
        began_ns = time.monotonic_ns()
    received = clients.received()
    seconds = (received.last_ns - began_ns) / 1e9
    return {
        "per_second": received.events / seconds,
        "cpu_us": (tested.cpu_seconds() - cpu) / received.events * 1e6,
        "load_client_percent": received.cpu_seconds / seconds * 100,
    }


def rate(stage: Stage, kind: Kind) -> Figures:
    """20 records/s for 15 s, each for all of 1,000 clients."""
    return _rate(stage, kind, records.plain(CLIENTS))


def mixed_rate(stage: Stage, kind: Kind) -> Figures:
    """The same rate, but each record for its own audience."""
    return _rate(stage, kind, records.mixed(CLIENTS))


def _rate(stage: Stage, kind: Kind, scenario: records.Scenario) -> Figures:
    """A latency runs from the producer's call to the client's read of the whole frame."""
    with (
        stage.server(kind) as tested,
        stage.clients(kind, tested, scenario) as clients,
        stage.writer(kind) as writer,
    ):
        _warm_up(clients, writer, scenario)
        drafts = scenario.drafts(RATE * RATE_SECONDS)
        counts = records.expected(scenario.viewers, drafts)
        clients.expect(counts, within=_DEADLINE, latency=True)
        began, cpu = time.monotonic(), tested.cpu_seconds()
        writer.write_steadily(drafts, RATE)
        received = clients.received()
        used = (tested.cpu_seconds() - cpu) / (time.monotonic() - began)
    return {"p50_ms": received.p50_ms, "p99_ms": received.p99_ms, "cpu_percent": used * 100}


def _warm_up(clients: LoadClient, writer: Writer, scenario: records.Scenario) -> None:
    drafts = scenario.drafts(_WARM_UP)
    clients.expect(records.expected(scenario.viewers, drafts), within=_DEADLINE)
    writer.write(drafts)
    clients.received()


def memory(stage: Stage, kind: Kind) -> Figures:
    """What each of 5,000 idle connections adds to the server's own memory (PSS, not the kernel's).

    A few connections come and go before, so that what the first ones load counts for none.
    """
    scenario = records.plain(IDLE_CLIENTS)
    with stage.server(kind) as tested:
        load_client.churn(tested.port, stage.spoken(kind), [stage.target(kind)], stage.folder, 0.2)
        time.sleep(_SETTLED)
        before = tested.pss_bytes()
        with stage.clients(kind, tested, scenario):
            time.sleep(_SETTLED)
            after = tested.pss_bytes()
    return {"kilobytes": (after - before) / 1024 / IDLE_CLIENTS}


MEASURES: Mapping[str, Callable[[Stage, Kind], Figures]] = {
    "backlog": backlog,
    "rate": rate,
    "mixed-backlog": mixed_backlog,
    "mixed-rate": mixed_rate,
    "memory": memory,
    "handshakes": handshakes,
    "tokens": token_handshakes,
    "resume": resume,
    "storm": storm,
}
RELAY_ALONE = frozenset({"tokens", "resume", "storm"})  # what no bare program does
OF_RIVALS = frozenset({"backlog", "rate", "memory", "handshakes"})
