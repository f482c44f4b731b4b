"""The services behind a page, as `unionflow dev` starts them: relay and backend on a real Kafka.

Their addresses stay the same when one is ended and started again, as a page expects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from tests.relay.topics import Topics
from unionflow_cli.adapters.backend_process import BackendProcess
from unionflow_cli.adapters.own_process import LOOPBACK, OwnProcess
from unionflow_cli.core.endpoint import PATH
from unionflow_cli.dev.books import open_books
from unionflow_cli.kafka.adapters.ports import free_ports

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
STATISTICS_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Stack:
    """Running services with the three societies of the demonstration."""

    relay: OwnProcess
    backend: BackendProcess
    topics: Topics

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

    def rest(self, **headers: str) -> httpx.AsyncClient:
        """The API, for another person than who sits at a page."""
        return httpx.AsyncClient(
            base_url=self.backend.api_url, headers=headers, trust_env=False, timeout=30.0
        )

    async def start_relay(self) -> None:
        """Start it again where it was."""
        await self.relay.start(self.topics.bootstrap_servers)


@asynccontextmanager
async def running_stack(
    folder: Path,
    bootstrap_servers: str,
    prefix: str,
    *,
    both: Mapping[str, str] = NO_SETTINGS,
    backend: Mapping[str, str] = NO_SETTINGS,
    relay: Mapping[str, str] = NO_SETTINGS,
) -> AsyncIterator[Stack]:
    """Start them on topics of their own in a Kafka. both, backend, relay: settings of theirs."""
    topics = Topics(bootstrap_servers, prefix)
    topics.create()
    books = folder / "books.db"
    await open_books(books)
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
        yield Stack(relays, backends, topics)
    finally:
        await backends.stop()
        await relays.stop()
