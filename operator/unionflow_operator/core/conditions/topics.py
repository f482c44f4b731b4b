"""TopicsReady: whether every topic is there and as the spec says."""

from __future__ import annotations

from collections.abc import Iterable

from unionflow_operator.api.status import TopicState, TopicStatus
from unionflow_operator.core.conditions.verdict import Verdict, listed, no, unknown, yes
from unionflow_operator.core.observed import KafkaObserved, KafkaUnreachable, Observed
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.references import kafka_secret_keys
from unionflow_operator.core.secrets_missing import missing_secrets

_CHANGING = (TopicState.CREATING, TopicState.GROWING, TopicState.CONFIGURING)


def topics_ready(observed: Observed, topics: tuple[TopicStatus, ...]) -> Verdict:
    """The worst that can be said of a topic, or that all are well."""
    lost = missing_secrets(observed, kafka_secret_keys(observed.stream.spec))
    if lost:
        return unknown(Reason.SECRET_MISSING, lost)
    if not isinstance(observed.kafka, KafkaObserved):
        return _unreachable(observed.kafka)
    if held := _of(topics, TopicState.CONFLICT):
        return no(Reason.TOPIC_HELD, held[0].message)
    if refused := _of(topics, TopicState.REFUSED):
        return no(Reason.TOPIC_NOT_OURS, refused[0].message)
    if unseen := _of(topics, TopicState.UNKNOWN):
        return unknown(Reason.KAFKA_DENIED, f"{_names(unseen)}: {unseen[0].message}")
    if changing := _of(topics, *_CHANGING):
        return no(Reason.TOPICS_CHANGING, f"being made or changed: {_names(changing)}")
    return _paused(observed, topics)


def _paused(observed: Observed, topics: tuple[TopicStatus, ...]) -> Verdict:
    waiting = _of(topics, TopicState.PAUSED)
    if observed.stream.spec.suspend and any(topic.message for topic in waiting):
        return no(Reason.SUSPENDED)
    if absent := [topic for topic in waiting if not is_there(observed, topic)]:
        return no(
            Reason.TOPIC_MISSING,
            f"paused, and not there: {_names(absent)}; make them, or end the pause",
        )
    count = ready_count(observed, topics)
    return yes(Reason.TOPICS_AS_WANTED, f"{count} topics are there and as the spec says")


def ready_count(observed: Observed, topics: tuple[TopicStatus, ...]) -> int:
    """How many topics of the spec are well: ready, or paused and there."""
    paused = [topic for topic in _of(topics, TopicState.PAUSED) if is_there(observed, topic)]
    return len(_of(topics, TopicState.READY)) + len(paused)


def is_there(observed: Observed, topic: TopicStatus) -> bool:
    """Whether the brokers have it."""
    return isinstance(observed.kafka, KafkaObserved) and topic.topic_name in observed.kafka.topics


def _unreachable(kafka: KafkaUnreachable) -> Verdict:
    reason = Reason.KAFKA_CREDENTIALS_REFUSED if kafka.credentials else Reason.KAFKA_UNREACHABLE
    return unknown(reason, f"{kafka.message}. {reason.meaning}")


def _of(topics: Iterable[TopicStatus], *states: TopicState) -> list[TopicStatus]:
    return [topic for topic in topics if topic.state in states]


def _names(topics: Iterable[TopicStatus]) -> str:
    return listed([topic.topic_name for topic in topics])
