"""Which streams want the same topic of the same brokers, and which of them holds it.

Every stream comes to the same answer from the same claims, so no lock is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.refusal import refusals

_NOT_YET = "9999"  # sorts after every time


@dataclass(frozen=True, slots=True)
class Claim:
    """One stream's wish for topics.

    Of streams that a policy refuses there is none: who may not have a topic cannot keep others
    from it.
    """

    namespace: str
    name: str
    uid: str
    created: str
    """`creationTimestamp`, RFC 3339 in UTC, which sorts as the times do."""
    brokers: frozenset[str]
    """`host:port` of the bootstrap servers, in lower case."""
    topics: frozenset[str]
    """Names in Kafka."""
    topic_ids: frozenset[str] = frozenset()
    """Kafka's IDs of those on record: one cluster has many addresses, but a topic has one ID."""

    @property
    def seniority(self) -> tuple[str, str]:
        """The least holds the topic."""
        return (self.created, self.uid)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def claim_of(stream: Stream, installation: Installation) -> Claim | None:
    """What a stream claims; None where the policy refuses it."""
    if refusals(stream, installation):
        return None
    return Claim(
        stream.namespace,
        stream.name,
        stream.uid,
        stream.created or _NOT_YET,
        broker_set(stream.spec.kafka.bootstrap_servers),
        frozenset(stream.spec.kafka_names()),
        frozenset(topic.topic_id for topic in stream.status.topics if topic.topic_id is not None),
    )


def broker_set(bootstrap_servers: str) -> frozenset[str]:
    """The servers of a comma list; two sets that share one are of the same cluster."""
    parts = (server.strip().lower() for server in bootstrap_servers.split(","))
    return frozenset(part for part in parts if part)


def rivals(mine: Claim, others: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims of other streams that meet mine, oldest first."""
    meeting = [
        other
        for other in others
        if other.uid != mine.uid
        and other.topics & mine.topics
        and (other.brokers & mine.brokers or other.topic_ids & mine.topic_ids)
    ]
    return tuple(sorted(meeting, key=lambda claim: claim.seniority))


def holder(topic: str, mine: Claim, others: Iterable[Claim]) -> Claim:
    """Who holds a topic that `mine` claims: the oldest of those that claim it."""
    claims = [mine, *(other for other in others if topic in other.topics)]
    return min(claims, key=lambda claim: claim.seniority)
