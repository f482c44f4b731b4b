"""Real brokers and relays of an audit's own, each ended by its own pid."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from confluent_kafka import KafkaException

from tests.chaos.errors import AuditError
from tests.chaos.proxy import Proxy
from tests.chaos.stream import TOPICS
from tests.chaos.tokens import SECRET
from tests.relay.live import RunningRelay, relay_environment
from tests.relay.topics import Topics
from unionflow_cli.kafka import Cluster, LocalKafkaError, spawn_tethered, start_cluster

ROOT = Path(__file__).parents[2]
PARTITIONS = 3
TRY_SECONDS = 90.0
HEARTBEAT_SECONDS = 3
# One relay's memory is so small that nearly every replay comes from Kafka.
HISTORY_BYTES = (256 * 1024, 8 * 1024 * 1024, 64 * 1024 * 1024)
COMPRESSION = ("deflate", "none", "none")
T = TypeVar("T")


async def insist(call: Callable[[], T]) -> T:
    """Call an admin function in a thread until it succeeds: the broker it asks may be away.

    Raises:
        AuditError: it did not within TRY_SECONDS.
    """
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        try:
            return await asyncio.to_thread(call)
        except (KafkaException, LocalKafkaError) as error:
            if time.monotonic() > deadline:
                raise AuditError(f"Kafka did not do it: {error}") from error
            await asyncio.sleep(0.5)


class Relay:
    """One relay, started again and again, behind one proxy. command: how it is started.

    crashes: how often it ended by itself, or not as it should when it was told to.
    """

    def __init__(
        self,
        folder: Path,
        bootstrap_servers: str,
        settings: Mapping[str, str],
        proxy: Proxy,
        command: Sequence[str],
    ) -> None:
        self.proxy = proxy
        self._folder = folder
        self._bootstrap_servers = bootstrap_servers
        self._settings = settings
        self._command = command
        self._starts = 0
        self.crashes = 0
        self._running: RunningRelay | None = None

    async def start(self, *, ready: bool = False) -> None:
        """Start it; returns when it listens, or is ready.

        Raises:
            AuditError: it does not; with its log.
        """
        self._starts += 1
        log = self._folder / f"start-{self._starts}.log"
        environ = relay_environment(self._bootstrap_servers, self._settings)
        process = spawn_tethered(
            [sys.executable, "-m", *self._command], log, environ=environ, cwd=ROOT
        )
        relay = self._running = RunningRelay(process, log)
        try:
            line = await asyncio.to_thread(relay.wait_for_line, "relay listening")
            relay.management_port = int(line["management_port"])
            relay.port = self.proxy.target = int(line["port"])
            if ready:
                await asyncio.to_thread(relay.wait_until_ready)
        except AssertionError as failure:
            raise AuditError(f"a relay does not start: {failure}") from failure

    async def stop(self) -> None:
        """End it with SIGTERM."""
        self.look()
        if self._running is not None:
            code = await asyncio.to_thread(self._running.stop)
            self.crashes += code not in {0, -signal.SIGKILL}  # killed: too late, and no crash
            self._running = None

    async def kill(self) -> None:
        """End it with SIGKILL."""
        self.look()
        if self._running is not None:
            await asyncio.to_thread(self._running.kill)
            self._running = None

    def look(self) -> None:
        """Count it where it has ended by itself."""
        if self._running is not None and not self._running.is_running:
            self.crashes += 1
            self._running = None

    def pause(self) -> None:
        """Let it stand still."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._running is not None:
            self._running.process.signal(number)


class Stage:
    """All that is real. topics: with the run's prefix. relays: in order."""

    def __init__(self, cluster: Cluster, topics: Topics, relays: Sequence[Relay]) -> None:
        self.cluster = cluster
        self.topics = topics
        self.relays = relays


@contextlib.asynccontextmanager
async def stage(
    folder: Path, brokers: int, relays: int, rng: random.Random, command: Sequence[str]
) -> AsyncIterator[Stage]:
    """Set it up, and take it down whatever happens.

    command: module and arguments that start a relay.
    """
    cluster = await asyncio.to_thread(start_cluster, folder / "kafka", brokers)
    made: list[Relay] = []
    try:
        topics = Topics(cluster.bootstrap_servers, "audit.")
        replicas = min(3, brokers)
        await insist(lambda: topics.create(*TOPICS, partitions=PARTITIONS, replicas=replicas))
        for number in range(relays):
            proxy = Proxy(random.Random(rng.random()))
            await proxy.start()
            home = folder / f"relay-{number + 1}"
            home.mkdir(parents=True, exist_ok=True)
            settings = {**topics.settings, **_relay_settings(number)}
            made.append(Relay(home, cluster.bootstrap_servers, settings, proxy, command))
        await asyncio.gather(*(relay.start(ready=True) for relay in made))
        yield Stage(cluster, topics, made)
    finally:
        for relay in made:
            await relay.proxy.stop()
            await relay.kill()
        await asyncio.to_thread(cluster.stop)


def _relay_settings(number: int) -> Mapping[str, str]:
    return {
        "UNIONFLOW_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
        "UNIONFLOW_HISTORY_BYTES": str(HISTORY_BYTES[number % len(HISTORY_BYTES)]),
        "UNIONFLOW_SEND_BUFFER_BYTES": str(1024 * 1024),
        "UNIONFLOW_COMPRESSION": COMPRESSION[number % len(COMPRESSION)],
        "UNIONFLOW_AUTH": "jwt",
        "UNIONFLOW_JWT_SECRET": SECRET,
        "UNIONFLOW_DRAIN_SECONDS": "5",
        "UNIONFLOW_LOG_LEVEL": "info",
    }
