"""One look at one stream: gather, plan, carry out; and say what could not be done."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable

import structlog

from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.events import Events
from unionflow_operator.api.stream import Stream, parse_stream
from unionflow_operator.carry_out import Attempt, Hand
from unionflow_operator.core.cache import Cache, Name
from unionflow_operator.core.observed import Observed
from unionflow_operator.core.plan import Emit, EventType, Plan
from unionflow_operator.core.planning import plan as make_plan
from unionflow_operator.errors import InvalidStream
from unionflow_operator.gather import Gatherer
from unionflow_operator.memory import Memory
from unionflow_operator.outcome import Outcome, Result

log = structlog.get_logger("operator")


class Reconciler:
    """Looks at streams. clock: monotonic seconds; now: the time of day, for statuses."""

    def __init__(
        self,
        cache: Cache,
        gatherer: Gatherer,
        hand: Hand,
        events: Events,
        clock: Callable[[], float],
        now: Callable[[], dt.datetime],
    ) -> None:
        self._cache = cache
        self._gatherer = gatherer
        self._hand = hand
        self._events = events
        self._clock = clock
        self._now = now
        self._thinking = asyncio.Lock()
        self._memories: dict[Name, Memory] = {}

    async def reconcile(self, name: Name) -> Outcome:
        """Look once, and do what is to be done.

        Raises:
            KubeFault: the API server could not be asked, or took no status or finalizer.
            NotLeading: this replica may not write any more.
        """
        raw = self._cache.get(kinds.STREAM, name)
        if raw is None:
            self.forget(name)
            return Outcome(Result.GONE)
        try:
            stream = parse_stream(raw)
        except InvalidStream as error:
            # The schema refuses such; this was stored before a rule was, or by another version.
            problem = "; ".join(error.problems)
            await self._events.emit(raw, Emit("InvalidSpec", problem, EventType.WARNING))
            return Outcome(Result.INVALID)
        memory = self._memories.setdefault(name, Memory())
        return await self._look(stream, memory)

    def forget(self, name: Name) -> None:
        """The stream is gone."""
        self._memories.pop(name, None)

    async def _look(self, stream: Stream, memory: Memory) -> Outcome:
        gathered = await self._gatherer.gather(stream, memory)
        plan = await self._think(gathered.observed)
        attempt = Attempt(stream, gathered.brokers, memory)
        await self._hand.carry_out(plan, attempt)
        changes = tuple(line for step in plan.changes for line in step.describe())
        if attempt.faults:
            memory.faults = tuple(sorted(attempt.faults))
        else:
            memory.carried_out(changes, self._clock())
        if memory.faults != gathered.observed.faults or attempt.found_foreign:
            observed = dataclasses.replace(
                gathered.observed, faults=memory.faults, foreign=frozenset(memory.foreign)
            )
            await self._hand.say(await self._think(observed), attempt)
        return self._outcome(plan, memory, attempt)

    async def _think(self, observed: Observed) -> Plan:
        """Plan, one stream in each turn of the loop.

        One answer of Kafka's is many streams', which would then all plan in the same turn: whoever
        asks `/livez` meanwhile would wait for all of them.
        """
        async with self._thinking:
            await asyncio.sleep(0)
            return make_plan(observed, self._now())

    def _outcome(self, plan: Plan, memory: Memory, attempt: Attempt) -> Outcome:
        if memory.faults:
            for fault in memory.faults:
                log.warning(
                    "step failed",
                    stream=f"{attempt.stream.namespace}/{attempt.stream.name}",
                    subject=fault.subject,
                    problem=fault.message,
                )
            return Outcome(Result.FAILED)
        result = Result.CHANGED if plan else Result.CONVERGED
        return Outcome(result, plan.requeue_after)
