"""Lists everything now and then, so that nothing is lost that the watch has not told.

A watch can be cut off without a word. What a list finds and the watch still has not told some
seconds later says so: then the watch is started anew, and what it missed is not waited for.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable

import structlog

from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.discovery import served_kinds
from unionflow_operator.adapters.kube.watch import selector_of, watched_kinds
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Kind, Missed
from unionflow_operator.errors import KubeFault
from unionflow_operator.news.inbox import Inbox
from unionflow_runtime.core.backoff import Backoff

NOT_YET = "the API server has not answered yet"
GRACE_SECONDS = 5.0  # an event may be under way while a list is answered
log = structlog.get_logger("operator")


class Resync:
    """namespaces: none for all of them. on_deaf: starts the watch anew."""

    def __init__(
        self,
        client: KubeClient,
        inbox: Inbox,
        metrics: OperatorMetrics,
        namespaces: Iterable[str],
        period: float,
        rng: random.Random,
        on_deaf: Callable[[], None],
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._metrics = metrics
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._period = period
        self._rng = rng
        self._on_deaf = on_deaf
        self.served: frozenset[Kind] = frozenset()
        self.synced = False
        self.deaf_in_a_row = 0
        self.problem = NOT_YET

    async def run(self, on_synced: Callable[[bool], Awaitable[None] | None]) -> None:
        """List at once, and then every period, until cancelled.

        on_synced: called after each list, with whether the served kinds have changed.
        """
        backoff = Backoff(self._rng)
        while True:
            try:
                changed = await self._list_all()
            except KubeFault as fault:
                self.problem = f"the cluster is not known yet: {fault}"
                log.warning("resync failed", reason=fault.reason, problem=str(fault))
                await asyncio.sleep(backoff.next_delay())
                continue
            backoff.reset()
            self.synced = True
            told = on_synced(changed)
            if told is not None:
                await told
            await asyncio.sleep(self._period * self._rng.uniform(0.9, 1.1))

    async def _list_all(self) -> bool:
        served = await served_kinds(self._client)
        changed, self.served = served != self.served, served
        first = not self.synced
        missed: list[Missed] = []
        for kind in watched_kinds(served):
            missed += await self._list(kind)
        if first:
            return True
        await self._judge(missed)
        return changed

    async def _list(self, kind: Kind) -> list[Missed]:
        found, version = [], 0
        for namespace in self._namespaces:
            objects, listed_at = await self._client.list(kind, namespace, selector_of(kind))
            found += objects
            version = listed_at if not version else min(version, listed_at)
        return self._inbox.on_list(kind, found, version)

    async def _judge(self, missed: list[Missed]) -> None:
        if missed:
            await asyncio.sleep(GRACE_SECONDS)
        untold = [
            one for one in missed if one.version and one.version > self._inbox.newest(one.kind)
        ]
        for one in untold:
            self._metrics.missed(one.kind.kind)
        if not untold:
            self.deaf_in_a_row = 0
            return
        self.deaf_in_a_row += 1
        kinds = sorted({one.kind.kind for one in untold})
        log.warning("watch was deaf: started anew", kinds=kinds, changes=len(untold))
        self._on_deaf()
