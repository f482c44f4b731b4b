"""A process's log line as a person reads it in an error: the event and its fields, no braces."""

from __future__ import annotations

import json
from typing import Any

_LEADING = ("timestamp", "time", "level", "event", "logger", "log_level")


def readable(line: str) -> str:
    """One log line, JSON or not, without control characters."""
    record = parse(line)
    if record is None:
        return "".join(c if c.isprintable() else " " for c in line).rstrip()
    level = str(record.get("level", "")).lower()
    fields = " ".join(f"{k}={v}" for k, v in record.items() if k not in _LEADING)
    text = " ".join(filter(None, [level, str(record.get("event", "")), fields]))
    return "".join(c if c.isprintable() else " " for c in text)


def parse(line: str) -> dict[str, Any] | None:
    """A JSON log line's fields, or None for any other line."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
