"""Many programs of unionflow_client in one process; the audit starts it and reads what it prints.

One line of JSON comes in: `front`, `streams`, `secret`, `lose`, `clients`. Its end is the signal to
leave. Lines out: number, kind, and what the program was handed.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from unionflow_client import Client, Event, Range, Status

# As the wire clients of the audit, these wait 3 s at most: the wire's own minute is for real life.
DICE = 0.05


class Store:
    """Outlives the program; what it had not kept when it died is not kept."""

    def __init__(self) -> None:
        self.cursor: str | None = None

    def load(self) -> str | None:
        return self.cursor

    def save(self, cursor: str | None) -> None:
        self.cursor = cursor


class _OfOneLife:
    """The store as one life of the program has it."""

    def __init__(self, store: Store) -> None:
        self.store: Store | None = store

    def load(self) -> str | None:
        return self.store.load() if self.store is not None else None

    def save(self, cursor: str | None) -> None:
        if self.store is not None:
            self.store.save(cursor)


class Program:
    """One, and its lives. lose: every so many events one is dropped, to be found by the audit."""

    def __init__(self, order: Mapping[str, Any], card: Mapping[str, Any]) -> None:
        self._order = order
        self._card = card
        self._store = Store()
        self._count = 0

    async def run(self) -> None:
        """Live, die, and live again."""
        while True:
            store = _OfOneLife(self._store)
            try:
                async with asyncio.timeout(self._card["life"]):
                    await self._live(store)
            except TimeoutError:
                pass
            finally:
                store.store = None

    async def _live(self, store: _OfOneLife) -> None:
        card = self._card
        self._tell("life")
        client = Client(
            self._order["streams" if card["sse"] else "front"],
            token=self._token,
            store=store,
            reload=self._reload,
            event_types=card["eventTypes"],
            from_earliest=True,
        )
        client.on_status(self._on_status)
        async with client:
            try:
                async for event in client.events():
                    self._took(event)
            finally:
                store.store = None

    def _took(self, event: Event) -> None:
        self._count += 1
        lose = self._order["lose"]
        if not lose or self._count % lose:
            said = (event.id, event.type, event.organization_id, event.user_id)
            self._tell("event", *said, event.data.get("seal"))

    def _token(self) -> str:
        now, card = int(time.time()), self._card
        claims = {"sub": card["user"], "organizations": card["organizations"]}
        return jwt.encode(
            {**claims, "iat": now, "exp": now + card["token"]}, self._order["secret"], "HS256"
        )

    async def _reload(self, ranges: Sequence[Range]) -> None:
        gone = [[r.topic, r.partition, r.requested, r.earliest, r.reason] for r in ranges]
        self._tell("reload", gone)

    def _on_status(self, status: Status) -> None:
        self._tell("status", status.state.value, status.reason and status.reason.value)

    def _tell(self, kind: str, *what: object) -> None:
        sys.stdout.write(json.dumps([self._card["number"], kind, *what]) + "\n")


async def main() -> None:
    """Run them all until the input ends."""
    lines = asyncio.StreamReader(limit=2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = json.loads(await lines.readline())
    programs = [asyncio.create_task(Program(order, card).run()) for card in order["clients"]]
    flushing = asyncio.create_task(_flush())
    await lines.read()
    for task in (*programs, flushing):
        task.cancel()
    await asyncio.gather(*programs, flushing, return_exceptions=True)


async def _flush() -> None:
    while True:
        await asyncio.sleep(0.05)
        sys.stdout.flush()


if __name__ == "__main__":
    throw = random.Random(1).random
    random.random = lambda: DICE * throw()  # what the client's waits go by
    asyncio.run(main())
