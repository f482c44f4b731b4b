"""Whether two texts are one setting to Kafka, which writes numbers and lists its own way."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def same_setting(one: str, other: str) -> bool:
    """So are `0.50` and `0.5`, `compact, delete` and `compact,delete`, `TRUE` and `true`."""
    return one == other or _canonical(one) == _canonical(other)


def _canonical(value: str) -> object:
    text = value.strip()
    if text.lower() in {"true", "false"}:
        return text.lower()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return tuple(part.strip() for part in text.split(","))
    return number if number.is_finite() else text
