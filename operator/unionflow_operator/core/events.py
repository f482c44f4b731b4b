"""What is told as Events: changes, each told once, several in one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from unionflow_operator.api.status import (
    Condition,
    ConditionType,
    StreamStatus,
    TopicOrigin,
    TopicState,
    Truth,
)
from unionflow_operator.core.conditions.verdict import listed
from unionflow_operator.core.plan import (
    Apply,
    CreateTopic,
    DeleteTopic,
    Emit,
    EventType,
    GrowTopic,
    Prune,
    SetTopicConfig,
    Step,
)
from unionflow_operator.core.reasons import Happening

_LONGEST: Final = 1024  # Kubernetes takes no longer one
_TROUBLE: Final = frozenset({ConditionType.DEGRADED, ConditionType.RESOURCE_CONFLICT})


def events_of(
    before: StreamStatus, after: StreamStatus, steps: tuple[Step, ...]
) -> tuple[Emit, ...]:
    """The Events that go with a plan.

    before, after: the status on record, and the one that is about to be.
    """
    return (*_of_steps(steps), *_of_topics(before, after), *_of_conditions(before, after))


def _of_steps(steps: tuple[Step, ...]) -> Iterator[Emit]:
    topics = [
        step
        for step in steps
        if isinstance(step, CreateTopic | GrowTopic | SetTopicConfig | DeleteTopic)
    ]
    applied = [step for step in steps if isinstance(step, Apply)]
    pruned = [step for step in steps if isinstance(step, Prune)]
    if topics:
        lines = [line for step in topics for line in step.describe()]
        yield told(Happening.TOPICS_CHANGED, "; ".join(lines))
    if applied:
        names = [f"{step.key} ({step.why})" for step in applied]
        yield told(Happening.OBJECTS_APPLIED, "; ".join(names))
    if pruned:
        yield told(Happening.OBJECTS_PRUNED, "; ".join(str(step.key) for step in pruned))


def _of_topics(before: StreamStatus, after: StreamStatus) -> Iterator[Emit]:
    known = {topic.name: topic for topic in before.topics}
    adopted, replaced, released = [], [], []
    for topic in after.topics:
        was = known.get(topic.name)
        if topic.state is TopicState.RELEASED:
            if was is None or was.state is not TopicState.RELEASED:
                released.append(topic.topic_name)
        elif topic.topic_id is not None and (was is None or was.topic_id != topic.topic_id):
            if was is not None and was.topic_id is not None:
                replaced.append(topic.topic_name)
            elif topic.origin is TopicOrigin.ADOPTED:
                adopted.append(topic.topic_name)
    if adopted:
        yield told(Happening.TOPICS_ADOPTED, f"there before: {listed(adopted)}")
    if replaced:
        message = f"made again by somebody else: {listed(replaced)}"
        yield told(Happening.TOPICS_REPLACED, message, EventType.WARNING)
    if released:
        words = f"no longer in the spec, left in Kafka: {listed(released)}"
        yield told(Happening.TOPICS_RELEASED, words)


def _of_conditions(before: StreamStatus, after: StreamStatus) -> Iterator[Emit]:
    for now in after.conditions:
        was = before.condition(now.type)
        if now.type is ConditionType.READY and was is not None and was.status is not now.status:
            if now.status is Truth.TRUE:
                yield told(Happening.READY, now.message)
            elif was.status is Truth.TRUE:
                message = f"{now.reason}: {now.message}"
                yield told(Happening.NOT_READY, message, EventType.WARNING)
        if now.type in _TROUBLE and _is_news(was, now):
            yield told(now.reason, now.message, EventType.WARNING)


def _is_news(was: Condition | None, now: Condition) -> bool:
    if now.status is not Truth.TRUE:
        return False
    return was is None or was.status is not Truth.TRUE or was.reason != now.reason


def told(reason: str, text: str, kind: EventType = EventType.NORMAL) -> Emit:
    """An Event of a length that Kubernetes takes."""
    return Emit(reason, text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…", kind)
