"""Everything that a plan is made from, read once and frozen.

Adapters fill it; nothing in it can be asked anything. Two equal values give equal plans.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from unionflow_operator.api.stream import Stream
from unionflow_operator.core.claims import Claim
from unionflow_operator.core.installation import Installation

Manifest = Mapping[str, Any]
"""A Kubernetes object as the API server's JSON has it."""


class ChildKey(NamedTuple):
    """An object in the stream's namespace."""

    api_version: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class SecretKey(NamedTuple):
    """One entry of one Secret in the stream's namespace."""

    name: str
    key: str


class OptionalApi(StrEnum):
    """Kinds that a cluster may lack, as `Kind.group`."""

    SERVICE_MONITOR = "ServiceMonitor.monitoring.coreos.com"
    PROMETHEUS_RULE = "PrometheusRule.monitoring.coreos.com"
    HTTP_ROUTE = "HTTPRoute.gateway.networking.k8s.io"
    SCALED_OBJECT = "ScaledObject.keda.sh"


@dataclass(frozen=True, slots=True)
class TopicObserved:
    """A topic as the brokers describe it."""

    topic_id: str
    """Base64url, as Kafka prints it; a topic made again has another."""
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    """What is set on the topic itself; brokers' defaults are not in it."""


@dataclass(frozen=True, slots=True)
class KafkaObserved:
    """The brokers have answered. Of the topics asked for, those that exist."""

    topics: Mapping[str, TopicObserved]
    denied: frozenset[str] = frozenset()
    """Topics that may not be described: whether they exist is not known."""


@dataclass(frozen=True, slots=True)
class KafkaUnreachable:
    """Nobody has answered, or not to us."""

    message: str
    """One sentence, the same as long as the cause is the same; no secret, no time."""
    credentials: bool = False
    """True where a broker answered and refused who we are."""


class Answer(StrEnum):
    """What a WebSocket handshake through the stream's Service has come to."""

    ANSWERED = "answered"  # a welcome, or 4401 where tokens are wanted
    REFUSED = "refused"  # something answered that is no relay that serves
    UNREACHABLE = "unreachable"  # nobody answered, though Services can be reached
    OUTSIDE = "outside"  # the operator cannot reach Services: it goes by the pods
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class Handshake:
    """The newest attempt to connect as a client does."""

    answer: Answer = Answer.NOT_TRIED
    message: str = ""
    """One sentence, the same as long as the cause is the same."""


class FaultKind(StrEnum):
    """Why a step of the last attempt has failed."""

    QUOTA = "quota"
    WEBHOOK = "webhook"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    KAFKA = "kafka"
    CONTESTED = "contested"  # carried out, and undone by somebody each time
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A step of the last attempt that has failed."""

    subject: str
    """`topic unionflow.members.events`, `Deployment mutuelle-relay`."""
    kind: FaultKind
    message: str
    """One sentence without times, counters and request ids, so that it repeats word for word."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One stream and all that bears on it, at one moment."""

    stream: Stream
    installation: Installation
    kafka: KafkaObserved | KafkaUnreachable
    children: Mapping[ChildKey, Manifest] = field(default_factory=dict)
    """Live objects that carry the stream's owner reference."""
    foreign: frozenset[ChildKey] = frozenset()
    """Live objects of names that we would use, which are not the stream's."""
    served: frozenset[OptionalApi] = frozenset()
    secrets: Mapping[SecretKey, str] = field(default_factory=dict)
    """`secret_digest` of each entry that exists, of those that the spec refers to."""
    rivals: tuple[Claim, ...] = ()
    """Other streams' claims on topics that this stream claims too (`claims.rivals`)."""
    clients: int | None = None
    """Connected clients of all relays; None where not all of them have told."""
    waiting: frozenset[str] = frozenset()
    """Why containers of relays are not running: `ImagePullBackOff`, `CrashLoopBackOff`."""
    handshake: Handshake = field(default_factory=Handshake)
    faults: tuple[Fault, ...] = ()


def secret_digest(uid: str, content: bytes) -> str:
    """A Secret's entry as 16 hexadecimal digits that say only whether it has changed.

    uid: the stream's, so that equal Secrets of two streams cannot be told to be equal.
    """
    return hmac.new(uid.encode(), content, hashlib.sha256).hexdigest()[:16]
