"""Degraded and ResourceConflict: what somebody has to mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from unionflow_operator.api.status import TopicState
from unionflow_operator.api.topics import DeletionPolicy
from unionflow_operator.core.conditions.relays import relays_trouble
from unionflow_operator.core.conditions.verdict import Verdict, listed, no, yes
from unionflow_operator.core.desired import missing
from unionflow_operator.core.observed import FaultKind, KafkaUnreachable, Observed
from unionflow_operator.core.policy import Deletion
from unionflow_operator.core.reasons import Reason
from unionflow_operator.core.references import secret_keys
from unionflow_operator.core.relays import Relays
from unionflow_operator.core.secrets_missing import missing_secrets
from unionflow_operator.core.work import Work

_BY_KIND: Final = {
    FaultKind.QUOTA: Reason.QUOTA_EXCEEDED,
    FaultKind.WEBHOOK: Reason.WEBHOOK_REFUSED,
    FaultKind.FORBIDDEN: Reason.FORBIDDEN,
    FaultKind.INVALID: Reason.WRITE_REFUSED,
    FaultKind.KAFKA: Reason.KAFKA_REFUSED,
    FaultKind.CONTESTED: Reason.CONTESTED,
    FaultKind.OTHER: Reason.WRITE_FAILED,
}
_LONGEST: Final = 4096


def degraded(observed: Observed, work: Work, relays: Relays) -> Verdict:
    """All that is wrong: the first gives the reason, and the message tells of each."""
    problems = tuple(_problems(observed, work, relays))
    if problems:
        sentences = "; ".join(dict.fromkeys(message for _, message in problems))
        return yes(problems[0][0], sentences[:_LONGEST])
    left_out = missing(observed).left_out
    if left_out:
        kinds = listed(sorted(api.partition(".")[0] for api in left_out))
        return no(Reason.PARTS_LEFT_OUT, f"{kinds}: left out, since the CRD is not installed")
    return no(Reason.AS_WANTED)


def resource_conflict(work: Work) -> Verdict:
    """What this stream needs and somebody else has."""
    held = [topic.status for topic in work.topics if topic.holder is not None]
    if held:
        return yes(Reason.TOPIC_HELD, "; ".join(status.message for status in held)[:_LONGEST])
    refused = [topic.status for topic in work.topics if topic.status.state is TopicState.REFUSED]
    if refused:
        words = "; ".join(status.message for status in refused)
        return yes(Reason.TOPIC_NOT_OURS, words[:_LONGEST])
    if work.objects.foreign:
        kinds = listed([str(key) for key in work.objects.foreign])
        return yes(
            Reason.OBJECT_NOT_OURS,
            f"{kinds}: there already, and not this stream's; rename or delete it",
        )
    return no(Reason.NO_CONFLICT)


def _problems(observed: Observed, work: Work, relays: Relays) -> Iterator[tuple[Reason, str]]:
    if work.refused:
        yield Reason.POLICY_REFUSED, "; ".join(work.refused)
        return
    if lost := missing_secrets(observed, secret_keys(observed.stream.spec)):
        yield Reason.SECRET_MISSING, lost
    kafka = observed.kafka
    if isinstance(kafka, KafkaUnreachable):
        refused = Reason.KAFKA_CREDENTIALS_REFUSED
        yield refused if kafka.credentials else Reason.KAFKA_UNREACHABLE, kafka.message
    for topic in work.topics:
        if topic.status.state is TopicState.READY and topic.status.message:
            name = topic.status.topic_name
            yield Reason.REPLICATION_DIFFERS, f"topic {name}: {topic.status.message}"
    yield from _not_possible(observed)
    if trouble := relays_trouble(observed, relays):
        yield trouble
    for fault in sorted(observed.faults):
        yield _BY_KIND[fault.kind], f"{fault.subject}: {fault.message}"


def _not_possible(observed: Observed) -> Iterator[tuple[Reason, str]]:
    spec = observed.stream.spec
    rule = observed.installation.policy.rule(observed.stream.namespace)
    asked = [topic.name for topic in spec.topics if topic.deletion_policy is DeletionPolicy.DELETE]
    if asked and rule.deletion is Deletion.NONE:
        yield Reason.DELETION_NOT_ALLOWED, f"{listed(asked)}: deletion is not allowed here"
    if absent := missing(observed).apis:
        kinds = listed(sorted(api.partition(".")[0] for api in absent))
        yield Reason.CRD_MISSING, f"{kinds}: asked for, but the CRD is not installed"
