"""Events on streams: what has changed, told once, and counted when it repeats.

An Event that cannot be written is let go: the status says the same.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from unionflow_operator.adapters.kube.client import MERGE, KubeClient, Request
from unionflow_operator.adapters.kube.kinds import EVENT
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Name, Object
from unionflow_operator.core.plan import Emit
from unionflow_operator.errors import KubeFault

REPEAT_SECONDS = 600.0  # what is told again within is counted on the same Event
MAX_SERIES = 4_096  # that are remembered; the oldest goes
MAX_NOTE = 1_024  # the API server's own limit
log = structlog.get_logger("operator")


@dataclass(slots=True)
class _Series:
    event: str
    count: int
    last_at: float


class Events:
    """Writes Events. clock: monotonic seconds."""

    def __init__(
        self,
        client: KubeClient,
        metrics: OperatorMetrics,
        instance: str,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._metrics = metrics
        self._instance = instance
        self._clock = clock
        self._series: OrderedDict[tuple[str, str, str], _Series] = OrderedDict()

    async def emit(self, stream: Object, emit: Emit) -> None:
        """Tell it of the stream, and in the log."""
        metadata = stream["metadata"]
        name = Name(metadata["namespace"], metadata["name"])
        log.info("stream event", stream=str(name), reason=emit.reason, message=emit.message)
        key = (metadata["uid"], emit.reason, emit.message)
        known = self._series.get(key)
        now = self._clock()
        try:
            if known is not None and now - known.last_at < REPEAT_SECONDS:
                known.count += 1
                known.last_at = now
                await self._repeat(name, known)
            else:
                event = f"{name.name}.{secrets.token_hex(8)}"
                await self._create(stream, name, event, emit)
                self._series[key] = _Series(event, 1, now)
                self._series.move_to_end(key)
                if len(self._series) > MAX_SERIES:
                    self._series.popitem(last=False)
        except KubeFault as fault:
            self._series.pop(key, None)
            log.warning("event not written", stream=str(name), problem=str(fault))
            return
        self._metrics.wrote(EVENT.kind, "told")

    async def _create(self, stream: Object, name: Name, event: str, emit: Emit) -> None:
        body: dict[str, Any] = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": event, "namespace": name.namespace},
            "eventTime": _now(),
            "action": "Reconcile",
            "type": str(emit.type),
            "reason": emit.reason,
            "note": emit.message[:MAX_NOTE],
            "reportingController": "unionflow.lions.dev/operator",
            "reportingInstance": self._instance,
            "regarding": {
                "apiVersion": stream["apiVersion"],
                "kind": stream["kind"],
                "name": name.name,
                "namespace": name.namespace,
                "uid": stream["metadata"]["uid"],
                "resourceVersion": stream["metadata"]["resourceVersion"],
            },
        }
        await self._client.send(Request("POST", EVENT, name.namespace, body=body))

    async def _repeat(self, name: Name, known: _Series) -> None:
        series = {"series": {"count": known.count, "lastObservedTime": _now()}}
        await self._client.send(
            Request("PATCH", EVENT, name.namespace, known.event, body=series, content_type=MERGE)
        )


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
