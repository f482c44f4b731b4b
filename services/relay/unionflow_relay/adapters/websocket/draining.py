"""Empties this pod of its clients, at an even rate, before it ends."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

import structlog

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.crowd import Crowd
from unionflow_relay.adapters.websocket.hub import Hub
from unionflow_relay.core import dialects
from unionflow_relay.core.drain import Announce, Drain

TURN_SECONDS = 0.1
LAST_GRACE_SECONDS = 3.0  # for the last close frames to be answered
CLOSE = (1012, "the server is restarting")
log = structlog.get_logger("relay")


class Draining:
    """One task for all clients. `seconds`: how long it may take (core/drain)."""

    def __init__(
        self,
        hub: Hub,
        crowd: Crowd,
        metrics: RelayMetrics,
        seconds: float,
        clock: Callable[[], float],
        rng: random.Random,
    ) -> None:
        self._hub = hub
        self._crowd = crowd
        self._metrics = metrics
        self._seconds = seconds
        self._clock = clock
        self._rng = rng

    async def run(self) -> None:
        """Return when the last client has gone, or LAST_GRACE_SECONDS after the last was told to.

        Whoever is left then goes with the process.
        """
        self._metrics.draining.set(1)
        told, untold = self._hub.residents()
        drain = Drain(told, untold, self._seconds, self._clock(), self._rng)
        while not drain.over and len(self._crowd):
            for step in drain.on_turn(self._clock()):
                if step.member.closing:
                    continue
                if isinstance(step, Announce):
                    step.member.write(dialects.reconnect(step.after_ms, step.member.dialect))
                    self._metrics.drained.labels("told").inc()
                else:
                    step.member.close(*CLOSE)
                    self._metrics.drained.labels("closed").inc()
            await asyncio.sleep(TURN_SECONDS)
        self._crowd.close_all(*CLOSE)  # whoever came in while the door was being shut
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_GRACE_SECONDS):
                await self._crowd.emptied()
