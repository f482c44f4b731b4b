"""CloudEvents 1.0 over Kafka, binary mode: the headers that any CloudEvents reader understands."""

from __future__ import annotations

from unionflow_events.event import Event


def headers_of(event: Event, source: str, traceparent: str | None) -> list[tuple[str, bytes]]:
    """The headers of an event's record.

    Args:
        source: CloudEvents' `source`, a URI reference that says which service the event is from.
        traceparent: W3C Trace Context of the work that caused the event, where there is one.
    """
    headers = [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", event.id.encode()),
        ("ce_type", event.event_type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", event.timestamp.encode()),
    ]
    if event.key is not None:
        headers.append(("ce_subject", event.key))
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers
