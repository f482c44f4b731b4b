"""Joins the parts of a relay and runs them until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import time
from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

import structlog

from unionflow_relay.adapters.kafka.ranges import KafkaRanges
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.adapters.kafka.source import KafkaSource
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.spans import DeliverySpans
from unionflow_relay.adapters.websocket.acceptor import Acceptor
from unionflow_relay.adapters.websocket.door import RelayDoor
from unionflow_relay.adapters.websocket.draining import CLOSE, Draining
from unionflow_relay.adapters.websocket.hub import Hub, HubSettings
from unionflow_relay.adapters.websocket.past import Past
from unionflow_relay.adapters.websocket.replays import Replays
from unionflow_relay.bounds import Bounds
from unionflow_relay.core.handshake import Rules
from unionflow_relay.core.history import History
from unionflow_relay.core.shelf import Shelf
from unionflow_relay.guard import Guard
from unionflow_relay.health import Health
from unionflow_relay.settings import Compression, Configuration
from unionflow_runtime.access import AuthMode
from unionflow_runtime.adapters.management import management_app
from unionflow_runtime.adapters.servers import http_server
from unionflow_runtime.adapters.sockets import listen
from unionflow_runtime.adapters.stopping import Stop
from unionflow_runtime.core.readiness import Readiness
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.tracing import open_tracer

ENDPOINT = "/ws/dashboard"
STREAM_ENDPOINT = "/sse/dashboard"
TYPICAL_RECORD_BYTES = 1_024
log = structlog.get_logger("relay")


class Relay:
    """One relay process."""

    def __init__(self, configuration: Configuration) -> None:
        settings = self._settings = configuration.settings
        tracer = self._tracer = open_tracer("unionflow-relay", settings.traces_endpoint)
        self._readiness = Readiness(kafka="no broker has answered yet")
        self._metrics = RelayMetrics()
        self._metrics.ready.set_function(lambda: float(self._readiness.ready))
        self._health = Health(self._readiness, self._metrics)
        self._bounds = Bounds(settings, self._metrics, self._health.probe.secret)
        history = History(self._bounds.history_bytes)
        self._metrics.history_bytes.set_function(lambda: float(history.size))
        self._hub = Hub(
            HubSettings(
                settings.heartbeat_seconds, settings.send_buffer_bytes, self._bounds.message_pace
            ),
            self._metrics,
            history,
            self._bounds.crowd,
            self._bounds.unsent,
        )
        around = Surroundings(
            configuration.topics,
            self._hub,
            self._readiness,
            self._metrics,
            random.Random(),  # noqa: S311  # spreads retries; guards nothing
            self._bounds.history_bytes // TYPICAL_RECORD_BYTES,
            settings.log_level == "debug",
            tracer is not None,
        )
        if tracer is not None:
            self._hub.spans = DeliverySpans(tracer)
        self._source = KafkaSource(configuration.kafka, around)
        self._ranges = KafkaRanges(configuration.kafka, self._source.following, around)
        shelf = Shelf(self._bounds.replay_bytes)
        self._metrics.replay_bytes.set_function(lambda: float(shelf.size))
        past = Past(
            self._hub.positions, history, shelf, self._ranges, self._metrics, time.monotonic
        )
        self._replays = Replays(
            self._hub, past, self._bounds.unsent, self._metrics, clock=time.monotonic
        )
        self._hub.join_replays(self._replays, self._source.look)
        self._guard = (
            Guard(configuration, self._hub, self._source, around)
            if settings.auth is AuthMode.JWT
            else None
        )
        rules = Rules(
            settings.base_path + ENDPOINT,
            frozenset(settings.allowed_origins),
            settings.compression is Compression.DEFLATE,
            settings.base_path + STREAM_ENDPOINT,
        )
        tokens = self._guard.tokens if self._guard is not None else None
        self._door = RelayDoor(
            rules, self._hub, self._metrics, self._has_begun, self._bounds.turnstile, tokens
        )
        self._health.watch(self._source, around.rng)
        self._draining = Draining(
            self._hub,
            self._bounds.crowd,
            self._metrics,
            settings.drain_seconds,
            time.monotonic,
            around.rng,
        )

    def _has_begun(self) -> bool:
        return self._source.begun and (self._guard is None or self._guard.ready)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain; a second one ends the drain.

        Raises:
            SettingsError: a port cannot be had.
        """
        client_socket = self._listen("UNIONFLOW_PORT", self._settings.port)
        management_socket = self._listen(
            "UNIONFLOW_MANAGEMENT_PORT", self._settings.management_port
        )
        with self._health.watchdog:
            await self._serve(client_socket, management_socket)
        await self._ranges.close()
        if self._tracer is not None:
            await asyncio.to_thread(self._tracer.close)
        log.info("relay stopped")

    async def _serve(self, client_socket: socket.socket, management_socket: socket.socket) -> None:
        stop = Stop(asyncio.get_running_loop())
        clients = http_server(_no_application, http=partial(Acceptor, self._door))
        management = http_server(
            management_app(
                "UnionFlow relay, management",
                self._readiness,
                self._health.liveness,
                self._metrics.exposition,
            )
        )
        port = client_socket.getsockname()[1]
        path = self._settings.base_path + ENDPOINT
        async with asyncio.TaskGroup() as group:
            servers = [
                group.create_task(clients.serve([client_socket])),
                group.create_task(management.serve([management_socket])),
            ]
            workers = [group.create_task(work) for work in self._work(port, path)]
            gc.collect()
            gc.freeze()  # what is here stays: a collection need not walk it
            log.info(
                "relay listening",
                port=port,
                management_port=management_socket.getsockname()[1],
                path=path,
                auth=self._settings.auth.value,
            )
            self._bounds.say()
            await stop.asked.wait()
            await self._drain(stop.hurried)
            for server in (clients, management):
                server.should_exit = True
            await asyncio.wait(servers)
            for worker in workers:
                worker.cancel()

    def _work(self, port: int, path: str) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._health.run(self._settings.host, port, path)
        yield self._replays.run()
        yield self._seconds()
        if self._guard is not None:
            yield self._guard.run()

    def _listen(self, variable: str, port: int) -> socket.socket:
        try:
            return listen(self._settings.host, port)
        except OSError as error:
            raise SettingsError(
                f"{variable}={port}: {self._settings.host}:{port} cannot be listened on: "
                f"{error.strerror}"
            ) from None

    async def _drain(self, hurried: asyncio.Event) -> None:
        """Let nobody in, and send everyone away: at their pace, or at once when hurried."""
        self._readiness.blame("drain", "draining: this relay has been told to end")
        self._door.shut = True
        log.info(
            "relay draining", clients=len(self._bounds.crowd), seconds=self._settings.drain_seconds
        )
        draining = asyncio.ensure_future(self._draining.run())
        hurrying = asyncio.ensure_future(hurried.wait())
        await asyncio.wait((draining, hurrying), return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if draining.done():
            await draining
            return
        draining.cancel()
        log.warning("relay ends at once", clients=len(self._bounds.crowd))
        self._bounds.crowd.close_all(*CLOSE)

    async def _seconds(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 1
            await asyncio.sleep(1)
            self._health.on_second(loop.time() - due)
            self._hub.on_second()
            if self._guard is not None:
                self._guard.on_second()
            self._door.on_second()


async def _no_application(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("the acceptor answers every client; there is no ASGI application")
