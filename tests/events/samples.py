"""Events and records that several tests start from."""

from __future__ import annotations

from typing import Any

import orjson

from unionflow_events import Event, EventType, Record, new_event

APPROVALS = "unionflow.finance.approvals"
MEMBERS = "unionflow.members.events"
NOTIFICATIONS = "unionflow.notifications.user"
POSITION = "q3Zk1PfA.2.1834"
MOMENT_MS = 1_795_514_400_123
MOMENT = "2026-11-24T10:00:00.123Z"


def approval(**changes: Any) -> Event:
    """An event as our publisher makes it, of about 300 bytes."""
    arguments: dict[str, Any] = {
        "event_type": EventType.APPROVAL_PENDING,
        "data": {
            "id": "approval-1834",
            "transactionType": "LOAN",
            "amount": "250000.00",
            "currency": "XOF",
            "requestedBy": "user-17",
            "reason": "Prêt pour la campagne agricole",
        },
        "organization_id": "mutuelle-dakar",
        "id": "019ab5e1-0e9b-7c4a-8a51-7e1d5f0b9c3d",
        "timestamp_ms": MOMENT_MS,
    }
    return new_event(**arguments | changes)


def record(value: Any, **changes: Any) -> Record:
    """A record with this value; what is not bytes or None is written as JSON."""
    raw = value if value is None or isinstance(value, bytes) else orjson.dumps(value)
    fields: dict[str, Any] = {
        "topic": APPROVALS,
        "position": POSITION,
        "timestamp_ms": MOMENT_MS,
        "key": None,
        "value": raw,
        "headers": (),
    }
    return Record(**fields | changes)
