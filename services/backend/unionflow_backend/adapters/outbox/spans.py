"""The outbox in traces: a span for each event of a traced request, until Kafka has answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from unionflow_backend.adapters.outbox.publisher import Publisher
from unionflow_events import Event, PublishedEvent
from unionflow_events.ordering import Outcome
from unionflow_runtime.core.traces import Kind, Span, Tracer


class TracedPublisher:
    """Publishes as `publisher` does. Each record names its own span as its cause."""

    def __init__(self, publisher: Publisher, tracer: Tracer) -> None:
        self._publisher = publisher
        self._tracer = tracer

    async def publish_in_order(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """See `EventPublisher.publish_in_order`."""
        spans = [self._begin(event) for event in events]
        told = [
            event if span is None else replace(event, traceparent=span.traceparent)
            for event, span in zip(events, spans, strict=True)
        ]
        outcomes: Sequence[Outcome] = ()
        try:
            outcomes = await self._publisher.publish_in_order(told)
        finally:
            for place, span in enumerate(spans):
                if span is not None:
                    _end(span, outcomes[place] if outcomes else None)
        return outcomes

    def _begin(self, event: Event) -> Span | None:
        if event.traceparent is None:
            return None
        about = {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.destination.name": event.topic,
            "messaging.message.id": event.id,
            "unionflow.event_type": event.event_type,
        }
        return self._tracer.begin(f"publish {event.topic}", Kind.PRODUCER, event.traceparent, about)


def _end(span: Span, outcome: Outcome | None) -> None:
    if isinstance(outcome, PublishedEvent):
        lies: dict[str, str | int | float] = {
            "messaging.destination.name": outcome.topic,
            "messaging.destination.partition.id": str(outcome.partition),
            "messaging.kafka.offset": outcome.offset,
        }
        span.end(f"publish {outcome.topic}", lies)
    else:
        span.end(trouble="cut short" if outcome is None else str(outcome))
