"""Events of no business change, as another service would write them into Kafka."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def event(kind: str, organization: str, data: Mapping[str, Any]) -> bytes:
    """A record's value; its id is new and its time is now."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {
        "id": str(uuid.uuid4()),
        "eventType": kind,
        "timestamp": now,
        "organizationId": organization,
        "data": data,
    }
    return json.dumps(fields, separators=(",", ":")).encode()
