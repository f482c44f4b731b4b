"""Reading what a relay sends: strict about what is used, deaf to what is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from unionflow_client.core.effects import Range

MIN_AFTER_MS = 2_000.0
MAX_AFTER_MS = 3_600_000.0
DEFAULT_HEARTBEAT_MS = 25_000.0

_decode = json.JSONDecoder().decode


def parse(text: str) -> Mapping[str, Any] | None:
    """The frame in a message, or None where there is none."""
    try:
        frame = _decode(text)
    except (ValueError, RecursionError):
        return None
    return frame if type(frame) is dict else None


def cursor_of(frame: Mapping[str, Any]) -> str | None:
    """Its cursor, where it has one that can be used."""
    cursor = frame.get("cursor")
    return cursor if type(cursor) is str and cursor else None


def after_ms(frame: Mapping[str, Any]) -> float:
    """When to leave after `reconnect`: 2 s at least, and an hour at most."""
    value = _number(frame.get("afterMs"))
    return min(MAX_AFTER_MS, max(MIN_AFTER_MS, value or 0.0))


def heartbeat_ms(frame: Mapping[str, Any]) -> float:
    """How often `welcome` promises a sign of life."""
    value = _number(frame.get("heartbeatSeconds"))
    return value * 1_000 if value and value > 0 else DEFAULT_HEARTBEAT_MS


def can_refresh(frame: Mapping[str, Any]) -> bool:
    """Whether `welcome` offers to take a new token."""
    features = frame.get("features")
    return isinstance(features, list) and "refresh" in features


def ranges_of(frame: Mapping[str, Any]) -> tuple[Range, ...]:
    """What `truncated` says is gone; a range that cannot be read is left out."""
    ranges = frame.get("ranges")
    found = [_range(entry) for entry in ranges] if isinstance(ranges, list) else []
    return tuple(entry for entry in found if entry is not None)


def _range(entry: object) -> Range | None:
    if not isinstance(entry, dict):
        return None
    topic, reason = entry.get("topic"), entry.get("reason")
    numbers = [entry.get(name) for name in ("partition", "requested", "earliest")]
    partition, requested, earliest = (n if type(n) is int else 0 for n in numbers)
    return Range(
        topic if isinstance(topic, str) else None, partition, requested, earliest, str(reason)
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 else None
