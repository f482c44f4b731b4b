"""The services behind a page, as `unionflow dev` starts them: relay and backend on a real Kafka.

Their addresses stay the same when one is ended and started again, as a page expects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.backend.outbox.running import until_empty
from tests.browser.events import event
from tests.relay.topics import Topics
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import now_ms
from unionflow_cli.adapters.backend_process import BackendProcess
from unionflow_cli.adapters.own_process import LOOPBACK, OwnProcess
from unionflow_cli.core.endpoint import PATH
from unionflow_cli.dev.books import open_books
from unionflow_cli.kafka.adapters.ports import free_ports
from unionflow_events import CATALOGUE, TOPIC_OF, EventType

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
STATISTICS_SECONDS = 2
PARTITIONS = 3
DAKAR = "mutuelle-dakar"


@dataclass(frozen=True, slots=True)
class Stack:
    """Running services with the three societies of the demonstration."""

    relay: OwnProcess
    backend: BackendProcess
    topics: Topics
    books: Path

    @property
    def url(self) -> str:
        """Where the pages are, with a slash at its end."""
        return f"{self.backend.url}/"

    @property
    def relay_url(self) -> str:
        """Of the WebSocket."""
        return f"ws://{LOOPBACK}:{self.relay.port}{PATH}"

    @property
    def urls(self) -> tuple[str, str]:
        """All that a page may talk to."""
        return self.backend.url, f"ws://{LOOPBACK}:{self.relay.port}"

    def publish(self, kind: str, data: Mapping[str, Any], organization: str = DAKAR) -> None:
        """An event of no business change, straight into Kafka."""
        record = event(kind, organization, data)
        self.topics.write(TOPIC_OF[EventType(kind)], [record], key=organization)

    async def forget_all_events(self) -> None:
        """Once all that has happened is in Kafka, delete it there, as retention does."""
        database = Database(database_url(f"sqlite:///{self.books}"), now_ms)
        await until_empty(database)
        await database.close()
        for topic in CATALOGUE:
            for partition in range(PARTITIONS):
                self.topics.delete_records(topic.name, partition, -1)  # all that there is

    @asynccontextmanager
    async def without_relay(self) -> AsyncIterator[None]:
        """Killed for the block; afterwards it is started where it was."""
        self.relay.kill()
        try:
            yield
        finally:
            await self.relay.start(self.topics.bootstrap_servers)

    @asynccontextmanager
    async def without_backend(self) -> AsyncIterator[None]:
        """Killed for the block; afterwards it is started where it was."""
        self.backend.kill()
        try:
            yield
        finally:
            await self.backend.start(self.topics.bootstrap_servers)


@asynccontextmanager
async def running_stack(
    folder: Path,
    bootstrap_servers: str,
    prefix: str,
    *,
    pages: Path,
    both: Mapping[str, str] = NO_SETTINGS,
    backend: Mapping[str, str] = NO_SETTINGS,
    relay: Mapping[str, str] = NO_SETTINGS,
    clock: Callable[[], int] = now_ms,
) -> AsyncIterator[Stack]:
    """Start them on topics of their own in a Kafka.

    pages: the dashboard's files. both, backend, relay: settings of theirs. clock: milliseconds
    since 1970, of the day on which the societies' books end.
    """
    topics = Topics(bootstrap_servers, prefix)
    topics.create()
    books = folder / "books.db"
    await open_books(books, clock)
    relay_port, relay_management, port, management = free_ports(4)
    relay_settings = {"UNIONFLOW_DRAIN_SECONDS": "0", **topics.settings, **both, **relay}
    relays = OwnProcess(
        "relay",
        "unionflow_relay",
        folder / "relay.log",
        relay_port,
        relay_management,
        relay_settings,
    )
    backend_settings = {
        "UNIONFLOW_PUBLIC_WEBSOCKET_URL": f"ws://{LOOPBACK}:{relay_port}{PATH}",
        "UNIONFLOW_PAGES": str(pages),
        "UNIONFLOW_STATS_SECONDS": str(STATISTICS_SECONDS),
        **topics.settings,
        **both,
        **backend,
    }
    backends = BackendProcess(
        folder / "backend.log",
        port,
        management,
        f"sqlite:///{books}",
        settings=backend_settings,
    )
    try:
        await relays.start(bootstrap_servers)
        await backends.start(bootstrap_servers)
        yield Stack(relays, backends, topics, books)
    finally:
        await backends.stop()
        await relays.stop()
