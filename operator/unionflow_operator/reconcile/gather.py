"""Reads everything that bears on one stream into one frozen value, at one moment.

Of the API server only what no cache has: Secrets, and objects of others that stand in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from unionflow_events.connection import Secret
from unionflow_operator.adapters.kafka.brokers import Brokers
from unionflow_operator.adapters.kafka.connection import Connection
from unionflow_operator.adapters.kafka.pool import KafkaPool
from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.discovery import optional_api
from unionflow_operator.adapters.kube.secrets import Secrets
from unionflow_operator.adapters.probe import Target
from unionflow_operator.api.kafka import Kafka
from unionflow_operator.api.model import SecretKey as Reference
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.cache import Cache, Kind, Name, Object
from unionflow_operator.core.claimed import Claimed
from unionflow_operator.core.claims import Claim, claim_of
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.manifest import CLIENT_PORT, MANAGEMENT_PORT, relay_name
from unionflow_operator.core.observed import (
    ChildKey,
    Handshake,
    KafkaObserved,
    KafkaUnreachable,
    Manifest,
    Observed,
    SecretKey,
    secret_digest,
)
from unionflow_operator.core.references import kafka_secret_keys, secret_keys
from unionflow_operator.core.refusal import refusals
from unionflow_operator.core.topics import wanted_topics
from unionflow_operator.errors import KafkaFault, SecretFault
from unionflow_operator.reconcile.memory import Memory
from unionflow_operator.reconcile.soundings import Relays

ENDPOINT = "/ws/dashboard"
_CREDENTIALS = frozenset({"CredentialsRefused", "TlsFailed", "InvalidConnection"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was observed, and the client through which its topics are changed."""

    observed: Observed
    brokers: Brokers | None


class Hearing(Protocol):
    """What is known of relays from asking them: `soundings`, or of a single look nothing."""

    def heard(self, name: Name, relays: Relays | None) -> tuple[Handshake, int | None]:
        """The newest handshake, and how many clients; None where not all relays have told."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is all read from. served: the optional kinds that the cluster has by now."""

    installation: Installation
    cache: Cache
    claimed: Claimed
    client: KubeClient
    secrets: Secrets
    pool: KafkaPool
    soundings: Hearing
    served: Callable[[], frozenset[Kind]]


class Gatherer:
    """Gathers for every stream."""

    def __init__(self, sources: Sources) -> None:
        self._of = sources

    async def gather(self, stream: Stream, memory: Memory) -> Gathered:
        """Everything about it. Raises KubeFault: a Secret could not be read."""
        refused = bool(refusals(stream, self._of.installation))
        contents = {} if refused else await self._contents(stream)
        brokers, kafka = None, KafkaUnreachable("not asked")
        observed_kafka: KafkaObserved | KafkaUnreachable = kafka
        if not refused:
            brokers, observed_kafka = await self._kafka(stream, contents)
        children = self._children(stream)
        handshake, clients = self._of.soundings.heard(
            Name(stream.namespace, stream.name), self._relays(stream, children)
        )
        observed = Observed(
            stream=stream,
            installation=self._of.installation,
            kafka=observed_kafka,
            children=children,
            foreign=await self._foreign(stream, memory, children),
            served=frozenset(optional_api(kind) for kind in self._of.served()),
            secrets={
                key: secret_digest(stream.uid, contents[key])
                for key in secret_keys(stream.spec)
                if key in contents
            },
            rivals=self._rivals(stream),
            clients=clients,
            waiting=self._waiting(stream),
            handshake=handshake,
            faults=memory.faults,
        )
        return Gathered(observed, brokers)

    async def _contents(self, stream: Stream) -> Mapping[SecretKey, bytes]:
        """Of those entries that exist."""
        found = {}
        keys = secret_keys(stream.spec)
        for name in sorted({key.name for key in keys}):
            content = await self._of.secrets.read(Name(stream.namespace, name)) or {}
            found.update(
                {key: content[key.key] for key in keys if key.name == name and key.key in content}
            )
        return found

    async def _kafka(
        self, stream: Stream, contents: Mapping[SecretKey, bytes]
    ) -> tuple[Brokers | None, KafkaObserved | KafkaUnreachable]:
        try:
            connection = connection_of(stream.spec.kafka, contents)
            brokers = self._of.pool.brokers(connection)
            topics, denied = await brokers.describe(wanted_topics(stream))
        except SecretFault as fault:
            return None, KafkaUnreachable(str(fault), credentials=True)
        except KafkaFault as fault:
            if fault.reason in _CREDENTIALS:  # the next look is to see a Secret that was mended
                for key in kafka_secret_keys(stream.spec):
                    self._of.secrets.forget(Name(stream.namespace, key.name))
            return None, KafkaUnreachable(
                str(fault), credentials=fault.reason == "CredentialsRefused"
            )
        return brokers, KafkaObserved(topics, denied)

    def _children(self, stream: Stream) -> Mapping[ChildKey, Manifest]:
        children = self._of.cache.children(Name(stream.namespace, stream.name))
        return {
            ChildKey(kind.api_version, kind.kind, name.name): obj
            for (kind, name), obj in children.items()
            if kind != kinds.POD and is_owned(obj, stream.uid)
        }

    async def _foreign(
        self, stream: Stream, memory: Memory, children: Mapping[ChildKey, Manifest]
    ) -> frozenset[ChildKey]:
        """Those that stood in the way when they were to be made, and still do."""
        for key in sorted(memory.foreign):
            name = Name(stream.namespace, key.name)
            there = await self._of.client.get(kinds.kind_named(key.api_version, key.kind), name)
            if key in children or there is None or is_owned(there, stream.uid):
                memory.foreign.discard(key)
        return frozenset(memory.foreign)

    def _rivals(self, stream: Stream) -> tuple[Claim, ...]:
        claim = claim_of(stream, self._of.installation)
        return self._of.claimed.rivals(claim) if claim is not None else ()

    def _pods(self, stream: Stream) -> list[Object]:
        children = self._of.cache.children(Name(stream.namespace, stream.name))
        return [obj for (kind, _), obj in children.items() if kind == kinds.POD]

    def _waiting(self, stream: Stream) -> frozenset[str]:
        statuses = [
            status
            for pod in self._pods(stream)
            for status in pod.get("status", {}).get("containerStatuses") or ()
        ]
        reasons = [status.get("state", {}).get("waiting", {}).get("reason") for status in statuses]
        return frozenset(reason for reason in reasons if reason)

    def _relays(self, stream: Stream, children: Mapping[ChildKey, Manifest]) -> Relays | None:
        """Where to knock; None where there is no Service of ours, or no relay that is ready."""
        service = children.get(ChildKey("v1", "Service", relay_name(stream)))
        deployment = children.get(ChildKey("apps/v1", "Deployment", relay_name(stream)))
        ready = int((deployment or {}).get("status", {}).get("readyReplicas") or 0)
        host = (service or {}).get("spec", {}).get("clusterIP")
        if not host or not ready or deployment is None:
            return None
        path = stream.spec.exposure.path if stream.spec.exposure is not None else ""
        addresses = [address for pod in self._pods(stream) if (address := _ready_address(pod))]
        state = (deployment["metadata"].get("generation"), ready, sorted(addresses), host)
        return Relays(Target(host, CLIENT_PORT, path + ENDPOINT), addresses, str(state))


def is_owned(obj: Object, uid: str) -> bool:
    """Whether it carries the owner reference of the stream of that UID."""
    return any(
        reference.get("uid") == uid for reference in obj["metadata"].get("ownerReferences") or ()
    )


def connection_of(kafka: Kafka, contents: Mapping[SecretKey, bytes]) -> Connection:
    """How its brokers are reached.

    Raises:
        SecretFault: a Secret or an entry is missing, or is no text.
    """

    def text(reference: Reference | None) -> Secret | None:
        return _text(reference, contents) if reference is not None else None

    sasl, tls = kafka.sasl, kafka.tls
    return Connection(
        bootstrap_servers=kafka.bootstrap_servers.replace(" ", ""),
        security_protocol=str(kafka.security_protocol),
        sasl_mechanism=str(sasl.mechanism) if sasl is not None else None,
        sasl_username=text(sasl.username) if sasl is not None else None,
        sasl_password=text(sasl.password) if sasl is not None else None,
        ca=text(tls.ca) if tls is not None else None,
        certificate=text(tls.certificate) if tls is not None else None,
        key=text(tls.key) if tls is not None else None,
    )


def _text(reference: Reference, contents: Mapping[SecretKey, bytes]) -> Secret:
    content = contents.get(SecretKey(reference.name, reference.key))
    where = f"{reference.key} of Secret {reference.name}"
    if content is None:
        raise SecretFault(
            "SecretMissing", f"{where} is missing: make it, in the stream's namespace"
        )
    try:
        return Secret(content.decode().removesuffix("\n"))
    except UnicodeDecodeError:
        raise SecretFault("SecretInvalid", f"{where} is no text") from None


def _ready_address(pod: Object) -> str | None:
    status = pod.get("status", {})
    ready = any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in status.get("conditions") or ()
    )
    address = status.get("podIP")
    if not ready or not address:
        return None
    return f"[{address}]:{MANAGEMENT_PORT}" if ":" in address else f"{address}:{MANAGEMENT_PORT}"
