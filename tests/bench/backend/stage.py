"""Backends and relays of a bench, each on its own database or topics, started and ended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.bench.errors import ServerFailed
from tests.support.postgres import Postgres
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.migrating import migrate
from unionflow_backend.adapters.database.work import Database
from unionflow_cli.adapters.backend_process import BackendProcess
from unionflow_cli.adapters.own_process import OwnProcess
from unionflow_cli.errors import Crashed, Unavailable

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens. prefix: of topics that exist."""

    postgres: Postgres
    bootstrap_servers: str
    prefix: str
    folder: Path

    @asynccontextmanager
    async def database(self) -> AsyncIterator[tuple[str, Database]]:
        """A database with the backend's tables; its address, and itself."""
        url = self.postgres.create_database()
        opened = Database(database_url(url), now_ms)
        await migrate(opened.engine)
        try:
            yield url, opened
        finally:
            await opened.close()
            self.postgres.drop_database(url)

    @asynccontextmanager
    async def backend(
        self, url: str, settings: Mapping[str, str] = NO_SETTINGS
    ) -> AsyncIterator[BackendProcess]:
        """A backend on this database."""
        given = {"UNIONFLOW_TOPIC_PREFIX": self.prefix, **settings}
        process = BackendProcess(self.folder / "backend.log", 0, 0, url, settings=given)
        async with self._running(process):
            yield process

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[OwnProcess]:
        """A relay of the topics."""
        settings = {"UNIONFLOW_DRAIN_SECONDS": "0", "UNIONFLOW_TOPIC_PREFIX": self.prefix}
        log = self.folder / "relay.log"
        process = OwnProcess("relay", "unionflow_relay", log, 0, 0, settings)
        async with self._running(process):
            yield process

    @asynccontextmanager
    async def _running(self, process: OwnProcess) -> AsyncIterator[None]:
        try:
            await process.start(self.bootstrap_servers)
            yield
        except (Crashed, Unavailable) as problem:
            failed = ServerFailed(str(problem))
            failed.add_note("\n".join(process.last_lines()))
            raise failed from None
        finally:
            await process.stop()


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
