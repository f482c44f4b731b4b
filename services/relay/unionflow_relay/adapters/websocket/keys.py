"""Who waits for keys: handshakes and refreshes with a token whose key is not known yet.

In the normal case nobody does. One task serves all who wait, and gives the others their turn in
between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

MAX_WAITING = 1_000
TURN = 50


class KeyWaiters:
    """A bounded queue of what goes on once the keys were fetched; a full one takes no more."""

    def __init__(self, refresh: Callable[[], Awaitable[None]]) -> None:
        self._refresh = refresh
        self._waiting: list[Callable[[], None]] = []
        self._came = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, then: Callable[[], None]) -> bool:
        """Call `then` once the keys were fetched, or could not be. False: too many wait."""
        if len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting.append(then)
        self._came.set()
        return True

    async def run(self) -> None:
        """Serve those who wait, for ever. A refresh has its own deadline."""
        while True:
            await self._came.wait()
            await self._refresh()
            waited, self._waiting = self._waiting, []
            self._came.clear()
            for number, then in enumerate(waited, 1):
                then()
                if number % TURN == 0:
                    await asyncio.sleep(0)
