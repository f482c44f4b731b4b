"""The status of a stream, made so that it is the same as before when nothing has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from unionflow_operator.api.status import (
    Condition,
    ConditionType,
    StreamStatus,
    TopicState,
    TopicStatus,
)
from unionflow_operator.core.children.deployment import deployment_key
from unionflow_operator.core.children.exposure import client_url
from unionflow_operator.core.conditions.exposed import exposed
from unionflow_operator.core.conditions.ready import progressing, ready
from unionflow_operator.core.conditions.relays import relays_ready
from unionflow_operator.core.conditions.topics import ready_count, topics_ready
from unionflow_operator.core.conditions.trouble import degraded, resource_conflict
from unionflow_operator.core.conditions.verdict import Verdict, no
from unionflow_operator.core.observed import Observed
from unionflow_operator.core.plan import StatusReason
from unionflow_operator.core.relays import read_relays
from unionflow_operator.core.topics import on_record
from unionflow_operator.core.work import Work

_CLIENTS_TOLERANCE: Final = 10  # percent
_LONGEST_LINE: Final = 1024
_MOST_LINES: Final = 512
_Conditions = Mapping[ConditionType, Verdict]


def make_status(observed: Observed, work: Work, now: datetime) -> StreamStatus:
    """The status as it should be now; equal to the stream's own where nothing is new.

    now: with a time zone, whole seconds.
    """
    before = observed.stream.status
    topics = _with_faults(observed, on_record(observed, work.topics))
    of_spec = tuple(topic for topic in topics if topic.state is not TopicState.RELEASED)
    relays = read_relays(observed.children.get(deployment_key(observed)))
    held = no(*work.held) if work.held is not None else None
    seen = (
        resource_conflict(work),
        topics_ready(observed, of_spec),
        relays_ready(observed, relays, held),
    )
    verdicts: _Conditions = {
        ConditionType.READY: ready(observed, work, seen),
        ConditionType.TOPICS_READY: seen[1],
        ConditionType.RELAYS_READY: seen[2],
        ConditionType.EXPOSED: exposed(observed),
        ConditionType.PROGRESSING: progressing(observed, work, relays),
        ConditionType.DEGRADED: degraded(observed, work, relays),
        ConditionType.RESOURCE_CONFLICT: seen[0],
    }
    clients, counted = _clients(observed, now)
    return StreamStatus(
        observed_generation=observed.stream.generation,
        conditions=_conditions(observed, verdicts, now),
        topics=topics,
        relays=relays.counts,
        relays_ready=f"{relays.counts.ready}/{relays.counts.wanted}",
        topics_ready=f"{ready_count(observed, of_spec)}/{len(of_spec)}",
        clients=clients,
        clients_time=counted,
        pending_plan=_pending(observed, work),
        url=before.url if work.refused else client_url(observed.stream),
    )


def reason_to_write(before: StreamStatus, after: StreamStatus) -> StatusReason:
    """The first thing that is new, for the metric of writes."""
    parts = (
        (StatusReason.FIRST, not before.conditions),
        (StatusReason.GENERATION, before.observed_generation != after.observed_generation),
        (StatusReason.TOPICS, before.topics != after.topics),
        (StatusReason.CONDITIONS, before.conditions != after.conditions),
        (StatusReason.RELAYS, before.relays != after.relays),
        (StatusReason.PENDING, before.pending_plan != after.pending_plan),
    )
    return next((reason for reason, is_new in parts if is_new), StatusReason.CLIENTS)


def _conditions(observed: Observed, verdicts: _Conditions, now: datetime) -> tuple[Condition, ...]:
    before, generation = observed.stream.status, observed.stream.generation
    return tuple(
        as_condition(kind, verdict, before, generation, now) for kind, verdict in verdicts.items()
    )


def as_condition(
    kind: ConditionType, verdict: Verdict, before: StreamStatus, generation: int, now: datetime
) -> Condition:
    """A verdict as a condition: with the time of `before` where its truth is the same."""
    was = before.condition(kind)
    same = was is not None and was.status is verdict.truth
    return Condition(
        type=kind,
        status=verdict.truth,
        observed_generation=generation,
        last_transition_time=was.last_transition_time if was and same else now,
        reason=verdict.reason.value,
        message=verdict.message,
    )


def _clients(observed: Observed, now: datetime) -> tuple[int | None, datetime | None]:
    """The number on record, or the new one: past a tenth, and at most once in a resync."""
    before, counted = observed.stream.status.clients, observed.stream.status.clients_time
    found = observed.clients
    if found is None or found == before:
        return before, counted
    if before is not None and counted is not None:
        is_close = abs(found - before) * 100 <= before * _CLIENTS_TOLERANCE
        is_early = (now - counted).total_seconds() < observed.installation.resync_seconds
        if is_close or is_early:
            return before, counted
    return found, now


def _with_faults(observed: Observed, topics: tuple[TopicStatus, ...]) -> tuple[TopicStatus, ...]:
    """What failed on a topic is said at that topic too."""
    words = {fault.subject: fault.message for fault in observed.faults}
    said = ((topic, words.get(f"topic {topic.topic_name}")) for topic in topics)
    return tuple(
        topic if message is None else topic.model_copy(update={"message": message})
        for topic, message in said
    )


def _pending(observed: Observed, work: Work) -> tuple[str, ...]:
    if not observed.stream.spec.suspend:
        return ()
    lines = [line[:_LONGEST_LINE] for step in work.steps for line in step.describe()]
    return tuple(lines[:_MOST_LINES])
