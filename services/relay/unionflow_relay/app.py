"""Joins the parts of a relay and runs them until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import signal
import socket
import time
from importlib.metadata import version

import structlog

from unionflow_relay.adapters.kafka.ranges import KafkaRanges
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.adapters.kafka.source import KafkaSource
from unionflow_relay.adapters.management import management_app
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.servers import client_server, listen, management_server
from unionflow_relay.adapters.websocket.door import RelayDoor
from unionflow_relay.adapters.websocket.hub import Hub, HubSettings
from unionflow_relay.adapters.websocket.peer import CLOSE_GRACE_SECONDS
from unionflow_relay.adapters.websocket.replays import Replays
from unionflow_relay.core.handshake import Rules
from unionflow_relay.core.history import History
from unionflow_relay.core.readiness import Readiness
from unionflow_relay.errors import SettingsError
from unionflow_relay.settings import Configuration

ENDPOINT = "/ws/dashboard"
TYPICAL_RECORD_BYTES = 1_024
log = structlog.get_logger("relay")


class Relay:
    """One relay process."""

    def __init__(self, configuration: Configuration) -> None:
        settings = self._settings = configuration.settings
        self._readiness = Readiness(kafka="no broker has answered yet")
        self._metrics = RelayMetrics()
        self._metrics.ready.set_function(lambda: float(self._readiness.ready))
        history = History(settings.history_bytes)
        self._metrics.history_bytes.set_function(lambda: float(history.size))
        self._hub = Hub(
            HubSettings(settings.heartbeat_seconds, settings.send_buffer_bytes),
            self._metrics,
            history,
        )
        around = Surroundings(
            configuration.topics,
            self._hub,
            self._readiness,
            self._metrics,
            random.Random(),  # noqa: S311  # spreads retries; guards nothing
            settings.history_bytes // TYPICAL_RECORD_BYTES,
            settings.log_level == "debug",
        )
        self._source = KafkaSource(configuration.kafka, around)
        self._ranges = KafkaRanges(configuration.kafka, self._source.following, around)
        self._replays = Replays(
            self._hub, history, self._ranges, self._metrics, clock=time.monotonic
        )
        self._hub.join_replays(self._replays, self._source.look)
        rules = Rules(settings.base_path + ENDPOINT, frozenset(settings.allowed_origins))
        self._door = RelayDoor(rules, self._hub, self._metrics, lambda: self._source.begun)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            SettingsError: a port cannot be had.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        client_socket = self._listen("UNIONFLOW_PORT", self._settings.port)
        management_socket = self._listen(
            "UNIONFLOW_MANAGEMENT_PORT", self._settings.management_port
        )
        clients = client_server(self._door)
        management = management_server(
            management_app(self._readiness, self._metrics, version("unionflow-streams"))
        )
        async with asyncio.TaskGroup() as group:
            servers = [
                group.create_task(clients.serve([client_socket])),
                group.create_task(management.serve([management_socket])),
            ]
            workers = [
                group.create_task(self._source.run()),
                group.create_task(self._replays.run()),
                group.create_task(self._seconds()),
            ]
            gc.collect()
            gc.freeze()  # what is here stays: a collection need not walk it
            log.info(
                "relay listening",
                port=client_socket.getsockname()[1],
                management_port=management_socket.getsockname()[1],
                path=self._settings.base_path + ENDPOINT,
                auth=self._settings.auth.value,
            )
            await stop.wait()
            log.info("relay stopping", clients=len(self._hub))
            clients.should_exit = True
            await asyncio.wait(servers[:1])
            await self._dismiss_clients()
            management.should_exit = True
            await asyncio.wait(servers)
            for worker in workers:
                worker.cancel()
        await self._ranges.close()
        log.info("relay stopped")

    def _listen(self, variable: str, port: int) -> socket.socket:
        try:
            return listen(self._settings.host, port)
        except OSError as error:
            raise SettingsError(
                f"{variable}={port}: {self._settings.host}:{port} cannot be listened on: "
                f"{error.strerror}"
            ) from None

    async def _dismiss_clients(self) -> None:
        """Say goodbye, and wait for those who answer; the rest are cut off."""
        self._hub.close_all(1012, "the server is restarting")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_GRACE_SECONDS):
                await self._hub.emptied()

    async def _seconds(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._hub.on_second()
            self._door.on_second()
