"""One look at one stream: gather, plan, carry out; and say what could not be done."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable

import structlog

from unionflow_operator.adapters.kube import kinds
from unionflow_operator.api.stream import Stream, parse_status, parse_stream
from unionflow_operator.core.cache import Cache, Name
from unionflow_operator.core.invalid import plan_invalid
from unionflow_operator.core.observed import Observed
from unionflow_operator.core.plan import Plan
from unionflow_operator.core.planning import plan as make_plan
from unionflow_operator.errors import InvalidStream
from unionflow_operator.reconcile.carry_out import Attempt, Hand
from unionflow_operator.reconcile.gather import Gatherer
from unionflow_operator.reconcile.memory import Memory
from unionflow_operator.reconcile.outcome import Outcome, Result

log = structlog.get_logger("operator")


class Reconciler:
    """Looks at streams. clock: monotonic seconds; now: the time of day, for statuses."""

    def __init__(
        self,
        cache: Cache,
        gatherer: Gatherer,
        hand: Hand,
        resync_seconds: float,
        clock: Callable[[], float],
        now: Callable[[], dt.datetime],
    ) -> None:
        self._cache = cache
        self._gatherer = gatherer
        self._hand = hand
        self._resync_seconds = resync_seconds
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
            plan = plan_invalid(raw, error.problems, self._now(), self._resync_seconds)
            attempt = Attempt(name, raw["metadata"]["uid"], None, Memory())
            await self._hand.carry_out(plan, attempt)
            return Outcome(Result.INVALID, plan.requeue_after)
        memory = self._memories.setdefault(name, Memory())
        return await self._look(stream, memory)

    def forget(self, name: Name) -> None:
        """The stream is gone."""
        self._memories.pop(name, None)

    async def _look(self, stream: Stream, memory: Memory) -> Outcome:
        gathered = await self._gatherer.gather(stream, memory)
        plan = await self._think(gathered.observed)
        name = Name(stream.namespace, stream.name)
        attempt = Attempt(name, stream.uid, gathered.brokers, memory)
        await self._hand.carry_out(plan, attempt)
        changes = tuple(line for step in plan.changes for line in step.describe())
        if attempt.faults:
            memory.faults = tuple(sorted(attempt.faults))
        else:
            memory.carried_out(changes, self._clock())
        if memory.faults != gathered.observed.faults or attempt.found_foreign:
            observed = dataclasses.replace(
                gathered.observed,
                stream=self._with_newest_status(stream, name),
                faults=memory.faults,
                foreign=frozenset(memory.foreign),
            )
            await self._hand.say(await self._think(observed), attempt)
        return self._outcome(plan, memory, attempt)

    def _with_newest_status(self, stream: Stream, name: Name) -> Stream:
        """What the plan itself has just said is on record, and is not told again."""
        raw = self._cache.get(kinds.STREAM, name) or {}
        return stream.model_copy(update={"status": parse_status(raw.get("status"))})

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
                    stream=str(attempt.name),
                    subject=fault.subject,
                    problem=fault.message,
                )
            return Outcome(Result.FAILED)
        result = Result.CHANGED if plan else Result.CONVERGED
        return Outcome(result, plan.requeue_after)
