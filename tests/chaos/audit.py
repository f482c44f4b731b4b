"""One audit from beginning to end: set up, let go, break, heal, wait, judge."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.checker import judge
from tests.chaos.client import Client
from tests.chaos.history import Dialect
from tests.chaos.injector import Injector
from tests.chaos.ledger import Outcome, Truth
from tests.chaos.libraries.readers import Readers
from tests.chaos.places import Lanes
from tests.chaos.readback import read_back
from tests.chaos.rights import Knowledge
from tests.chaos.roles import roles
from tests.chaos.schedule import Cast, Fault, Room, plan
from tests.chaos.stage import Stage, insist, stage
from tests.chaos.stream import MEMBERS, TOPICS, Stream, heavy_clients
from tests.chaos.verdict import Summary, Wrong, sum_up
from tests.chaos.writer import Writer

ARRIVAL_SECONDS = 90.0
GOODBYE_SECONDS = 5.0
PROGRESS_SECONDS = 5
RELAY = ("unionflow_relay",)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. seconds: from the first client to the last fault healed. rate: records/s.

    rooms: whose faults there are. relay: module and arguments that start a relay. libraries: how
    many programs of each library; of every `lose`th event nothing is said, 0 for none.
    """

    seed: int
    seconds: float
    clients: int = 300
    relays: int = 3
    brokers: int = 3
    rate: float = 200.0
    rooms: Collection[Room] = tuple(Room)
    relay: Sequence[str] = RELAY
    libraries: int = 0
    lose: int = 0

    def faults(self) -> Sequence[Fault]:
        """The schedule."""
        heavy, kept = heavy_clients(self.clients), (TOPICS.index(MEMBERS),)
        cast = Cast(self.clients, self.relays, self.brokers, len(TOPICS), heavy, kept)
        faults = plan(self.seed, self.seconds, cast)
        return [fault for fault in faults if fault.room in self.rooms]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. records: by outcome. closes: of all connections, by code.

    done: what was done about rights and with compression, and how often.
    arrival_seconds: from the last record to when every client had everything.
    """

    plan: Plan
    faults: Sequence[Fault]
    summary: Summary
    records: Mapping[str, int]
    closes: Mapping[int, int]
    done: Mapping[str, int]
    arrival_seconds: float
    seconds: float


@contextmanager
def _home(folder: Path | None) -> Iterator[Path]:
    """A new folder: within one that was given, to be kept, or a temporary one."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="unionflow-chaos-") as name:
            yield Path(name)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="chaos-", dir=folder.absolute()))


async def audit(wanted: Plan, say: Say, folder: Path | None = None) -> Report:
    """Carry out an audit. folder: to keep logs and Kafka's data in, or None.

    Raises:
        AuditError, LocalKafkaError, or a group of them: it could not be carried out.
    """
    begun = time.monotonic()
    rng = random.Random(wanted.seed)
    with _home(folder) as home:
        async with stage(home, wanted.brokers, wanted.relays, rng, wanted.relay) as real:
            return await _Audit(wanted, real, rng, say).run(begun)


class _Audit:
    def __init__(self, wanted: Plan, real: Stage, rng: random.Random, say: Say) -> None:
        self._plan = wanted
        self._stage = real
        self._say = say
        self._lanes = Lanes()
        self._clients = _clients(wanted, real, self._lanes, rng)
        ports = [relay.proxy.port for relay in real.relays]
        self._readers = Readers(wanted.libraries, wanted.lose, ports, random.Random(rng.random()))
        viewers = [client.history.viewer for client in self._clients]
        viewers += [patron.viewer for patron in self._readers.patrons]
        users = sorted({viewer.user for viewer in viewers if viewer.user})
        topics = real.topics
        stream = Stream(random.Random(rng.random()), users)
        dice = random.Random(rng.random())
        servers = topics.bootstrap_servers
        self._writer = Writer(servers, topics.prefix, stream, wanted.rate, dice)
        self._injector = Injector(real, self._clients, self._writer, self._lanes, say)

    async def run(self, begun: float) -> Report:
        """The run itself. begun: when the setting up began."""
        faults = self._plan.faults()
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._tick())
            running = [group.create_task(client.run()) for client in self._clients]
            reading = group.create_task(self._readers.run())
            truth, arrival = await self._course(faults)
            for client in self._clients:
                client.stop()
            self._readers.stop()
            await reading
            await asyncio.wait(running, timeout=GOODBYE_SECONDS)
            for task in (ticking, *running):
                task.cancel()
        summary = await asyncio.to_thread(self._judge, truth)
        outcomes = Counter(entry.outcome for entry in truth.entries)
        records = {str(outcome): outcomes[outcome] for outcome in Outcome}
        closes: Counter[int] = sum((c.closes for c in self._clients), Counter())
        seconds = time.monotonic() - begun
        return Report(self._plan, faults, summary, records, closes, self._done(), arrival, seconds)

    def _done(self) -> Mapping[str, int]:
        tokens: Counter[str] = sum((c.done for c in self._clients), Counter())
        return {
            "memberships ended": self._injector.registry.ended,
            "tokens refreshed in place": tokens["refreshed"],
            "tokens let expire": tokens["expired"],
            "compressed frames": sum(client.inflated for client in self._clients),
            **self._readers.done(),
        }

    async def _course(self, faults: Sequence[Fault]) -> tuple[Truth, float]:
        """Write and break things, heal, and wait; the seconds that the waiting took."""
        self._writer.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._injector.run(faults))
                group.create_task(self._readers.trouble(self._plan.seconds))
                group.create_task(asyncio.sleep(self._plan.seconds))
        finally:
            await asyncio.to_thread(self._writer.stop)
        stopped = time.monotonic()
        self._say("faults are over: every client must come to have everything")
        for relay in self._stage.relays:
            relay.look()
        truth = await self._truth()
        await self._until_all_arrived(truth)
        return truth, time.monotonic() - stopped

    async def _truth(self) -> Truth:
        topics = self._stage.topics
        ids = {topics.prefix + n: await insist(lambda n=n: topics.short_id(n)) for n in TOPICS}  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        found = await asyncio.to_thread(read_back, topics.bootstrap_servers, ids, self._lanes)
        everything = {**self._injector.found, **found}
        return Truth(self._writer.entries, self._lanes, everything, self._injector.retired)

    async def _until_all_arrived(self, truth: Truth) -> None:
        """Wait until each client is live and past the last record; say of each whether it is."""
        ends = truth.ends()
        deadline = time.monotonic() + ARRIVAL_SECONDS
        missing = list(self._clients)
        while missing and time.monotonic() < deadline:
            missing = [client for client in missing if not self._has_arrived(client, ends)]
            await asyncio.sleep(0.2)
        for client in self._clients:
            client.history.arrived = client not in missing
        await self._readers.until_all_arrived(truth, deadline)

    def _has_arrived(self, client: Client, ends: Mapping[int, int]) -> bool:
        if not client.live or client.history.dialect is Dialect.PLAIN:
            return client.live
        had = self._lanes.cursor(client.memory.resume_text() or "1")
        return all(had.get(lane, 0) >= end for lane, end in ends.items())

    def _judge(self, truth: Truth) -> Summary:
        histories = [client.history for client in self._clients]
        knowledge = Knowledge(truth, histories)
        verdicts = [judge(truth, history, knowledge) for history in histories]
        verdicts += self._readers.judge(truth)
        crashes = sum(relay.crashes for relay in self._stage.relays)
        return sum_up(verdicts, {Wrong.KAFKA: len(truth.gone_from_kafka()), Wrong.CRASH: crashes})

    async def _tick(self) -> None:
        begun = time.monotonic()
        shown = 0
        while True:
            await asyncio.sleep(1)
            for client in self._clients:
                client.on_second()
            second = int(time.monotonic() - begun)
            if second >= shown + PROGRESS_SECONDS:
                shown = second
                self._progress(second)

    def _progress(self, second: int) -> None:
        live = sum(client.live for client in self._clients)
        received = sum(client.received for client in self._clients)
        relays = len(self._stage.relays) - len(self._injector.away[Room.RELAYS])
        brokers = len(self._stage.cluster.brokers) - len(self._injector.away[Room.BROKERS])
        self._say(
            f"{second:7} s  {self._writer.acknowledged:,} acknowledged, {received:,} received; "
            f"{live} live, {relays} relays, {brokers} brokers"
        )


def _clients(wanted: Plan, real: Stage, lanes: Lanes, rng: random.Random) -> Sequence[Client]:
    ports = [relay.proxy.port for relay in real.relays]
    return [
        Client(role, lanes, ports, random.Random(rng.random()))
        for role in roles(rng, wanted.clients)
    ]
