"""A thousand events a second of one society, of every type that its dashboard heeds."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Mapping
from typing import Any

from tests.browser.events import event
from tests.browser.stack import DAKAR
from tests.relay.topics import Topics
from unionflow_cli.core.samples import SOCIETIES, of_every_type
from unionflow_events import TOPIC_OF, EventType

PER_SECOND = 1_000
_BATCHES_PER_SECOND = 20


def storm(topics: Topics, seconds: float, per_second: int = PER_SECOND) -> int:
    """Write events at this rate; how many it were. It blocks: run it in a thread."""
    kinds = itertools.cycle(_payloads().items())
    each = per_second // _BATCHES_PER_SECOND
    began, count = time.monotonic(), 0
    while count < per_second * seconds:
        batch: dict[str, list[bytes]] = {}
        for kind, data in itertools.islice(kinds, each):
            record = event(kind, DAKAR, {**data, "id": uuid.uuid4().hex})
            batch.setdefault(TOPIC_OF[kind], []).append(record)
        for topic, values in batch.items():
            topics.write(topic, values, key=DAKAR)
        count += each
        time.sleep(max(0.0, began + count / per_second - time.monotonic()))
    return count


def _payloads() -> Mapping[EventType, Mapping[str, Any]]:
    """What the storm is made of. A message to one user would be no event of the society's."""
    society = next(one for one in SOCIETIES if one.id == DAKAR)
    every = of_every_type(society, "storm", "2026-11-25T12:00:00.000Z")
    return {kind: data for kind, data in every.items() if kind is not EventType.USER_NOTIFICATION}
