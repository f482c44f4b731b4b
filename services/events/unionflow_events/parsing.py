"""From a record to an event, whoever wrote it.

Every byte here may be hostile, and every record passes: `parse` raises nothing, takes bounded
time, and is quick for the records that our own publisher writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import orjson

from unionflow_events.audience import audience_of
from unionflow_events.catalogue import EventType
from unionflow_events.event import Event, encode
from unionflow_events.identity import MAX_ID_LENGTH
from unionflow_events.record import MAX_RECORD_BYTES, Record, Rejected, RejectedReason
from unionflow_events.timestamps import normalized, rfc3339

_ABSENT: Final = object()
_ENVELOPE: Final = {"id", "eventType", "timestamp", "organizationId", "userId", "data"}
_ENVELOPE_BYTES: Final = 8192
"""What the envelope's fields may add to a foreign record: four of 256 characters, escaped."""

_EMPTY: Final = Rejected(RejectedReason.EMPTY, "the record has no value")
_NOT_AN_OBJECT: Final = Rejected(RejectedReason.NOT_AN_OBJECT, "the value is no JSON object")
_TOO_DEEP: Final = Rejected(RejectedReason.TOO_DEEP, "the value is nested deeper than 254 levels")
_DUPLICATE_KEY: Final = Rejected(RejectedReason.DUPLICATE_KEY, "an object has a key twice")
_NO_EVENT_TYPE: Final = Rejected(RejectedReason.NO_EVENT_TYPE, "no eventType, and no ce_type")
_NO_AUDIENCE: Final = Rejected(
    RejectedReason.NO_AUDIENCE, "no user, no organisation, and no broadcast on its own topic"
)


def parse(record: Record, *, max_bytes: int = MAX_RECORD_BYTES) -> Event | Rejected:
    """The event that a record carries, or why it carries none. Never raises.

    Taken are our own records, CloudEvents in binary mode (a value without `eventType` is the
    payload of the `ce_type` header), and foreign records with only `eventType` and `data`.
    Fields that are absent are made up from headers, key and position; a field that is there but
    wrong is `BAD_FIELD`, since guessing could show an event to the wrong people.

    Args:
        max_bytes: a longer value is `TOO_LARGE`, unread.
    """
    value = record.value
    if not value:
        return _EMPTY
    if len(value) > max_bytes:
        return Rejected(RejectedReason.TOO_LARGE, f"{len(value)} bytes; the most are {max_bytes}")
    try:
        fields = orjson.loads(value)
        if type(fields) is not dict:
            return _NOT_AN_OBJECT
        # orjson keeps the last of two equal keys. Where it writes the very bytes that it read,
        # there were none, and the value itself can go to the clients.
        if orjson.dumps(fields) == value:
            event = _own_event(record, fields, value)
            if event is not None:
                return event
        elif _has_a_key_twice(value):
            return _DUPLICATE_KEY
        return _foreign_event(record, fields, max_bytes)
    except orjson.JSONDecodeError as error:
        return _unreadable(error)
    except (orjson.JSONEncodeError, RecursionError):
        return _TOO_DEEP
    except _BadField as error:
        return Rejected(RejectedReason.BAD_FIELD, str(error))


class _BadField(Exception):
    """A field is there but wrong. Does not leave this module."""


def _own_event(record: Record, fields: dict[str, Any], value: bytes) -> Event | Rejected | None:
    """The event of a record as our publisher writes it; None for one that is not just so."""
    get = fields.get
    event_id = get("id")
    event_type = get("eventType")
    timestamp = get("timestamp")
    organization_id = get("organizationId", _ABSENT)
    user_id = get("userId")
    data = get("data")
    if not (
        type(event_id) is type(event_type) is type(timestamp) is str
        and 0 < len(event_id) <= MAX_ID_LENGTH
        and 0 < len(event_type) <= MAX_ID_LENGTH
        and (
            organization_id is None
            or (type(organization_id) is str and 0 < len(organization_id) <= MAX_ID_LENGTH)
        )
        and (
            (user_id is None and "userId" not in fields)
            or (type(user_id) is str and 0 < len(user_id) <= MAX_ID_LENGTH)
        )
        and type(data) is dict
        and normalized(timestamp) is timestamp
    ):
        return None
    audience = audience_of(record.topic, event_type, organization_id, user_id)
    if audience is None:
        return _NO_AUDIENCE
    return Event(event_id, event_type, timestamp, organization_id, user_id, data, audience, value)


def _foreign_event(record: Record, fields: dict[str, Any], max_bytes: int) -> Event | Rejected:
    event_type = _text(fields, "eventType")
    data = fields.get("data")
    envelope: Mapping[str, Any] = fields
    if event_type is None:
        event_type = _header(record, "ce_type")
        if event_type is None:
            return _NO_EVENT_TYPE
        if type(data) is not dict:  # the value is the payload; only whose it is, it says itself
            data = fields
            envelope = {k: fields[k] for k in ("organizationId", "userId") if k in fields}
    if type(data) is not dict:
        raise _BadField("data is no JSON object")

    user_id = _text(envelope, "userId")
    organization_id = _organization_id(record, envelope, event_type, user_id)
    audience = audience_of(record.topic, event_type, organization_id, user_id)
    if audience is None:
        return _NO_AUDIENCE
    event_id = _text(envelope, "id") or _header_id(record) or record.position
    timestamp = _timestamp(record, envelope)
    others = {name: value for name, value in envelope.items() if name not in _ENVELOPE}
    encoded = encode(event_id, event_type, timestamp, organization_id, user_id, data, others)
    if len(encoded) > max_bytes + _ENVELOPE_BYTES:  # 1e15 is written as 1000000000000000.0
        return Rejected(RejectedReason.TOO_LARGE, f"{len(encoded)} bytes when written anew")
    return Event(event_id, event_type, timestamp, organization_id, user_id, data, audience, encoded)


def _organization_id(
    record: Record, envelope: Mapping[str, Any], event_type: str, user_id: str | None
) -> str | None:
    """Whose event it is. Only where the field is absent, and null is not absent, the key says it.

    A key or subject that is there but cannot be read is an error and no absence: else a broadcast
    to one organisation would become one to everyone.
    """
    if "organizationId" in envelope:
        return _text(envelope, "organizationId")
    if user_id is not None or event_type == EventType.USER_NOTIFICATION:
        return None
    if record.key is not None:
        organization_id = _decoded(record.key)
        if organization_id is None:
            raise _BadField(f"the key is no text of 1 to {MAX_ID_LENGTH} characters")
        return organization_id
    if any(name == "ce_subject" for name, _ in record.headers):
        organization_id = _header(record, "ce_subject")
        if organization_id is None:
            raise _BadField(f"ce_subject is no single text of 1 to {MAX_ID_LENGTH} characters")
        return organization_id
    return None


def _timestamp(record: Record, envelope: Mapping[str, Any]) -> str:
    text = _text(envelope, "timestamp")
    if text is not None:
        timestamp = normalized(text)
        if timestamp is None:
            raise _BadField("timestamp is no RFC 3339 time")
        return timestamp
    header = _header(record, "ce_time")
    return (header and normalized(header)) or rfc3339(record.timestamp_ms)


def _header_id(record: Record) -> str | None:
    source, event_id = _header(record, "ce_source"), _header(record, "ce_id")
    if source is None or event_id is None:
        return None
    joined = f"{source}#{event_id}"
    return joined if len(joined) <= MAX_ID_LENGTH else None


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    """A field of text; None where it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not str or not 0 < len(value) <= MAX_ID_LENGTH:
        raise _BadField(f"{name} is no text of 1 to {MAX_ID_LENGTH} characters")
    return value


def _header(record: Record, name: str) -> str | None:
    """A header's text; None where it is absent, comes twice or is unusable."""
    values = [value for header, value in record.headers if header == name]
    return _decoded(values[0]) if len(values) == 1 else None


def _decoded(raw: bytes | None) -> str | None:
    if not raw or len(raw) > 4 * MAX_ID_LENGTH:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if len(text) <= MAX_ID_LENGTH else None


def _has_a_key_twice(value: bytes) -> bool:
    try:
        json.loads(value.decode(), object_pairs_hook=_refuse_a_key_twice)
    except _KeyTwice:
        return True
    return False


class _KeyTwice(Exception):
    """Ends a reading early. Does not leave this module."""


def _refuse_a_key_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _KeyTwice


def _unreadable(error: orjson.JSONDecodeError) -> Rejected:
    if error.msg.startswith("depth limit"):
        return _TOO_DEEP
    return Rejected(RejectedReason.NOT_JSON, f"no JSON in UTF-8, at byte {error.pos}")
