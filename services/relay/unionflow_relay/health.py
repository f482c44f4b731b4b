"""Joins what tells a kubelet how a relay is: alive, and ready for clients."""

from __future__ import annotations

import asyncio
import random
import time

from unionflow_relay.adapters.kafka.source import KafkaSource
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.probe import Probe, url_of
from unionflow_relay.core.lag import MAX_LAG_SECONDS, Lag
from unionflow_runtime.adapters.supervision import Supervised
from unionflow_runtime.adapters.watchdog import Watchdog
from unionflow_runtime.core.readiness import Readiness

SOURCE = "the Kafka source"


class Health:
    """Readiness and liveness, and whatever finds out about them."""

    def __init__(self, readiness: Readiness, metrics: RelayMetrics) -> None:
        self.readiness = readiness
        self.liveness = Readiness()
        self.watchdog = Watchdog()
        self._metrics = metrics
        self._lag = Lag()
        self.probe = Probe(readiness)
        self._source: KafkaSource
        self._supervised: Supervised

    def watch(self, source: KafkaSource, rng: random.Random) -> None:
        """Watch this source, and run it."""
        self._source = source
        self._supervised = Supervised(SOURCE, source.run, self.liveness, self.readiness, rng)

    async def run(self, host: str, port: int, path: str) -> None:
        """Run the source, and probe the clients' port, for ever.

        The first probe comes before the source, so that no relay is ready without one.
        """
        url = url_of(host, port, path)
        await self.probe.try_once(url)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervised.run())
            group.create_task(self.probe.run(url))

    def on_second(self, late: float) -> None:
        """A second has passed, and the loop came to it `late` seconds too late."""
        self.watchdog.pulse.beat()
        self._metrics.loop_delay.set(late)
        self._supervised.judge(asyncio.get_running_loop().time())
        turning = self._source.pulse.on_turn()
        self.liveness.judge("turns", "" if turning else f"{SOURCE} has stopped turning")
        behind = self._lag.behind(self._source.progress(), time.monotonic())
        names = ", ".join(f"{lane.topic}-{lane.partition}" for lane in behind)
        self.readiness.judge(
            "lag", f"more than {MAX_LAG_SECONDS:g} s behind in {names}" if names else ""
        )
