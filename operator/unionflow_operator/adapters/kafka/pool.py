"""The clients of all clusters of brokers: as few as there are clusters, and as long as in use."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from confluent_kafka import KafkaException

from unionflow_operator.adapters.kafka.brokers import Brokers
from unionflow_operator.adapters.kafka.connection import Connection
from unionflow_operator.adapters.kafka.faults import reason_of
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.lease import Fence
from unionflow_operator.errors import KafkaFault

MAX_CLIENTS = 64  # each has some threads and sockets; the one unused longest makes room
_TURN_SECONDS = 1.0


@dataclass(slots=True)
class _Held:
    brokers: Brokers
    used_at: float


class KafkaPool:
    """Clients by what they connect to and who they are there."""

    def __init__(
        self, fence: Fence, metrics: OperatorMetrics, rng: random.Random, idle_seconds: float
    ) -> None:
        """idle_seconds: after which a client that nobody used is closed."""
        self._fence = fence
        self._metrics = metrics
        self._rng = rng
        self._idle_seconds = idle_seconds
        self._salt = secrets.token_bytes(16)
        self._held: OrderedDict[str, _Held] = OrderedDict()
        # Closing waits for librdkafka's threads: those of silent brokers may take their time.
        self._closing = ThreadPoolExecutor(1, "kafka-closing")

    def brokers(self, connection: Connection) -> Brokers:
        """The client for them, which is not to be kept beyond one reconcile.

        Raises:
            KafkaFault: librdkafka cannot use what it was given, or all clients are in use.
        """
        now = asyncio.get_running_loop().time()
        key = connection.digest(self._salt)
        held = self._held.get(key)
        if held is None:
            self._make_room()
            try:
                brokers = Brokers(connection, self._fence, self._metrics, self._rng)
            except KafkaException as error:
                reason = reason_of(error).str()
                raise KafkaFault("InvalidConnection", f"no such Kafka client: {reason}") from None
            held = self._held[key] = _Held(brokers, now)
            self._metrics.kafka_clients.set(len(self._held))
        held.used_at = now
        self._held.move_to_end(key)
        return held.brokers

    async def run(self) -> None:
        """Hear the clients' errors, and close what nobody uses, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TURN_SECONDS)
            for held in self._held.values():
                held.brokers.poll()
            oldest = loop.time() - self._idle_seconds
            for key in [k for k, h in self._held.items() if h.used_at < oldest and h.brokers.idle]:
                self._close(key)

    async def close(self) -> None:
        """Close all of them, and wait until their threads have ended."""
        for key in list(self._held):
            self._close(key)
        await asyncio.to_thread(self._closing.shutdown)

    def _make_room(self) -> None:
        if len(self._held) < MAX_CLIENTS:
            return
        unused = next((key for key, held in self._held.items() if held.brokers.idle), None)
        if unused is None:
            raise KafkaFault("Busy", f"more than {MAX_CLIENTS} Kafka clusters are asked at once")
        self._close(unused)

    def _close(self, key: str) -> None:
        brokers = self._held.pop(key).brokers
        self._metrics.kafka_clients.set(len(self._held))
        self._closing.submit(brokers.close)
