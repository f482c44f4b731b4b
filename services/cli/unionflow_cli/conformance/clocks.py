"""The case's clock: real time, divided; or time that the server holds, and the adapter obeys."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from unionflow_cli.conformance.adapters.pilot import Pilot

LONGEST_WAIT_MS: Final = 20_000.0  # of a scaled case, where nothing more is to come
_SETTLE_SECONDS: Final = 0.002


class Clock(Protocol):
    """is_exact: what comes too early or too late by a millisecond is seen.

    scale: how many times as fast as real time it runs; None: as the server says.
    """

    @property
    def is_exact(self) -> bool:
        """See above."""

    @property
    def scale(self) -> float | None:
        """See above."""

    async def begin(self) -> None:
        """The case's time is 0."""

    async def pass_to(self, at: float, *, quiet: bool) -> None:
        """It is `at`, in milliseconds. quiet: nothing is to come of it."""

    async def settle(self) -> None:
        """Return when the client has done what follows from what it was told."""

    def waited(self, seconds: float, of: float) -> bool:
        """Whether so many real seconds are about `of` milliseconds of the case, or more."""


class ScaledClock:
    """Real time, divided."""

    is_exact = False

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._at = 0.0
        self._since = 0.0

    async def begin(self) -> None:
        """See `Clock`."""
        self._at, self._since = 0.0, asyncio.get_running_loop().time()

    async def pass_to(self, at: float, *, quiet: bool) -> None:
        """See `Clock`. The time that a step itself took counts for none of the next one's."""
        wait = min(at - self._at, LONGEST_WAIT_MS) if quiet else at - self._at
        await asyncio.sleep(wait / 1_000 / self.scale)
        self._at = at

    async def settle(self) -> None:
        """See `Clock`."""
        await asyncio.sleep(_SETTLE_SECONDS)

    def waited(self, seconds: float, of: float) -> bool:
        """Half is enough: a timer may have been set before what came last."""
        return seconds * self.scale * 1_000 >= of / 2


class VirtualClock:
    """Time that stands still until the adapter is told that it passes."""

    is_exact = True
    scale: float | None = None

    def __init__(self, pilot: Pilot, patience: float) -> None:
        self._pilot = pilot
        self._patience = patience
        self._at = 0.0
        self._acknowledged: asyncio.Queue[float] = asyncio.Queue()

    def on_acknowledged(self, at: float) -> None:
        """The adapter's clock shows this."""
        self._acknowledged.put_nowait(at)

    async def begin(self) -> None:
        """See `Clock`."""
        while not self._acknowledged.empty():
            self._acknowledged.get_nowait()
        await self._set(0.0)

    async def pass_to(self, at: float, *, quiet: bool) -> None:  # noqa: ARG002  # Clock's signature
        """See `Clock`."""
        if at != self._at:
            await self._set(at)

    async def settle(self) -> None:
        """See `Clock`: the adapter has been round its loop since."""
        await self._set(self._at)

    def waited(self, seconds: float, of: float) -> bool:  # noqa: ARG002  # Clock's signature
        """What came too early was seen in an earlier step."""
        return True

    async def _set(self, at: float) -> None:
        self._at = at
        self._pilot.say(do="clock", ms=at)
        async with asyncio.timeout(self._patience):
            while await self._acknowledged.get() != at:
                pass
