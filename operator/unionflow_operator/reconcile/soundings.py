"""What is found out about relays beside the reconciles: do they answer, and how many clients.

Asking takes seconds where nobody answers, so no reconcile waits for it: it takes what was last
heard, and a stream is looked at again when something else is heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from unionflow_operator.adapters.clients import count_clients
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.adapters.probe import Target, shake_hands
from unionflow_operator.core.cache import Name
from unionflow_operator.core.observed import Answer, Handshake

AT_ONCE = 16
UNANSWERED_SECONDS = 5.0
OUT_OF_REACH_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Relays:
    """Where a stream's relays are. state: changes when they do, so that they are asked anew."""

    target: Target
    management: Sequence[str]
    """`host:port` of each relay's management side."""
    state: str


@dataclass(slots=True)
class _Sounding:
    state: str = ""
    handshake: Handshake = field(default_factory=Handshake)
    clients: int | None = None
    asked_at: float = float("-inf")
    counted_at: float = float("-inf")
    task: asyncio.Task[None] | None = None


class Soundings:
    """Bounded: one task a stream, AT_ONCE of them asking, the others waiting."""

    def __init__(
        self,
        metrics: OperatorMetrics,
        resync_seconds: float,
        on_news: Callable[[Name], None],
        *,
        outside: bool,
        handshake: Callable[..., Awaitable[Handshake]] = shake_hands,
    ) -> None:
        """outside: the operator is not in the cluster, and may not reach Services."""
        self._metrics = metrics
        self._resync_seconds = resync_seconds
        self._on_news = on_news
        self._outside = outside
        self._shake_hands = handshake
        self._of: dict[Name, _Sounding] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._out_of_reach_until = float("-inf")
        self._session: aiohttp.ClientSession | None = None

    def heard(self, name: Name, relays: Relays | None) -> tuple[Handshake, int | None]:
        """What was last heard; sees to it that it is not too old. relays: None for none ready."""
        if relays is None:
            self.forget(name)
            return Handshake(), None
        sounding = self._of.setdefault(name, _Sounding())
        now = asyncio.get_running_loop().time()
        if sounding.state != relays.state:
            sounding.state = relays.state
            sounding.asked_at = float("-inf")
        if sounding.task is None and now >= sounding.asked_at + self._period(sounding):
            sounding.task = asyncio.create_task(self._sound(name, sounding, relays))
        return sounding.handshake, sounding.clients

    def forget(self, name: Name) -> None:
        """It is gone, or has no relay that is ready."""
        sounding = self._of.pop(name, None)
        if sounding is not None and sounding.task is not None:
            sounding.task.cancel()

    async def close(self) -> None:
        """Ask nobody any more."""
        for name in list(self._of):
            self.forget(name)
        if self._session is not None:
            await self._session.close()

    def _period(self, sounding: _Sounding) -> float:
        settled = sounding.handshake.answer in {Answer.ANSWERED, Answer.OUTSIDE}
        return self._resync_seconds * 0.9 if settled else UNANSWERED_SECONDS

    async def _sound(self, name: Name, sounding: _Sounding, relays: Relays) -> None:
        loop = asyncio.get_running_loop()
        before = (sounding.handshake, sounding.clients)
        async with self._slots:
            handshake = await self._handshake(relays.target, loop.time())
            within_reach = handshake.answer is not Answer.OUTSIDE
            if within_reach and loop.time() >= sounding.counted_at + self._resync_seconds * 0.9:
                sounding.clients = await self._count(relays.management)
                sounding.counted_at = loop.time()
        sounding.handshake = handshake
        sounding.asked_at = loop.time()
        sounding.task = None
        if (sounding.handshake, sounding.clients) != before:
            self._on_news(name)

    async def _handshake(self, target: Target, now: float) -> Handshake:
        if now < self._out_of_reach_until:
            return Handshake(Answer.OUTSIDE, "")
        handshake = await self._shake_hands(target, outside=self._outside)
        self._metrics.probed(str(handshake.answer))
        if handshake.answer is Answer.OUTSIDE:
            # All Services are as far away as this one: the others need not be tried.
            self._out_of_reach_until = now + OUT_OF_REACH_SECONDS
            return Handshake(Answer.OUTSIDE, "")
        return handshake

    async def _count(self, management: Sequence[str]) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        return await count_clients(self._session, management)
