"""What is to be done with each topic, and whose it is.

Kafka has no owner marks, so the status says which topics are the stream's, by Kafka's own IDs
(decision "Whose topic"). An entry with an origin and no ID is an intention: it is written before
the topic is made, so that after a crash in between the topic is known again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from unionflow_operator.api.status import TopicOrigin, TopicState, TopicStatus
from unionflow_operator.api.stream import Stream
from unionflow_operator.api.topics import AdoptionPolicy, Topic
from unionflow_operator.core.claims import Claim, holder
from unionflow_operator.core.observed import KafkaObserved, Observed, TopicObserved
from unionflow_operator.core.plan import CreateTopic, GrowTopic, SetTopicConfig, TopicStep
from unionflow_operator.core.topic_config import same_setting

MOST_RELEASED: Final = 64


@dataclass(frozen=True, slots=True)
class TopicDecision:
    """How one topic stands, and what is to be done about it."""

    status: TopicStatus
    steps: tuple[TopicStep, ...] = ()
    holder: Claim | None = None
    """The other stream that holds it, where one does."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One topic of the spec, with what is known of it."""

    topic: Topic
    real: str
    recorded: TopicStatus | None
    found: TopicObserved | None

    def status(
        self,
        state: TopicState,
        message: str = "",
        *,
        origin: TopicOrigin | None = None,
        topic_id: str | None = None,
    ) -> TopicStatus:
        partitions = self.found.partitions if self.found else self.topic.partitions
        return TopicStatus(
            name=self.topic.name,
            topic_name=self.real,
            topic_id=topic_id,
            origin=origin,
            state=state,
            partitions=partitions if self.found or origin else None,
            message=message,
        )

    def kept(self, state: TopicState, message: str) -> TopicStatus:
        """As it was recorded, with another state."""
        if self.recorded is None:
            return self.status(state, message)
        changed = {"state": state, "message": message}
        return self.recorded.model_copy(update=changed)


def wanted_topics(stream: Stream) -> frozenset[str]:
    """Names in Kafka of all topics to be described: the spec's, and those on record."""
    recorded = (entry.topic_name for entry in stream.status.topics)
    return frozenset(stream.spec.kafka_names()) | frozenset(recorded)


def decide_topics(observed: Observed, me: Claim) -> tuple[TopicDecision, ...]:
    """A decision for each topic of the spec, in its order, then for those it no longer names."""
    spec = observed.stream.spec
    recorded = {(one.name, one.topic_name): one for one in observed.stream.status.topics}
    named = tuple(
        _decide(
            _Case(topic, real, recorded.get((topic.name, real)), _found(observed, real)),
            observed,
            me,
        )
        for topic, real in zip(spec.topics, spec.kafka_names(), strict=True)
    )
    return named + _released(observed)


def _found(observed: Observed, real: str) -> TopicObserved | None:
    kafka = observed.kafka
    return kafka.topics.get(real) if isinstance(kafka, KafkaObserved) else None


def _decide(case: _Case, observed: Observed, me: Claim) -> TopicDecision:
    kafka = observed.kafka
    owner = holder(case.real, me, observed.rivals)
    if owner != me:
        message = (
            f"stream {owner} is older and holds topic {case.real}: take another topicName, or "
            "delete that stream"
        )
        return TopicDecision(case.kept(TopicState.CONFLICT, message), holder=owner)
    if not isinstance(kafka, KafkaObserved):
        return TopicDecision(case.kept(TopicState.UNKNOWN, "the brokers do not answer"))
    if case.real in kafka.denied:
        message = "the brokers do not let the operator see it: allow it to describe this topic"
        return TopicDecision(case.kept(TopicState.UNKNOWN, message))
    if case.topic.paused:
        missing = "" if case.found else "paused, and it does not exist"
        return TopicDecision(case.kept(TopicState.PAUSED, missing))
    if case.found is None:
        return _create(case)
    return _keep(case, case.found)


def _create(case: _Case) -> TopicDecision:
    """A topic that is not there. One that was adopted and has gone stays adopted when made anew."""
    adopted = case.recorded is not None and case.recorded.origin is TopicOrigin.ADOPTED
    origin = TopicOrigin.ADOPTED if adopted else TopicOrigin.CREATED
    step = CreateTopic(
        case.real, case.topic.partitions, case.topic.replication_factor, dict(case.topic.config)
    )
    return TopicDecision(case.status(TopicState.CREATING, origin=origin), (step,))


def _keep(case: _Case, found: TopicObserved) -> TopicDecision:
    origin = origin_on_record(case.recorded, found)
    if origin is None and case.topic.adoption_policy is AdoptionPolicy.REFUSE:
        message = (
            f"topic {case.real} exists and this stream did not make it: say adoptionPolicy: "
            "Adopt, or take another topicName"
        )
        return TopicDecision(case.status(TopicState.REFUSED, message))
    origin = origin or TopicOrigin.ADOPTED
    steps, state = _mend(case, found)
    message = _remark(case.topic, found)
    status = case.status(state, message, origin=origin, topic_id=found.topic_id)
    return TopicDecision(status, steps)


def origin_on_record(recorded: TopicStatus | None, found: TopicObserved) -> TopicOrigin | None:
    """Whose it is by the record; None for a topic that this stream has not known yet."""
    if recorded is None or recorded.origin is None:
        return None
    if recorded.topic_id is None:  # an intention
        return recorded.origin if recorded.partitions == found.partitions else None
    return recorded.origin if recorded.topic_id == found.topic_id else None


def _mend(case: _Case, found: TopicObserved) -> tuple[tuple[TopicStep, ...], TopicState]:
    steps: list[TopicStep] = []
    state = TopicState.READY
    different = {
        name: value
        for name, value in case.topic.config.items()
        if name not in found.config or not same_setting(found.config[name], value)
    }
    if different:
        now = {name: found.config[name] for name in different if name in found.config}
        steps.append(SetTopicConfig(case.real, different, now))
        state = TopicState.CONFIGURING
    if found.partitions < case.topic.partitions:
        steps.insert(0, GrowTopic(case.real, found.partitions, case.topic.partitions))
        state = TopicState.GROWING
    return tuple(steps), state


def _remark(topic: Topic, found: TopicObserved) -> str:
    wanted = topic.replication_factor
    if wanted is None or wanted == found.replication_factor:
        return ""
    return (
        f"its replication factor is {found.replication_factor}, not {wanted}: move its replicas "
        "with kafka-reassign-partitions"
    )


def _released(observed: Observed) -> tuple[TopicDecision, ...]:
    """Topics that the spec no longer names stay on record while Kafka has them, and untouched."""
    names = {topic.name for topic in observed.stream.spec.topics}
    kafka = observed.kafka
    entries = [
        entry
        for entry in observed.stream.status.topics
        if entry.name not in names
        and entry.origin is not None
        and entry.topic_id is not None
        and (not isinstance(kafka, KafkaObserved) or _is_there(kafka, entry))
    ]
    message = "the spec no longer names it: it is left in Kafka as it is"
    changed = {"state": TopicState.RELEASED, "message": message}
    kept = entries[:MOST_RELEASED]
    return tuple(TopicDecision(entry.model_copy(update=changed)) for entry in kept)


def _is_there(kafka: KafkaObserved, entry: TopicStatus) -> bool:
    found = kafka.topics.get(entry.topic_name)
    return found is not None and found.topic_id == entry.topic_id


def on_record(observed: Observed, decisions: tuple[TopicDecision, ...]) -> tuple[TopicStatus, ...]:
    """The topics' states for the status.

    Of a suspended stream no intention is recorded: nothing is about to be made.
    """
    if not observed.stream.spec.suspend:
        return tuple(decision.status for decision in decisions)
    recorded = {one.name: one for one in observed.stream.status.topics}
    return tuple(
        _suspended(decision.status, recorded.get(decision.status.name))
        if decision.steps
        else decision.status
        for decision in decisions
    )


def _suspended(meant: TopicStatus, recorded: TopicStatus | None) -> TopicStatus:
    as_it_was = recorded or meant.model_copy(update={"origin": None, "partitions": None})
    changed = {"state": TopicState.PAUSED, "message": "waits, since spec.suspend is true"}
    return as_it_was.model_copy(update=changed)
