"""An event, as a service means it and as every client gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from unionflow_events.audience import Audience, audience_of
from unionflow_events.catalogue import ADDRESSEE_OF, TOPIC_OF, Addressee, EventType
from unionflow_events.errors import InvalidPayload
from unionflow_events.identity import MAX_ID_LENGTH
from unionflow_events.payload import require_json
from unionflow_events.record import MAX_RECORD_BYTES
from unionflow_events.timestamps import rfc3339

_NEEDED: Final = {Addressee.ORGANIZATION: "organizationId", Addressee.USER: "userId"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event, whole. Made by `parse` from a record, and by `new_event` for a publisher.

    Attributes:
        id: the same on every delivery; 1 to 256 characters.
        event_type: of the catalogue, or any other.
        timestamp: RFC 3339, UTC, milliseconds.
        organization_id: whose event it is; None for a broadcast to everyone.
        user_id: set where the event is one person's.
        data: the payload, not to be changed.
        audience: who gets it, and nobody else.
        encoded: the event's JSON object as every client gets it, on one line of UTF-8.
        traceparent: W3C Trace Context of the work that caused it, for its record's header; of an
            event that was read it stays there.
    """

    id: str
    event_type: str
    timestamp: str
    organization_id: str | None
    user_id: str | None
    data: Mapping[str, Any]
    audience: Audience
    encoded: bytes
    traceparent: str | None = field(default=None, compare=False)

    @property
    def topic(self) -> str:
        """The catalogue's topic for it. ValueError for a type that it does not have."""
        return TOPIC_OF[EventType(self.event_type)]

    @property
    def key(self) -> bytes | None:
        """The key of its record: the id of whom its type is addressed to."""
        addressee = ADDRESSEE_OF[EventType(self.event_type)]
        key = addressee.key(self.organization_id, self.user_id)
        return None if key is None else key.encode()


def new_event(
    event_type: EventType | str,
    *,
    data: Mapping[str, Any],
    organization_id: str | None = None,
    user_id: str | None = None,
    id: str,  # the field's own name on the wire
    timestamp_ms: int,
    traceparent: str | None = None,
) -> Event:
    """An event of the catalogue, checked and encoded.

    Args:
        data: a JSON object. It is copied: changing it later does not change the event.
        organization_id, user_id: 1 to 256 characters; which is needed, the catalogue says.
        id: a UUIDv7, see `uuid7`.
        timestamp_ms: when it happened, milliseconds since 1970.
        traceparent: as the event has it.

    Raises:
        InvalidPayload: with the path to what is wrong.
    """
    known = _known(event_type)
    ids = {"organizationId": organization_id, "userId": user_id}
    for path, value in {"id": id, **ids}.items():
        if value is not None:
            _require_id(path, value)
    audience = audience_of(TOPIC_OF[known], known.value, organization_id, user_id)
    needed = _NEEDED.get(ADDRESSEE_OF[known])
    if audience is None or (needed and ids[needed] is None):
        raise InvalidPayload(needed or "organizationId", f"{known.value} needs one")
    if not isinstance(data, dict):
        raise InvalidPayload("data", f"{type(data).__name__} is no JSON object; pass a dict")
    require_json(data, "data")

    timestamp = rfc3339(timestamp_ms)
    encoded = encode(id, known.value, timestamp, organization_id, user_id, data)
    if len(encoded) > MAX_RECORD_BYTES:
        raise InvalidPayload(
            "data", f"makes an event of {len(encoded):,} bytes; {MAX_RECORD_BYTES:,} are the most"
        )
    own_data = orjson.loads(encoded)["data"]
    return Event(
        id,
        known.value,
        timestamp,
        organization_id,
        user_id,
        own_data,
        audience,
        encoded,
        traceparent,
    )


def encode(
    id: str,
    event_type: str,
    timestamp: str,
    organization_id: str | None,
    user_id: str | None,
    data: Mapping[str, Any],
    others: Mapping[str, Any] | None = None,
) -> bytes:
    """The event's JSON object, in the wire's order; `others` are further fields of a record.

    Raises:
        orjson.JSONEncodeError: it is nested deeper than orjson writes, 254 levels.
    """
    fields: dict[str, Any] = {
        "id": id,
        "eventType": event_type,
        "timestamp": timestamp,
        "organizationId": organization_id,
    }
    if user_id is not None:
        fields["userId"] = user_id
    fields["data"] = data
    if others:
        fields |= others
    return orjson.dumps(fields)


def _known(event_type: EventType | str) -> EventType:
    try:
        return EventType(event_type)
    except ValueError:
        known = ", ".join(EventType)
        raise InvalidPayload("eventType", f"is not in the catalogue, which has {known}") from None


def _require_id(path: str, value: object) -> None:
    if type(value) is not str:
        raise InvalidPayload(path, f"{type(value).__name__} is no string")
    if not 0 < len(value) <= MAX_ID_LENGTH:
        raise InvalidPayload(path, f"has {len(value)} characters; an id has 1 to {MAX_ID_LENGTH}")
    require_json(value, path)
