"""The end of a stream: topics that were to be deleted with it are, and nothing holds it for ever.

Kubernetes collects the objects by their owner. Only topics need the operator, and only then is
its finalizer there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from unionflow_operator.api.status import TopicOrigin, TopicStatus
from unionflow_operator.api.stream import FINALIZER
from unionflow_operator.api.topics import DeletionPolicy
from unionflow_operator.core.conditions.verdict import listed
from unionflow_operator.core.events import told
from unionflow_operator.core.observed import KafkaObserved, KafkaUnreachable, Observed
from unionflow_operator.core.plan import (
    DeleteTopic,
    EventType,
    Plan,
    SetFinalizer,
    Step,
    WriteStatus,
)
from unionflow_operator.core.policy import Deletion
from unionflow_operator.core.reasons import Happening
from unionflow_operator.core.refusal import refusals
from unionflow_operator.core.status import make_status, reason_to_write
from unionflow_operator.core.topics import origin_on_record
from unionflow_operator.core.work import nothing_done

GIVE_UP_SECONDS: Final = 600
"""How long brokers that do not answer, or refuse, may hold a deletion."""
_AGAIN: Final = 15.0


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of the topics whose policy says Delete."""

    doomed: tuple[DeleteTopic, ...]
    kept: tuple[str, ...]
    """Each with the reason why it is left."""
    unseen: tuple[str, ...]
    """Those of which nobody can say whether they are there."""


def plan_deletion(observed: Observed, now: datetime) -> Plan:
    """What is to be done for a stream that is being deleted.

    now: with a time zone, whole seconds.
    """
    if FINALIZER not in observed.stream.finalizers:
        return Plan((), observed.installation.resync_seconds)
    fate = _fate(observed)
    is_late = _waited(observed, now) >= GIVE_UP_SECONDS
    stuck = bool(fate.unseen) or bool(fate.doomed and observed.faults)
    if is_late and stuck:
        names = (*fate.unseen, *(step.topic for step in fate.doomed))
        return let_go((*fate.kept, *(f"{name} (the brokers did not do it)" for name in names)))
    if fate.doomed or fate.unseen:
        return _delete(observed, fate, now)
    return let_go(fate.kept)


def _delete(observed: Observed, fate: _Fate, now: datetime) -> Plan:
    work = nothing_done(observed)
    before = observed.stream.status
    after = make_status(observed, work, now)
    steps: list[Step] = []
    if after != before:
        steps.append(WriteStatus(after, reason_to_write(before, after)))
    steps += fate.doomed
    if fate.doomed:
        names = listed([step.topic for step in fate.doomed])
        steps.append(told(Happening.TOPICS_DELETED, f"deleted with all their events: {names}"))
    return Plan(tuple(steps), 1.0 if fate.doomed else _AGAIN)


def let_go(left: tuple[str, ...]) -> Plan:
    """The finalizer goes; what is left behind is told before, while there is someone to tell.

    left: topics, each with the reason.
    """
    steps: list[Step] = []
    if left:
        message = f"topics left behind in Kafka: {listed(list(left))}"
        steps.append(told(Happening.TOPICS_LEFT_BEHIND, message, EventType.WARNING))
    steps.append(SetFinalizer(wanted=False, why="no topic is left that is to be deleted"))
    return Plan(tuple(steps), 1.0)


def _waited(observed: Observed, now: datetime) -> float:
    asked = datetime.fromisoformat(observed.stream.deleted or now.isoformat())
    return (now - asked).total_seconds()


def _fate(observed: Observed) -> _Fate:
    spec = observed.stream.spec
    doomed: list[DeleteTopic] = []
    kept: list[str] = []
    unseen: list[str] = []
    recorded = {(one.name, one.topic_name): one for one in observed.stream.status.topics}
    for topic, real in zip(spec.topics, spec.kafka_names(), strict=True):
        entry = recorded.get((topic.name, real))
        if topic.deletion_policy is not DeletionPolicy.DELETE or entry is None or not entry.origin:
            continue  # to be retained, or never this stream's
        reason = _reason_to_keep(observed, entry, real, paused=topic.paused)
        kafka = observed.kafka
        if reason is not None:
            kept.append(f"{real} ({reason})")
        elif isinstance(kafka, KafkaUnreachable) or real in kafka.denied:
            unseen.append(real)
        else:
            doomed += _doom(kafka, entry, real)
    return _Fate(tuple(doomed), tuple(kept), tuple(unseen))


def _doom(kafka: KafkaObserved, entry: TopicStatus, real: str) -> list[DeleteTopic]:
    found = kafka.topics.get(real)
    if found is None or origin_on_record(entry, found) is None:
        return []  # gone already, or made again by somebody else
    return [DeleteTopic(real, found.topic_id)]


def _reason_to_keep(
    observed: Observed, entry: TopicStatus, real: str, *, paused: bool
) -> str | None:
    """Why a topic is left although its policy says Delete; None where nothing speaks for it."""
    rule = observed.installation.policy.rule(observed.stream.namespace)
    rival = next((claim for claim in observed.rivals if real in claim.topics), None)
    reasons = (
        (bool(refusals(observed.stream, observed.installation)), "the policy refuses the stream"),
        (observed.stream.spec.suspend, "the stream is suspended"),
        (paused, "paused"),
        (rule.deletion is Deletion.NONE, "the policy does not allow deletion"),
        (
            entry.origin is TopicOrigin.ADOPTED and rule.deletion is not Deletion.ALL,
            "adopted, and the policy allows only topics to be deleted that the stream has made",
        ),
        (rival is not None, f"stream {rival} claims it too"),
    )
    return next((words for applies, words in reasons if applies), None)
