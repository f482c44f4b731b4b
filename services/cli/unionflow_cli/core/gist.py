"""What an event says, in a few words: for people who watch events pass by.

Whatever a producer wrote, the result is one line without control characters: a payload cannot
move the cursor of the terminal that shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

MAX_CHARACTERS = 400
Fields = Mapping[str, Any]


def one_line(text: str) -> str:
    """The text with every control and separator character as a blank, cut at 400 characters."""
    return "".join(c if c.isprintable() else " " for c in text[:MAX_CHARACTERS])


def gist(event_type: str, data: object) -> str:
    """A few words; where the type or its fields are not the catalogue's, the data themselves."""
    if not isinstance(data, Mapping):
        return one_line(compact(data))
    tell = _TELLERS.get(event_type)
    words = tell(data) if tell is not None else ""
    return one_line(words or compact(data))


def compact(data: object) -> str:
    """Data as `name=value` words, or as JSON where they are no object."""
    if isinstance(data, Mapping):
        return " ".join(f"{name}={_value(value)}" for name, value in data.items())
    return _value(data)


def local_time(timestamp: object, zone: tzinfo | None = None) -> str:
    """HH:MM:SS of an RFC 3339 time in the reader's zone; "--:--:--" where it is none."""
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone(zone).strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return "--:--:--"


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))


def _amount(data: Fields) -> str:
    """`250 000 XOF`, grouped with a blank as the region writes it."""
    try:
        number = f"{float(data['amount']):,.2f}".removesuffix(".00").replace(",", " ")
    except (KeyError, TypeError, ValueError):
        return ""
    return f"{number} {data.get('currency', '')}".rstrip()


def _join(*words: object) -> str:
    return " ".join(str(word) for word in words if word not in (None, ""))


def _named(label: str, value: object) -> str:
    return f"{label} {value}" if value not in (None, "") else ""


def _asked(data: Fields) -> str:
    amount = _amount(data)
    kind = str(data.get("transactionType", "")).lower()
    return _join(kind, amount, _named("for", data.get("requestedBy"))) if amount else ""


def _granted(data: Fields) -> str:
    return _join(_amount(data), _named("by", data.get("approvedBy")))


def _refused(data: Fields) -> str:
    return _join(
        _amount(data), _named("by", data.get("rejectedBy")), _in_brackets(data.get("reason"))
    )


def _in_brackets(value: object) -> str:
    return f"({value})" if value not in (None, "") else ""


def _figures(data: Fields) -> str:
    if "totalMembers" not in data:
        return ""
    return f"{data['totalMembers']} members, {data.get('pendingApprovals', 0)} pending"


def _indicator(data: Fields) -> str:
    return _join(data.get("name"), data.get("value"), data.get("unit"))


def _meeting(data: Fields) -> str:
    return _join(data.get("title"), _named("on", str(data.get("date", ""))[:10]))


def _member(data: Fields) -> str:
    return _join(data.get("firstName"), data.get("lastName"), str(data.get("status", "")).lower())


def _paid(data: Fields) -> str:
    return _join(_amount(data), _named("from", data.get("member")))


def _text(data: Fields) -> str:
    return _join(data.get("title") or data.get("text") or data.get("message"))


_TELLERS: Mapping[str, Callable[[Fields], str]] = {
    "APPROVAL_PENDING": _asked,
    "APPROVAL_APPROVED": _granted,
    "APPROVAL_REJECTED": _refused,
    "DASHBOARD_STATS_UPDATED": _figures,
    "KPI_UPDATED": _indicator,
    "ACTIVITY_CREATED": _text,
    "EVENT_UPDATED": _meeting,
    "USER_NOTIFICATION": _text,
    "BROADCAST_NOTIFICATION": _text,
    "MEMBER_CREATED": _member,
    "MEMBER_UPDATED": _member,
    "CONTRIBUTION_PAID": _paid,
}
