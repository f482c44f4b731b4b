"""A stream whose spec cannot be read: it is told so, and can still be deleted.

The API server refuses such a spec at apply. It comes about where an object is older than a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from unionflow_operator.api.status import ConditionType, StreamStatus
from unionflow_operator.api.stream import FINALIZER, parse_status
from unionflow_operator.core.conditions.verdict import no, yes
from unionflow_operator.core.deletion import let_go
from unionflow_operator.core.events import events_of
from unionflow_operator.core.plan import Plan, WriteStatus
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.status import as_condition, reason_to_write

_LONGEST = 4096


def plan_invalid(
    source: Mapping[str, Any], problems: tuple[str, ...], now: datetime, resync_seconds: float
) -> Plan:
    """What is to be done for an object that `parse_stream` has refused.

    problems: of `InvalidStream`. now: with a time zone.
    """
    metadata = source.get("metadata") or {}
    if metadata.get("deletionTimestamp"):
        if FINALIZER not in (metadata.get("finalizers") or ()):
            return Plan((), resync_seconds)
        return let_go(("all that were to be deleted (the spec cannot be read)",))
    before = parse_status(source.get("status"))
    generation = int(metadata.get("generation") or 0)
    after = _status(before, "; ".join(problems)[:_LONGEST], generation, now.replace(microsecond=0))
    if after == before:
        return Plan((), resync_seconds)
    written = WriteStatus(after, reason_to_write(before, after))
    return Plan((written, *events_of(before, after, ())), resync_seconds)


def _status(before: StreamStatus, words: str, generation: int, now: datetime) -> StreamStatus:
    """What was seen of the rest stays on record."""
    said = {
        ConditionType.READY: no(Reason.SPEC_INVALID, words),
        ConditionType.DEGRADED: yes(Reason.SPEC_INVALID, words),
    }
    kept = {one.type: one for one in before.conditions}
    for kind, verdict in said.items():
        kept[kind] = as_condition(kind, verdict, before, generation, now)
    changed = {"observed_generation": generation, "conditions": tuple(kept.values())}
    return before.model_copy(update=changed)
