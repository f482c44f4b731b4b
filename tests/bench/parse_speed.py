"""How long `unionflow_events.parse` takes for a record, beside `orjson.loads` of the same."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import orjson

from tests.bench import records
from unionflow_events import Event, Record, parse

_RECORDS = 2_000
_REPEATS = 15

_T = TypeVar("_T")


def measure() -> Mapping[str, float]:
    """Microseconds per record, the median of 15 repeats over 2,000 records."""
    drafts = records.mixed(100).drafts(_RECORDS)
    found = [
        Record(
            topic=draft.topic,
            position=f"q3Zk1PfA.0.{offset}",
            timestamp_ms=time.time_ns() // 1_000_000,
            key=draft.key,
            value=draft.value(time.time_ns()),
            headers=draft.headers,
        )
        for offset, draft in enumerate(drafts)
    ]
    for record in found:
        event = parse(record)
        assert isinstance(event, Event)
        assert event.encoded == record.value, "it is as our publisher writes it"
    values = [record.value or b"" for record in found]
    return {"parse_us": _per_item(parse, found), "loads_us": _per_item(orjson.loads, values)}


def _per_item(function: Callable[[_T], object], items: Sequence[_T]) -> float:
    spent = []
    for _ in range(_REPEATS):
        began = time.perf_counter_ns()
        for item in items:
            function(item)
        spent.append((time.perf_counter_ns() - began) / len(items) / 1000)
    return statistics.median(spent)
