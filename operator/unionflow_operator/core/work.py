"""All that is to be done for a stream that stays, decided but not yet put in order."""

from __future__ import annotations

from dataclasses import dataclass

from unionflow_operator.api.status import TopicState, TopicStatus
from unionflow_operator.api.stream import FINALIZER, Stream
from unionflow_operator.api.topics import DeletionPolicy
from unionflow_operator.core.claims import claim_of
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.objects import ObjectDecision, decide_objects
from unionflow_operator.core.observed import Observed
from unionflow_operator.core.plan import SetFinalizer, Step
from unionflow_operator.core.policy import Deletion
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.references import secret_keys
from unionflow_operator.core.refusal import refusals
from unionflow_operator.core.secrets_missing import missing_secrets
from unionflow_operator.core.topics import TopicDecision, decide_topics


@dataclass(frozen=True, slots=True)
class Work:
    """The decisions about one stream."""

    refused: tuple[str, ...]
    """What it may not have; with any, nothing else is done."""
    topics: tuple[TopicDecision, ...]
    objects: ObjectDecision
    finalizer: SetFinalizer | None
    held: tuple[Reason, str] | None
    """Why the relays are left as they are."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What changes anything, in order. A finalizer comes before what it is for, or last."""
        topics = tuple(step for topic in self.topics for step in topic.steps)
        changes: tuple[Step, ...] = (*topics, *self.objects.applies, *self.objects.prunes)
        if self.finalizer is None:
            return changes
        return (self.finalizer, *changes) if self.finalizer.wanted else (*changes, self.finalizer)


def decide(observed: Observed) -> Work:
    """What is to be done, by the spec and by what is."""
    stream = observed.stream
    refused = refusals(stream, observed.installation)
    me = claim_of(stream, observed.installation)
    if me is None:
        return _nothing(observed, refused)
    topics = decide_topics(observed, me)
    held = _held(observed, topics)
    objects = decide_objects(observed, hold_relays=held is not None)
    return Work((), topics, objects, _finalizer(stream, observed.installation), held)


def nothing_done(observed: Observed) -> Work:
    """The work for a stream that is being deleted: what is on record stays there."""
    topics = tuple(TopicDecision(entry) for entry in observed.stream.status.topics)
    return Work((), topics, ObjectDecision((), (), ()), None, None)


def needs_finalizer(stream: Stream, installation: Installation) -> bool:
    """Whether some topic is to be deleted with the stream, and may be."""
    if installation.policy.rule(stream.namespace).deletion is Deletion.NONE:
        return False
    return any(topic.deletion_policy is DeletionPolicy.DELETE for topic in stream.spec.topics)


def _finalizer(stream: Stream, installation: Installation) -> SetFinalizer | None:
    needed = needs_finalizer(stream, installation)
    if needed == (FINALIZER in stream.finalizers):
        return None
    why = "topics are to be deleted with the stream" if needed else "no topic is to be deleted"
    return SetFinalizer(needed, why)


def _held(observed: Observed, topics: tuple[TopicDecision, ...]) -> tuple[Reason, str] | None:
    """Relays that could not start, or would relay somebody else's events, are not rolled out."""
    if lost := missing_secrets(observed, secret_keys(observed.stream.spec)):
        return Reason.SECRET_MISSING, lost
    for topic in topics:
        if topic.holder is not None:
            return Reason.TOPIC_HELD, topic.status.message
        if topic.status.state is TopicState.REFUSED:
            return Reason.TOPIC_NOT_OURS, topic.status.message
    return None


def _nothing(observed: Observed, refused: tuple[str, ...]) -> Work:
    spec = observed.stream.spec
    recorded = {one.name: one for one in observed.stream.status.topics}
    changed = {"state": TopicState.DENIED, "message": "the stream is refused: see Degraded"}
    topics = [
        recorded.get(
            topic.name, TopicStatus(name=topic.name, topic_name=real, state=TopicState.DENIED)
        ).model_copy(update=changed)
        for topic, real in zip(spec.topics, spec.kafka_names(), strict=True)
    ]
    decisions = tuple(TopicDecision(status) for status in topics)
    return Work(
        refused,
        decisions,
        ObjectDecision((), (), ()),
        None,
        (Reason.POLICY_REFUSED, "; ".join(refused)),
    )
