"""What comes from Kafka, and why some of it is left there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_RECORD_BYTES: Final = 1_000_000
"""Of a record's value. Kafka's own default is 1,048,588 for a batch with all its headers."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of Kafka, with no client library's type in it.

    Attributes:
        topic: the catalogue's name for it, or the real one where the catalogue has none.
        position: where it lies, `TOPIC.PARTITION.OFFSET`; the event's id of last resort.
        timestamp_ms: the record's own, in milliseconds since 1970; below 0 if it has none.
    """

    topic: str
    position: str
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class RejectedReason(StrEnum):
    """Why a record is no event. The values are labels of a metric, so they stay few and fixed."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    TOO_DEEP = "too_deep"
    DUPLICATE_KEY = "duplicate_key"
    NO_EVENT_TYPE = "no_event_type"
    BAD_FIELD = "bad_field"
    NO_AUDIENCE = "no_audience"
    UNPACKS_TOO_LARGE = "unpacks_too_large"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is skipped. `detail` is a short sentence with no content of the record."""

    reason: RejectedReason
    detail: str
