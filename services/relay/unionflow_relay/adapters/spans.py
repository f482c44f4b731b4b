"""The last span of a trace: from a record's turn to its write into every client's socket."""

from __future__ import annotations

from typing import Any

from unionflow_relay.core.fanout import FanOut
from unionflow_relay.core.relayed import Slice
from unionflow_runtime.core.traces import Kind, Tracer


class DeliverySpans:
    """A span for each record whose trace is kept and that had a client; none for each client."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def on_written(self, piece: Slice, plan: FanOut[Any], began: float) -> None:
        """A slice was written. began: when, in seconds since the epoch."""
        clients = dict.fromkeys(piece.causes, 0)
        for write in plan.writes:
            for index in write.indices:
                record = piece.records[index]
                if record in clients:
                    clients[record] += len(write.members)
        for record, number in clients.items():
            if not number:
                continue
            about: dict[str, str | int | float] = {
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": record.lane.topic,
                "messaging.destination.partition.id": str(record.lane.partition),
                "messaging.kafka.offset": record.offset,
                "unionflow.event_type": record.event_type,
                "unionflow.clients": number,
            }
            cause = piece.causes[record]
            name = f"deliver {record.lane.topic}"
            self._tracer.begin(name, Kind.CONSUMER, cause, about, int(began * 1e9)).end()
