"""Carries out a plan, step by step, and says which steps have failed and why.

A converged stream's plan is empty, and nothing here is called.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from unionflow_operator.adapters.kafka.brokers import Brokers
from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.events import Events
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.api.stream import FINALIZER
from unionflow_operator.core.cache import Cache, Kind, Name, Object, version_of
from unionflow_operator.core.observed import Fault, FaultKind
from unionflow_operator.core.plan import (
    Apply,
    Emit,
    EventType,
    Plan,
    Prune,
    SetFinalizer,
    Step,
    TopicStep,
    WriteStatus,
)
from unionflow_operator.errors import KafkaFault, KubeFault
from unionflow_operator.reconcile.gather import is_owned
from unionflow_operator.reconcile.memory import Memory

TOPIC = "Topic"


@dataclass(slots=True)
class Attempt:
    """One plan being carried out."""

    name: Name
    uid: str
    """Of the stream: another one of the same name is another stream."""
    brokers: Brokers | None
    memory: Memory
    faults: list[Fault] = field(default_factory=list)
    found_foreign: bool = False
    """Something of somebody else's has a name that we wanted: the plan is to be made anew."""


class Hand:
    """Acts for every stream."""

    def __init__(
        self, client: KubeClient, cache: Cache, events: Events, metrics: OperatorMetrics
    ) -> None:
        self._client = client
        self._cache = cache
        self._events = events
        self._metrics = metrics

    async def carry_out(self, plan: Plan, attempt: Attempt) -> None:
        """Every step; what fails is added to the attempt's faults.

        Those of topics go at once, and so do those of objects, but for the relays, which need the
        others and come by themselves; all else goes in order.

        Raises:
            KubeFault: the status or a finalizer could not be written; what follows relies on it.
            NotLeading: this replica may not write any more.
        """
        if not plan:
            return
        for wave, steps in itertools.groupby(plan.steps, _wave_of):
            if wave is None:
                for step in steps:
                    await self._step(step, attempt)
            else:
                await asyncio.gather(*(self._step(step, attempt) for step in steps))

    async def say(self, plan: Plan, attempt: Attempt) -> None:
        """Of a plan only what tells of faults: its status, and warnings. Raises as above."""
        for step in plan.steps:
            if isinstance(step, WriteStatus) or (
                isinstance(step, Emit) and step.type is EventType.WARNING
            ):
                await self._step(step, attempt)

    async def _step(self, step: Step, attempt: Attempt) -> None:
        match step:
            case SetFinalizer():
                await self._set_finalizer(step, attempt)
            case WriteStatus():
                await self._write_status(step, attempt)
            case Emit():
                if step.type is EventType.WARNING or not attempt.faults:
                    await self._emit(step, attempt)
            case Apply():
                await self._guarded(str(step.key), self._apply(step, attempt), attempt)
            case Prune():
                await self._guarded(str(step.key), self._prune(step, attempt), attempt)
            case _:
                await self._guarded(f"topic {step.topic}", self._topic(step, attempt), attempt)

    async def _topic(self, step: TopicStep, attempt: Attempt) -> None:
        if attempt.brokers is None:
            raise KafkaFault("Unreachable", "Kafka could not be asked")
        await attempt.brokers.carry_out(step)
        self._metrics.wrote(TOPIC, step.why)

    async def _guarded(
        self, subject: str, work: Coroutine[Any, Any, None], attempt: Attempt
    ) -> None:
        try:
            await work
        except KafkaFault as fault:
            attempt.faults.append(Fault(subject, FaultKind.KAFKA, str(fault)))
        except KubeFault as fault:
            attempt.faults.append(Fault(subject, fault_kind(fault), str(fault)))

    async def _set_finalizer(self, step: SetFinalizer, attempt: Attempt) -> None:
        name, raw = attempt.name, self._raw(attempt)
        others = [one for one in raw["metadata"].get("finalizers") or () if one != FINALIZER]
        finalizers = [*others, FINALIZER] if step.wanted else others
        version = raw["metadata"]["resourceVersion"]
        patch = {"metadata": {"finalizers": finalizers, "resourceVersion": version}}
        written = await self._client.merge(kinds.STREAM, name, patch)
        self._metrics.wrote(kinds.STREAM.kind, "finalizer")
        # Without its last finalizer a stream that is being deleted is gone.
        if not finalizers and written["metadata"].get("deletionTimestamp"):
            self._cache.remove(kinds.STREAM, name, version_of(written))
        else:
            self._cache.put(kinds.STREAM, written)

    async def _write_status(self, step: WriteStatus, attempt: Attempt) -> None:
        body = {**self._raw(attempt), "status": step.status.to_object()}
        written = await self._client.put_status(kinds.STREAM, attempt.name, body)
        self._metrics.wrote(f"{kinds.STREAM.kind}/status", str(step.reason))
        self._cache.put(kinds.STREAM, written)

    async def _emit(self, step: Emit, attempt: Attempt) -> None:
        await self._events.emit(self._raw(attempt), step)

    async def _apply(self, step: Apply, attempt: Attempt) -> None:
        kind = kinds.kind_named(step.key.api_version, step.key.kind)
        name = Name(attempt.name.namespace, step.key.name)
        there = self._cache.get(kind, name)
        if there is None:
            try:
                self._wrote(step, kind, await self._client.make(kind, name, step.manifest))
                return
            except KubeFault as fault:
                # There is one that the watch does not see, which sees only what has our label.
                there = await self._client.get(kind, name) if fault.status == 409 else None
                if there is None:
                    raise
        if not is_owned(there, attempt.uid):
            attempt.memory.foreign.add(step.key)
            attempt.found_foreign = True
            return
        # Never another object of that name, should this one be gone by now.
        metadata = {**step.manifest["metadata"], "uid": there["metadata"]["uid"]}
        manifest = {**step.manifest, "metadata": metadata}
        self._wrote(step, kind, await self._client.apply(kind, name, manifest, force=True))

    def _wrote(self, step: Apply, kind: Kind, written: Object) -> None:
        self._metrics.wrote(kind.kind, step.why)
        self._cache.put(kind, written)

    async def _prune(self, step: Prune, attempt: Attempt) -> None:
        kind = kinds.kind_named(step.key.api_version, step.key.kind)
        name = Name(attempt.name.namespace, step.key.name)
        await self._client.delete(kind, name, step.uid)
        self._metrics.wrote(kind.kind, step.why)
        there = self._cache.get(kind, name)
        if there is not None and there["metadata"]["uid"] == step.uid:
            self._cache.remove(kind, name, version_of(there))

    def _raw(self, attempt: Attempt) -> Object:
        """The stream as it was read last, which may be newer than what the plan was made from."""
        raw = self._cache.get(kinds.STREAM, attempt.name)
        if raw is None or raw["metadata"]["uid"] != attempt.uid:
            raise KubeFault(409, "Conflict", "the stream is gone")
        return raw


def _wave_of(step: Step) -> str | None:
    """What goes at once with its neighbours of the same word; None: in order."""
    match step:
        case Apply():
            return "relays" if step.key.kind == kinds.DEPLOYMENT.kind else "objects"
        case Prune():
            return "prunes"
        case SetFinalizer() | WriteStatus() | Emit():
            return None
        case _:
            return "topics"


def fault_kind(fault: KubeFault) -> FaultKind:
    """The core's word for it."""
    text = str(fault)
    if "exceeded quota" in text:
        return FaultKind.QUOTA
    if "webhook" in text or "ValidatingAdmissionPolicy" in text:
        return FaultKind.WEBHOOK
    if fault.status == 403:
        return FaultKind.FORBIDDEN
    if fault.status in {400, 422}:
        return FaultKind.INVALID
    return FaultKind.OTHER
