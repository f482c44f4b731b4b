"""A cluster and its brokers, small and pure: plans are carried out here, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.operator.core.server import Json, server_side_apply
from unionflow_operator.api.stream import API_VERSION, FINALIZER, KIND, Stream, parse_stream
from unionflow_operator.core.claims import Claim
from unionflow_operator.core.desired import child_keys
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.observed import (
    Answer,
    ChildKey,
    Fault,
    Handshake,
    KafkaObserved,
    KafkaUnreachable,
    Observed,
    OptionalApi,
    SecretKey,
    TopicObserved,
)
from unionflow_operator.core.plan import (
    Apply,
    CreateTopic,
    DeleteTopic,
    Emit,
    GrowTopic,
    Plan,
    Prune,
    SetFinalizer,
    SetTopicConfig,
    Step,
    TopicStep,
    WriteStatus,
)
from unionflow_operator.core.planning import plan
from unionflow_operator.core.references import secret_keys
from unionflow_operator.monitoring import load_bundle

BEGINNING = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
INSTALLATION = Installation(
    relay_image="unionflow/relay:0.1.0",
    namespace="unionflow-system",
    monitoring=load_bundle(),
)
ANSWERED = Handshake(Answer.ANSWERED)
MOST_ROUNDS = 6


@dataclass(slots=True)
class World:
    """One stream, the objects of its namespace, and the brokers."""

    spec: Json
    name: str = "mutuelle"
    uid: str = "5f1c0000-0000-4000-8000-000000000001"
    generation: int = 1
    deleted: datetime | None = None
    finalizers: list[str] = field(default_factory=list)
    status: Json = field(default_factory=dict)
    objects: dict[ChildKey, Json] = field(default_factory=dict)
    applied: dict[ChildKey, Json] = field(default_factory=dict)
    topics: dict[str, TopicObserved] = field(default_factory=dict)
    unreachable: KafkaUnreachable | None = None
    served: frozenset[OptionalApi] = frozenset(OptionalApi)
    lost_secrets: frozenset[SecretKey] = frozenset()
    secrets_edition: int = 1
    rivals: tuple[Claim, ...] = ()
    denied: frozenset[str] = frozenset()
    clients: int | None = 0
    relays_say: Json = field(default_factory=dict)
    """What the Deployment's status has otherwise than a Deployment all is well with."""
    waiting: frozenset[str] = frozenset()
    handshake: Handshake = ANSWERED
    faults: tuple[Fault, ...] = ()
    installation: Installation = INSTALLATION
    now: datetime = BEGINNING
    numbers: Any = field(default_factory=lambda: count(1))

    def stream(self) -> Stream:
        return parse_stream(
            {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "metadata": {
                    "name": self.name,
                    "namespace": "prod",
                    "uid": self.uid,
                    "generation": self.generation,
                    "resourceVersion": "1",
                    "creationTimestamp": BEGINNING.isoformat(),
                    "deletionTimestamp": self.deleted.isoformat() if self.deleted else None,
                    "finalizers": self.finalizers,
                },
                "spec": self.spec,
                "status": self.status,
            }
        )

    def observe(self) -> Observed:
        stream = self.stream()
        names = set(child_keys(stream))
        live = {key: item for key, item in self.objects.items() if key in names}
        ours = {key: item for key, item in live.items() if self._is_ours(item)}
        secrets = secret_keys(stream.spec) - self.lost_secrets
        return Observed(
            stream=stream,
            installation=self.installation,
            kafka=self.unreachable or KafkaObserved(self._seen(), self.denied),
            children=deepcopy(ours),
            foreign=frozenset(live.keys() - ours.keys()),
            served=self.served,
            secrets={key: f"{key.name}-{key.key}-{self.secrets_edition}" for key in secrets},
            rivals=self.rivals,
            clients=self.clients,
            waiting=self.waiting,
            handshake=self.handshake,
            faults=self.faults,
        )

    def plan(self) -> Plan:
        return plan(self.observe(), self.now)

    def carry_out(self, made: Plan, *, only: Callable[[int], bool] = lambda _: True) -> None:
        """Carry out the plan's steps; `only` says by its number whether one is."""
        for number, step in enumerate(made.steps):
            if only(number):
                self._step(step)
        self.controllers()

    def converge(self) -> list[Plan]:
        """Plan and carry out until nothing is to be done. The plans, without the empty one."""
        plans: list[Plan] = []
        for _ in range(MOST_ROUNDS):
            made = self.plan()
            if not made:
                return plans
            plans.append(made)
            self.carry_out(made)
            self.now += timedelta(seconds=made.requeue_after)
        raise AssertionError(f"still at it after {MOST_ROUNDS} plans: {plans[-1]}")

    def edit(self, **changes: Any) -> None:
        """Change the spec, as `kubectl apply` does."""
        self.spec = {**self.spec, **changes}
        self.generation += 1

    def controllers(self) -> None:
        """What Kubernetes' own controllers make of the objects."""
        for key, item in self.objects.items():
            if key.kind == "Deployment":
                wanted = item["spec"].setdefault("replicas", 1)
                item["status"] = {
                    "observedGeneration": item["metadata"]["generation"],
                    "replicas": wanted,
                    "updatedReplicas": wanted,
                    "readyReplicas": wanted,
                    **self.relays_say,
                }

    def condition(self, kind: str) -> tuple[str, str, str]:
        """(status, reason, message) of a condition on record."""
        found = next(one for one in self.status["conditions"] if one["type"] == kind)
        return found["status"], found["reason"], found["message"]

    def child(self, kind: str, name: str = "mutuelle-relay") -> Json:
        return next(i for k, i in self.objects.items() if k.kind == kind and k.name == name)

    def _seen(self) -> dict[str, TopicObserved]:
        return {name: one for name, one in self.topics.items() if name not in self.denied}

    def _is_ours(self, item: Json) -> bool:
        owners = item["metadata"].get("ownerReferences", [])
        return any(owner["uid"] == self.uid for owner in owners)

    def _step(self, step: Step) -> None:
        match step:
            case SetFinalizer(wanted=True):
                self.finalizers.append(FINALIZER)
            case SetFinalizer():
                self.finalizers.remove(FINALIZER)
            case WriteStatus(status=status):
                self.status = status.to_object()
            case Apply(key=key, manifest=manifest):
                self._apply(key, manifest)
            case Prune(key=key, uid=uid):
                assert self.objects[key]["metadata"]["uid"] == uid
                del self.objects[key], self.applied[key]
            case CreateTopic() | GrowTopic() | SetTopicConfig() | DeleteTopic():
                self._topic_step(step)
            case Emit():
                pass

    def _apply(self, key: ChildKey, manifest: Mapping[str, Any]) -> None:
        before = self.objects.get(key)
        after = server_side_apply(before, self.applied.get(key, {}), manifest)
        if before is None:
            after["metadata"] |= {"uid": f"uid-{next(self.numbers)}", "generation": 0}
        after["metadata"]["generation"] += 1
        self.objects[key] = after
        self.applied[key] = deepcopy(dict(manifest))

    def _topic_step(self, step: TopicStep) -> None:
        match step:
            case CreateTopic():
                assert step.topic not in self.topics
                factor = step.replication_factor or 1
                self.make_topic(step.topic, step.partitions, factor, step.config)
            case GrowTopic():
                assert self.topics[step.topic].partitions < step.to
                self.topics[step.topic] = replace(self.topics[step.topic], partitions=step.to)
            case SetTopicConfig():
                was = self.topics[step.topic]
                self.topics[step.topic] = replace(was, config={**was.config, **step.config})
            case DeleteTopic():
                assert self.topics.pop(step.topic).topic_id == step.topic_id

    def make_topic(
        self, name: str, partitions: int, factor: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """A topic with an ID of its own."""
        topic_id = f"id-{next(self.numbers)}"
        self.topics[name] = TopicObserved(topic_id, partitions, factor, dict(config or {}))
