"""All programs of both libraries, from their start to what is said of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence

from tests.chaos.ledger import Truth
from tests.chaos.libraries.company import Company, available
from tests.chaos.libraries.front import Front
from tests.chaos.libraries.judge import judge, missing
from tests.chaos.libraries.patrons import Patron, patrons
from tests.chaos.verdict import Verdict

LOOK_SECONDS = 0.5


class Readers:
    """each: how many programs of each library that can run here. ports: of the relays' proxies."""

    def __init__(self, each: int, lose: int, ports: Sequence[int], rng: random.Random) -> None:
        def front(*, lets_websockets_through: bool) -> Front:
            dice = random.Random(rng.random())
            return Front(ports, dice, lets_websockets_through=lets_websockets_through)

        self._lose = lose
        self._companies = [
            Company(library, patrons(rng, library, each), lose)
            for library in (available() if each else ())
        ]
        self._front = front(lets_websockets_through=True)
        self._streams = front(lets_websockets_through=False)

    @property
    def patrons(self) -> Sequence[Patron]:
        """All of them."""
        return [patron for company in self._companies for patron in company.patrons]

    async def run(self) -> None:
        """Start the processes, and hear them until they are stopped.

        Raises:
            AuditError: one ended by itself.
        """
        await self._front.start()
        await self._streams.start()
        addresses = {"front": self._front.base, "streams": self._streams.base}
        try:
            async with asyncio.TaskGroup() as group:
                for company in self._companies:
                    group.create_task(company.run(addresses))
        finally:
            await self._front.stop()
            await self._streams.stop()

    def stop(self) -> None:
        """End the processes."""
        for company in self._companies:
            company.stop()

    async def trouble(self, seconds: float) -> None:
        """Let their network fail, for so long."""
        async with asyncio.TaskGroup() as group:
            for front in (self._front, self._streams):
                group.create_task(front.trouble(seconds))

    async def until_all_arrived(self, truth: Truth, deadline: float) -> None:
        """Wait until each is live and has everything, or until a moment of time.monotonic()."""
        left = list(self.patrons)
        while left and time.monotonic() < deadline:
            left = [one for one in left if one.state != "live" or self._lacks(truth, one)]
            await asyncio.sleep(LOOK_SECONDS)
        for patron in self.patrons:
            patron.arrived = patron not in left  # one that dies now and then may just be doing so

    def _lacks(self, truth: Truth, patron: Patron) -> bool:
        """Whether something may still come; of one that is made to lose, that is not known."""
        return not self._lose and bool(missing(truth, patron))

    def judge(self, truth: Truth) -> Sequence[Verdict]:
        """Of each program."""
        return [judge(truth, patron) for patron in self.patrons]

    def done(self) -> Mapping[str, int]:
        """What was done to them, and how often; nothing where there are none."""
        if not self._companies:
            return {}
        return {
            "programs that died": sum(len(patron.lives) - 1 for patron in self.patrons),
            "connections of programs cut": self._front.cuts + self._streams.cuts,
        }
