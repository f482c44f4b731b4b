"""Joins the parts of the business services and runs them until told to stop."""

from __future__ import annotations

import asyncio
import gc
import random
import secrets
import socket
import time
from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any, Final

import structlog
from fastapi import FastAPI

from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.metrics import BackendMetrics
from unionflow_backend.adapters.outbox.metrics import OutboxMetrics
from unionflow_backend.adapters.outbox.publisher import OutboxPublisher, OutboxSettings
from unionflow_backend.adapters.outbox.spans import TracedPublisher
from unionflow_backend.adapters.outbox.waking import Wake
from unionflow_backend.adapters.rest.application import create_application, serve
from unionflow_backend.adapters.rest.call import Api
from unionflow_backend.adapters.rest.pages import read_pages
from unionflow_backend.adapters.rest.site import Site
from unionflow_backend.adapters.statistics.job import StatisticsJob, StatisticsSettings
from unionflow_backend.errors import InvalidPages
from unionflow_backend.guard import Guard
from unionflow_backend.settings import Configuration, Settings
from unionflow_backend.upkeep import Upkeep
from unionflow_events import EventPublisher
from unionflow_runtime.adapters.management import management_app
from unionflow_runtime.adapters.servers import http_server
from unionflow_runtime.adapters.sockets import listen
from unionflow_runtime.adapters.stopping import Stop
from unionflow_runtime.adapters.supervision import Supervised
from unionflow_runtime.adapters.watchdog import Watchdog
from unionflow_runtime.core.readiness import Readiness
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.tracing import open_tracer

SOURCE: Final = "unionflow-backend"
log = structlog.get_logger("backend")


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def holder_at(port: int) -> Holder:
    """This process, as others know it; with a port of its own it takes over what it left."""
    life = secrets.token_hex(4)
    return Holder(f"{socket.gethostname()[:40]}:{port or life}", life)


def site_of(settings: Settings) -> Site:
    """What pages are told."""
    return Site(
        settings.base_path,
        settings.public_api_url,
        settings.public_websocket_url,
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.auth,
        settings.oidc_scope,
        settings.jwt_roles_claim,
    )


def application_of(settings: Settings) -> FastAPI:
    """The API of these settings, without a database behind it yet.

    Raises:
        SettingsError: the folder of the dashboard's files holds none.
    """
    folder = settings.pages_folder
    try:
        return create_application(site_of(settings), () if folder is None else read_pages(folder))
    except InvalidPages as error:
        raise SettingsError(f"UNIONFLOW_PAGES: {error}") from None


class Backend:
    """One process of the business services."""

    def __init__(self, configuration: Configuration) -> None:
        settings = self._settings = configuration.settings
        self._readiness = Readiness(database="the database has not answered yet")
        self._liveness = Readiness()
        self._metrics = BackendMetrics()
        self._metrics.ready.set_function(lambda: float(self._readiness.ready))
        self._watchdog = Watchdog()
        wake = Wake()
        self._database = Database(settings.database_url, now_ms, wake)
        for place, state in enumerate(("used", "idle")):
            self._metrics.database_connections.labels(state).set_function(
                partial(self._connections, place)
            )
        self._guard = Guard(settings, self._metrics, self._readiness)
        api = Api(
            self._database,
            self._guard.callers,
            settings.base_path,
            on_replay=self._metrics.replays.inc,
        )
        tracer = self._tracer = open_tracer(SOURCE, settings.traces_endpoint)
        self._application = serve(
            application_of(settings),
            api,
            self._metrics.on_request,
            settings.allowed_origins,
            tracer,
        )
        self._upkeep = Upkeep(self._database, self._readiness, migrates=settings.database_migrate)
        self._events = EventPublisher(
            configuration.kafka,
            topics=configuration.topics,
            source=SOURCE,
            deadline=settings.outbox_lease_seconds / 2,
        )
        me = holder_at(settings.port)
        rng = random.Random()  # noqa: S311  # spreads retries; guards nothing
        outbox_metrics = OutboxMetrics(self._metrics.registry)
        outbox = OutboxPublisher(
            self._database,
            self._events if tracer is None else TracedPublisher(self._events, tracer),
            wake,
            OutboxSettings(
                settings.outbox_keep_seconds,
                settings.outbox_lease_seconds,
                settings.outbox_ready_seconds,
            ),
            outbox_metrics,
            self._readiness,
            me,
        )
        statistics = StatisticsJob(
            self._database,
            StatisticsSettings(settings.stats_seconds, settings.stats_unchanged_seconds),
            outbox_metrics,
            me,
        )
        self._supervised = [
            Supervised(name, work, self._liveness, self._readiness, rng)
            for name, work in (
                ("the outbox's publisher", outbox.run),
                ("the statistics", statistics.run),
                ("the upkeep of the database", self._upkeep.run),
            )
        ]

    def _connections(self, place: int) -> float:
        return float(self._database.connections()[place])

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            SettingsError: a port cannot be had, or the database is older than this release.
        """
        port = self._listen("UNIONFLOW_PORT", self._settings.port)
        management = self._listen("UNIONFLOW_MANAGEMENT_PORT", self._settings.management_port)
        try:
            with self._watchdog:
                await self._serve(port, management)
        except BaseExceptionGroup as errors:
            wrong = list(_settings_errors(errors))
            if not wrong:
                raise
            raise wrong[0] from None
        finally:
            await self._database.close()
            if self._tracer is not None:
                await asyncio.to_thread(self._tracer.close)
        log.info("backend stopped")

    async def _serve(self, port: socket.socket, management: socket.socket) -> None:
        stop = Stop(asyncio.get_running_loop())
        servers = [
            (http_server(self._application), port),
            (
                http_server(
                    management_app(
                        "UnionFlow business services, management",
                        self._readiness,
                        self._liveness,
                        self._metrics.exposition,
                    )
                ),
                management,
            ),
        ]
        async with self._events, asyncio.TaskGroup() as group:
            serving = [group.create_task(server.serve([at])) for server, at in servers]
            working = group.create_task(self._work())
            gc.collect()
            gc.freeze()  # a full collection of what is here for good takes a tenth of a second
            log.info(
                "backend listening",
                port=port.getsockname()[1],
                management_port=management.getsockname()[1],
                base_path=self._settings.base_path,
                auth=self._settings.auth.value,
                database=self._settings.database_url.get_backend_name(),
            )
            await stop.asked.wait()
            self._readiness.blame("drain", "this process has been told to end")
            log.info("backend ends")
            for server, _ in servers:
                server.should_exit = True
            await asyncio.wait(serving)
            working.cancel()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._guard.run())
            group.create_task(self._seconds())
            await self._upkeep.prepare()
            for work in self._workers():
                group.create_task(work)

    def _workers(self) -> Iterator[Coroutine[Any, Any, None]]:
        for supervised in self._supervised:
            yield supervised.run()

    def _listen(self, variable: str, port: int) -> socket.socket:
        try:
            return listen(self._settings.host, port)
        except OSError as error:
            raise SettingsError(
                f"{variable}={port}: {self._settings.host}:{port} cannot be listened on: "
                f"{error.strerror}"
            ) from None

    async def _seconds(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 1
            await asyncio.sleep(1)
            self._watchdog.pulse.beat()
            self._metrics.loop_delay.set(loop.time() - due)
            self._guard.on_second()
            for supervised in self._supervised:
                supervised.judge(loop.time())


def _settings_errors(errors: BaseExceptionGroup[BaseException]) -> Iterator[SettingsError]:
    for error in errors.exceptions:
        if isinstance(error, SettingsError):
            yield error
        elif isinstance(error, BaseExceptionGroup):
            yield from _settings_errors(error)
