"""The audit's writer, clients and checker, on a stream to which something is done meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.chaos.checker import judge
from tests.chaos.client import Client
from tests.chaos.history import Connection, Dialect
from tests.chaos.ledger import Truth
from tests.chaos.places import Lanes
from tests.chaos.proxy import Proxy
from tests.chaos.readback import read_back
from tests.chaos.rights import Knowledge
from tests.chaos.roles import roles
from tests.chaos.stream import TOPICS
from tests.chaos.stream import Stream as Records
from tests.chaos.verdict import Summary, Wrong, sum_up
from tests.chaos.wire import ABNORMAL
from tests.chaos.writer import Writer
from tests.relay.topics import Topics

CLIENTS = 48
RATE = 80.0  # records a second
LIVE_SECONDS = 60.0
ARRIVAL_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    away: from the end of a connection to the welcome on the next, in seconds, ascending. cut: how
    many served connections ended without a close frame. relays: by process, how many connections
    it served.
    """

    summary: Summary
    acknowledged: int
    closes: Mapping[int, int]
    away: Sequence[float]
    cut: int
    relays: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """host, port: of the Service. servers: Kafka. prefix: of the topics."""

    host: str
    port: int
    servers: str
    prefix: str


async def under_load(target: Target, upheaval: Callable[[], None]) -> Outcome:
    """Let clients follow a stream that is written to, do something to it, and judge.

    upheaval: runs in a thread; the writing ends after it.
    """
    dice = random.Random(7)
    proxy = Proxy(dice, target.host)
    await proxy.start()
    proxy.target = target.port
    lanes = Lanes()
    clients = [
        Client(role, lanes, [proxy.port], random.Random(dice.random()))
        for role in roles(dice, CLIENTS)
    ]
    users = sorted({c.history.viewer.user for c in clients if c.history.viewer.user})
    writer = Writer(target.servers, target.prefix, Records(dice, users), RATE, random.Random(8))
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.run()) for client in clients]
            tasks.append(group.create_task(_tick(clients)))
            await _until(lambda: all(client.live for client in clients), LIVE_SECONDS)
            writer.start()
            try:
                await asyncio.to_thread(upheaval)
            finally:
                await asyncio.to_thread(writer.stop)
            found = await asyncio.to_thread(_read_back, target, lanes)
            truth = Truth(writer.entries, lanes, found)
            await _until(lambda: _mark_arrived(clients, lanes, truth), ARRIVAL_SECONDS)
            for task in tasks:
                task.cancel()
    finally:
        await proxy.stop()
    return _outcome(clients, truth, writer.acknowledged)


async def _tick(clients: Sequence[Client]) -> None:
    while True:
        await asyncio.sleep(1)
        for client in clients:
            client.on_second()


async def _until(done: Callable[[], bool], seconds: float) -> None:
    """Wait for it, or for so long; what is not so then, the checker says."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return
        await asyncio.sleep(0.2)


def _read_back(target: Target, lanes: Lanes) -> Mapping[int, int]:
    topics = Topics(target.servers, target.prefix)
    ids = {target.prefix + name: topics.short_id(name) for name in TOPICS}
    return read_back(target.servers, ids, lanes)


def _mark_arrived(clients: Sequence[Client], lanes: Lanes, truth: Truth) -> bool:
    """Whether all are live and past the last record; each history says it of its client."""
    ends = truth.ends()
    for client in clients:
        had = lanes.cursor(client.memory.resume_text() or "1")
        knows_places = client.history.dialect is not Dialect.PLAIN
        passed = all(had.get(lane, 0) >= end for lane, end in ends.items())
        client.history.arrived = client.live and (passed or not knows_places)
    return all(client.history.arrived for client in clients)


def _outcome(clients: Sequence[Client], truth: Truth, acknowledged: int) -> Outcome:
    histories = [client.history for client in clients]
    knowledge = Knowledge(truth, histories)
    verdicts = [judge(truth, history, knowledge) for history in histories]
    served = [[one for one in history.connections if _was_served(one)] for history in histories]
    connections = [one for mine in served for one in mine]
    return Outcome(
        summary=sum_up(verdicts, {Wrong.KAFKA: len(truth.gone_from_kafka())}),
        acknowledged=acknowledged,
        closes=sum((client.closes for client in clients), Counter()),
        away=sorted(_away(served)),
        cut=sum(one.code == ABNORMAL for one in connections),
        relays=Counter(one.process for one in connections if one.process),
    )


def _was_served(connection: Connection) -> bool:
    return bool(connection.marks or connection.numbers)


def _away(served: Iterable[Sequence[Connection]]) -> Iterator[float]:
    for mine in served:
        for before, after in pairwise(mine):
            if after.marks:  # a plain client is told nothing when it is let in
                yield after.marks[0].at - before.ended


def wrongs(summary: Summary) -> Mapping[str, Sequence[str]]:
    """What is wrong, in words, for a message of a test; empty where nothing is."""
    return {
        f"{verdict.name}: {wrong}": [evidence.detail for evidence in kept]
        for verdict in summary.clients
        for wrong, kept in verdict.evidence.items()
    }
