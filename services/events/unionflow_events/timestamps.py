"""Times as the wire has them: RFC 3339, UTC, milliseconds, 24 characters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
_LENGTH: Final = 24


def rfc3339(milliseconds: int) -> str:
    """`milliseconds` since 1970 as the wire has it; what no date can hold becomes 1970 itself."""
    if not 0 <= milliseconds <= _LAST_MS:
        milliseconds = 0
    return _format(_EPOCH + timedelta(milliseconds=milliseconds))


def normalized(text: str) -> str | None:
    """Any RFC 3339 time as the wire has it, or None where `text` is none.

    A time in the wire's own form comes back as the same object. Digits beyond the millisecond
    are cut off.
    """
    if not (16 < len(text) < 64 and text[4] == text[7] == "-" and text[13] == text[16] == ":"):
        return None
    try:
        if len(text) == _LENGTH and text[10] == "T" and text[19] == "." and text[23] == "Z":
            datetime.fromisoformat(text)  # are they digits, and such a day?
            return text
        if text[10] not in "Tt ":
            return None
        moment = datetime.fromisoformat(text.upper())
        return None if moment.tzinfo is None else _format(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _format(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
