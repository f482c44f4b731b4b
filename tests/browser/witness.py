"""A client beside the pages: what the relay says to a society, whoever caused it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from unionflow_cli.adapters.listener import Listener
from unionflow_cli.core.endpoint import with_query
from unionflow_cli.core.testimony import Frame
from unionflow_cli.core.trial import Dialect

PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Witness:
    """All events that it heard, oldest first."""

    events: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, frame: Frame) -> None:
        """Keep an event."""
        said = json.loads(frame.text)
        if said.get("type") == "event":
            self.events.append(said["event"])
            self._news.set()

    async def until(self, kind: str, id: str) -> dict[str, Any]:
        """The event of this type about this thing, waited for."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := self._find(kind, id)):
                self._news.clear()
                await self._news.wait()
        return found

    def _find(self, kind: str, id: str) -> dict[str, Any]:
        for event in self.events:
            if event["eventType"] == kind and event["data"].get("id") == id:
                return event
        return {}


@asynccontextmanager
async def witness(relay_url: str, organization: str) -> AsyncIterator[Witness]:
    """One that is connected until the end of the block."""
    one = Witness()
    url = with_query(relay_url, organizations=[organization])
    listener = Listener(url, Dialect.V1, one.hear)
    listening = asyncio.create_task(listener.run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await listener.opened.wait()
        yield one
    finally:
        listening.cancel()
        await asyncio.wait({listening})
