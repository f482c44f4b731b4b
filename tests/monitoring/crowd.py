"""Clients of all kinds, good and bad, that come again until they are cancelled."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.access.issuer import signing_key
from tests.monitoring.stack import Stack
from tests.relay.clients import PLAIN, V1, Client, client, raw_client, request_head, until_closes
from tests.relay.event_source import asking
from tests.relay.live import RunningRelay, eventually
from tests.relay.tokens import bearer, refusal

SOCIETIES: Final = ("mutuelle-dakar", "mutuelle-abidjan", "mutuelle-cotonou")
FLOOD: Final = "flood"
FULL_BUFFER: Final = 1024 * 1024
STRANGER: Final = "https://elsewhere.example"
GONE: Final = (ConnectionClosed, InvalidHandshake, httpx.TransportError, OSError, TimeoutError)
"""What happens to clients when relays come and go."""

Visit = Callable[[], Awaitable[None]]


class Crowd:
    """All clients of the stack. rng: how long each stays."""

    def __init__(self, stack: Stack, rng: random.Random) -> None:
        self._stack = stack
        self._rng = rng
        self._cursors: dict[int, str] = {}
        self._visits = 0

    async def come_and_go(self) -> None:
        """Every client, again and again."""
        async with asyncio.TaskGroup() as group:
            for visit in self._all():
                group.create_task(_again(visit))

    async def cut_off(self, flood: Visit, flooded: asyncio.Event) -> None:
        """A client that reads nothing of a flood, until it is closed for that.

        It goes to the newest relay, which is not the one that will be drained.
        """
        headers = bearer(self._token("idle", FLOOD))
        relay = list(self._stack.relays.values())[-1]
        async with raw_client(relay, receive_buffer=4_096) as stalled:
            await stalled.send(request_head(headers=headers))
            await stalled.upgraded()
            await flood()
            await eventually(lambda: relay.metric("unsent_bytes") > FULL_BUFFER)
            flooded.set()
            await until_closes(relay, 4408)

    def _all(self) -> Iterator[Visit]:
        for number in range(12):
            yield partial(self._come_back, number)
            yield partial(self._stay, number, V1)
        for number in range(8):
            yield partial(self._stay, number, PLAIN)
        for number in range(4):
            yield partial(self._read, number)
        yield from (self._be_refused, self._forget, self._want_it_all, self._expire)
        yield from (self._chatter, self._be_greedy)

    async def _come_back(self, number: int) -> None:
        """With the cursor of the last time, to whichever relay is next."""
        cursor = self._cursors.get(number)
        query = {"cursor": cursor} if cursor else {}
        headers = bearer(self._token(f"comer-{number}", SOCIETIES[number % 3]))
        async with client(self._relay(), headers=headers, **query) as one:
            await _listen(one, self._rng.uniform(2, 8))
            self._cursors[number] = one.resume
            if self._rng.random() < 0.25:
                one.connection.transport.abort()

    async def _stay(self, number: int, dialect: str) -> None:
        """Until it is sent away."""
        headers = bearer(self._token(f"{dialect}-{number}", SOCIETIES[number % 3]))
        async with client(self._relay(), dialect, headers=headers) as one:
            await _listen(one, 600)

    async def _read(self, number: int) -> None:
        """Server-sent events."""
        headers = bearer(self._token(f"reader-{number}", SOCIETIES[number % 3]))
        headers["Accept"] = "text/event-stream"
        async with asking(self._relay(), headers=headers) as answer:
            async for _ in answer.aiter_raw():
                pass

    async def _be_refused(self) -> None:
        """For a token that is old, missing or of an unknown key, and for where it comes from."""
        relay = self._relay()
        await refusal(relay, V1, self._token("old", exp=int(time.time()) - 60))
        await refusal(relay, PLAIN)
        await refusal(relay, V1, self._token("other", key=signing_key("ES256", "unknown")))
        good = self._token("moussa", SOCIETIES[0])
        await refusal(relay, PLAIN, good, headers={"Origin": STRANGER})
        await asyncio.sleep(0.7)

    async def _forget(self) -> None:
        """It comes back to what is no longer there."""
        headers = bearer(self._token("forgetful", SOCIETIES[0]))
        async with client(self._relay(), headers=headers, cursor="1~AAAAAAAA:1") as one:
            await one.until("recovered")
        await asyncio.sleep(1)

    async def _want_it_all(self) -> None:
        """All that Kafka has."""
        headers = bearer(self._token("historian", *SOCIETIES))
        async with client(self._relay(), headers=headers, cursor="earliest") as one:
            await one.until("recovered")
        await asyncio.sleep(1)

    async def _expire(self) -> None:
        """It never gets a new token."""
        headers = bearer(self._token("short", SOCIETIES[1], exp=int(time.time()) + 4))
        async with client(self._relay(), headers=headers) as one:
            await one.closed()

    async def _chatter(self) -> None:
        """It says more than it may."""
        headers = bearer(self._token("chatterer", SOCIETIES[2]))
        async with client(self._relay(), headers=headers) as one:
            for _ in range(200):
                await one.say(type="ping")
            await one.closed()
        await asyncio.sleep(3)

    async def _be_greedy(self) -> None:
        """It connects more often than it may."""
        relay, headers = self._relay(), bearer(self._token("greedy", SOCIETIES[0]))

        async def connect_once() -> None:
            with suppress(*GONE):
                async with client(relay, PLAIN, headers=headers) as one:
                    await _listen(one, 4)

        await asyncio.gather(*(connect_once() for _ in range(7)))

    def _relay(self) -> RunningRelay:
        self._visits += 1
        relays = list(self._stack.relays.values())
        return relays[self._visits % len(relays)]

    def _token(self, user: str, *organizations: str, **changes: Any) -> str:
        return self._stack.issuer.token(user, *organizations, **changes)


async def _again(visit: Visit) -> None:
    while True:
        with suppress(*GONE):
            await visit()
        await asyncio.sleep(0.3)


async def _listen(one: Client, seconds: float) -> None:
    """Until it is told to come back elsewhere, or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                said = await one.frame()
                if isinstance(said, dict) and said.get("type") == "reconnect":
                    return
