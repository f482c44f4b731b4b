"""Each reason of each condition, and the state of the world that gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.operator.core.specs import replace_hour
from tests.operator.core.world import BEGINNING, INSTALLATION, World
from unionflow_operator.core.claims import Claim
from unionflow_operator.core.observed import (
    Answer,
    ChildKey,
    Fault,
    FaultKind,
    Handshake,
    KafkaUnreachable,
    SecretKey,
)
from unionflow_operator.core.policy import parse_policy
from unionflow_operator.core.reasons import Reason

SPEC: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "topics": [{"name": "audit", "partitions": 3}],
}
INGRESS = {"host": "api.x.example", "ingressClassName": "nginx"}
ROUTE = {"host": "api.x.example", "gateway": {"parentRefs": [{"name": "edge"}]}}


def nothing(_world: World) -> None:
    pass


def set_to(**attributes: Any) -> Callable[[World], None]:
    def change(world: World) -> None:
        for name, value in attributes.items():
            setattr(world, name, value)

    return change


def spec(**changes: Any) -> Callable[[World], None]:
    return lambda world: world.edit(**changes)


def topic(**changes: Any) -> Callable[[World], None]:
    return spec(topics=[{"name": "audit", "partitions": 3, **changes}])


def policy(**rule: Any) -> Callable[[World], None]:
    made = replace(INSTALLATION, policy=parse_policy({"default": rule}))
    return set_to(installation=made)


def both(*changes: Callable[[World], None]) -> Callable[[World], None]:
    def change(world: World) -> None:
        for one in changes:
            one(world)

    return change


def relays(**status: Any) -> Callable[[World], None]:
    """What the Deployment's controller says."""
    return set_to(relays_say=status)


def on_object(kind: str, status: dict[str, Any]) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.converge()
        world.child(kind)["status"] = status

    return change


def foreign(world: World) -> None:
    key = ChildKey("v1", "Service", "mutuelle-relay")
    world.objects[key] = {"metadata": {"name": "mutuelle-relay", "uid": "theirs"}}


def busy(world: World) -> None:
    world.carry_out(world.plan())


def rival(world: World) -> None:
    servers = frozenset({"kafka:9092"})
    claim = Claim("o", "r", "u", replace_hour(-1), servers, frozenset({"audit"}))
    world.rivals = (claim,)


def there_before(world: World) -> None:
    world.make_topic("audit", 3)


def replica_failure(message: str) -> Callable[[World], None]:
    failure = {"type": "ReplicaFailure", "status": "True", "message": message}
    return relays(readyReplicas=0, conditions=[failure])


def fault(kind: FaultKind) -> Callable[[World], None]:
    return set_to(faults=(Fault("topic audit", kind, "no"),))


SASL = {
    "bootstrapServers": "kafka:9092",
    "securityProtocol": "SASL_SSL",
    "sasl": {"username": {"name": "k"}, "password": {"name": "k"}},
}
LOST = set_to(lost_secrets=frozenset({SecretKey("k", "password")}))
COMPLETE = [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
STUCK = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
ACCEPTED = {"parents": [{"conditions": [{"type": "Accepted", "status": "True"}]}]}
REJECTED = {
    "parents": [{"conditions": [{"type": "Accepted", "status": "False", "reason": "NotAllowed"}]}]
}
CASES: list[tuple[str, str, Reason, Callable[[World], None]]] = [
    ("Ready", "True", Reason.SERVING_CLIENTS, nothing),
    ("Ready", "True", Reason.PODS_READY, set_to(handshake=Handshake(Answer.OUTSIDE))),
    ("Ready", "Unknown", Reason.HANDSHAKE_PENDING, set_to(handshake=Handshake())),
    ("Ready", "False", Reason.HANDSHAKE_REFUSED, set_to(handshake=Handshake(Answer.REFUSED))),
    ("Ready", "False", Reason.SERVICE_UNREACHABLE, set_to(handshake=Handshake(Answer.UNREACHABLE))),
    ("Ready", "False", Reason.NO_RELAYS_WANTED, spec(relay={"replicas": 0})),
    ("Ready", "False", Reason.SUSPENDED, spec(suspend=True)),
    ("Ready", "False", Reason.POLICY_REFUSED, policy(topicPrefixes=["team."])),
    ("Ready", "False", Reason.TOPIC_HELD, rival),
    ("Ready", "False", Reason.RELAYS_NOT_READY, relays(readyReplicas=1, conditions=COMPLETE)),
    ("TopicsReady", "True", Reason.TOPICS_AS_WANTED, nothing),
    ("TopicsReady", "False", Reason.TOPIC_MISSING, topic(paused=True)),
    ("TopicsReady", "False", Reason.SUSPENDED, spec(suspend=True)),
    (
        "TopicsReady",
        "Unknown",
        Reason.KAFKA_UNREACHABLE,
        set_to(unreachable=KafkaUnreachable("no answer")),
    ),
    (
        "TopicsReady",
        "Unknown",
        Reason.KAFKA_CREDENTIALS_REFUSED,
        set_to(unreachable=KafkaUnreachable("no", credentials=True)),
    ),
    ("TopicsReady", "Unknown", Reason.KAFKA_DENIED, set_to(denied=frozenset({"audit"}))),
    ("TopicsReady", "Unknown", Reason.SECRET_MISSING, both(spec(kafka=SASL), LOST)),
    ("TopicsReady", "False", Reason.TOPIC_HELD, rival),
    (
        "TopicsReady",
        "False",
        Reason.TOPIC_NOT_OURS,
        both(there_before, topic(adoptionPolicy="Refuse")),
    ),
    ("RelaysReady", "True", Reason.RELAYS_AS_WANTED, nothing),
    ("RelaysReady", "True", Reason.ROLLING_OUT, relays(updatedReplicas=1, replicas=3)),
    ("RelaysReady", "False", Reason.RELAYS_STARTING, relays(readyReplicas=0)),
    ("RelaysReady", "False", Reason.RELAYS_NOT_READY, relays(readyReplicas=1, conditions=COMPLETE)),
    (
        "RelaysReady",
        "False",
        Reason.RELAYS_CRASHING,
        both(relays(readyReplicas=0), set_to(waiting=frozenset({"CrashLoopBackOff"}))),
    ),
    (
        "RelaysReady",
        "False",
        Reason.IMAGE_UNAVAILABLE,
        both(relays(readyReplicas=0), set_to(waiting=frozenset({"ImagePullBackOff"}))),
    ),
    ("RelaysReady", "False", Reason.PODS_REFUSED, replica_failure('pods "a-b1" is forbidden: x')),
    ("RelaysReady", "False", Reason.QUOTA_EXCEEDED, replica_failure("exceeded quota: q, used: 1")),
    ("RelaysReady", "False", Reason.ROLL_OUT_STUCK, relays(readyReplicas=1, conditions=STUCK)),
    ("RelaysReady", "False", Reason.SECRET_MISSING, both(spec(kafka=SASL), LOST)),
    ("RelaysReady", "False", Reason.SUSPENDED, spec(suspend=True)),
    ("Exposed", "False", Reason.NOT_ASKED, nothing),
    ("Exposed", "False", Reason.ADDRESS_PENDING, spec(exposure=INGRESS)),
    (
        "Exposed",
        "True",
        Reason.ADDRESS_ASSIGNED,
        both(
            spec(exposure=INGRESS),
            on_object("Ingress", {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}),
        ),
    ),
    (
        "Exposed",
        "True",
        Reason.ROUTE_ACCEPTED,
        both(spec(exposure=ROUTE), on_object("HTTPRoute", ACCEPTED)),
    ),
    (
        "Exposed",
        "False",
        Reason.ROUTE_REFUSED,
        both(spec(exposure=ROUTE), on_object("HTTPRoute", REJECTED)),
    ),
    (
        "Exposed",
        "False",
        Reason.GATEWAY_API_MISSING,
        both(spec(exposure=ROUTE), set_to(served=frozenset())),
    ),
    ("Progressing", "False", Reason.SETTLED, nothing),
    ("Progressing", "False", Reason.SUSPENDED, spec(suspend=True)),
    ("Progressing", "True", Reason.ROLLING_OUT, relays(updatedReplicas=1, replicas=3)),
    ("Degraded", "False", Reason.AS_WANTED, nothing),
    ("Degraded", "False", Reason.PARTS_LEFT_OUT, set_to(served=frozenset())),
    (
        "Degraded",
        "True",
        Reason.CRD_MISSING,
        both(spec(monitoring={"serviceMonitor": "Always"}), set_to(served=frozenset())),
    ),
    ("Degraded", "True", Reason.POLICY_REFUSED, policy(bootstrapServers=["other:*"])),
    (
        "Degraded",
        "True",
        Reason.DELETION_NOT_ALLOWED,
        both(policy(deletion="None"), topic(deletionPolicy="Delete")),
    ),
    ("Degraded", "True", Reason.SECRET_MISSING, both(spec(kafka=SASL), LOST)),
    (
        "Degraded",
        "True",
        Reason.REPLICATION_DIFFERS,
        both(there_before, topic(replicationFactor=3)),
    ),
    (
        "Degraded",
        "True",
        Reason.KAFKA_UNREACHABLE,
        set_to(unreachable=KafkaUnreachable("no answer")),
    ),
    ("Degraded", "True", Reason.QUOTA_EXCEEDED, fault(FaultKind.QUOTA)),
    ("Degraded", "True", Reason.WEBHOOK_REFUSED, fault(FaultKind.WEBHOOK)),
    ("Degraded", "True", Reason.FORBIDDEN, fault(FaultKind.FORBIDDEN)),
    ("Degraded", "True", Reason.WRITE_REFUSED, fault(FaultKind.INVALID)),
    ("Degraded", "True", Reason.KAFKA_REFUSED, fault(FaultKind.KAFKA)),
    ("Degraded", "True", Reason.CONTESTED, fault(FaultKind.CONTESTED)),
    ("Degraded", "True", Reason.WRITE_FAILED, fault(FaultKind.OTHER)),
    ("ResourceConflict", "False", Reason.NO_CONFLICT, nothing),
    ("ResourceConflict", "True", Reason.TOPIC_HELD, rival),
    (
        "ResourceConflict",
        "True",
        Reason.TOPIC_NOT_OURS,
        both(there_before, topic(adoptionPolicy="Refuse")),
    ),
    ("ResourceConflict", "True", Reason.OBJECT_NOT_OURS, foreign),
]
NOT_SETTLED = {
    Reason.TOPICS_CHANGING,
    Reason.APPLYING,
    Reason.DELETING,
    Reason.SPEC_INVALID,
}


@pytest.mark.parametrize(
    ("kind", "truth", "reason", "change"),
    CASES,
    ids=[f"{kind} is {truth} by {reason}" for kind, truth, reason, _ in CASES],
)
def test_a_condition_of_a_settled_stream(
    kind: str, truth: str, reason: Reason, change: Callable[[World], None]
) -> None:
    world = World(SPEC)
    change(world)
    world.converge()
    found = world.condition(kind)
    assert found[:2] == (truth, reason.value)
    assert len(found[2]) > 3
    assert not world.plan()


def test_every_reason_has_a_case() -> None:
    assert {reason for _, _, reason, _ in CASES} | NOT_SETTLED == set(Reason)


def test_while_a_plan_is_carried_out_the_status_says_so() -> None:
    world = World(SPEC)
    busy(world)
    assert world.condition("TopicsReady")[:2] == ("False", Reason.TOPICS_CHANGING)
    assert world.condition("Progressing")[:2] == ("True", Reason.APPLYING)
    assert world.condition("Ready")[:2] == ("False", Reason.TOPICS_CHANGING)


def test_ready_stays_true_through_a_roll_out() -> None:
    world = World(SPEC)
    world.relays_say = {"updatedReplicas": 1, "replicas": 3}
    world.converge()
    assert world.condition("Ready")[:2] == ("True", Reason.SERVING_CLIENTS)


def test_ready_stays_true_while_a_topic_grows() -> None:
    world = World(SPEC)
    world.converge()
    topic(partitions=9)(world)
    busy(world)
    assert world.condition("TopicsReady")[:2] == ("False", Reason.TOPICS_CHANGING)
    assert world.condition("Ready")[:2] == ("True", Reason.SERVING_CLIENTS)


def test_relays_that_are_current_serve_while_the_operator_cannot_see_the_brokers() -> None:
    world = World(SPEC)
    world.converge()
    world.unreachable = KafkaUnreachable("no answer")
    world.converge()
    assert world.condition("Ready")[0] == "True"
    assert world.condition("Degraded")[0] == "True"


@pytest.mark.parametrize("answer", [one for one in Answer if one is not Answer.NOT_TRIED])
def test_a_handshake_not_tried_since_a_restart_leaves_ready_as_it_was(answer: Answer) -> None:
    world = World(SPEC, handshake=Handshake(answer, "nobody at 10.0.0.1"))
    world.converge()
    world.handshake = Handshake()
    assert not world.plan()


def test_a_condition_keeps_its_time_until_its_truth_changes() -> None:
    world = World(SPEC)
    world.converge()
    times = {one["type"]: one["lastTransitionTime"] for one in world.status["conditions"]}
    world.now += timedelta(hours=1)
    world.handshake = Handshake(Answer.REFUSED)
    world.converge()
    changed = {
        one["type"]
        for one in world.status["conditions"]
        if one["lastTransitionTime"] != times[one["type"]]
    }
    assert changed == {"Ready"}


def test_every_fault_of_the_last_attempt_is_said_and_goes_when_it_is_over() -> None:
    world = World(SPEC)
    world.converge()
    world.faults = (
        Fault("topic audit", FaultKind.KAFKA, "policy violation"),
        Fault("Ingress mutuelle-relay", FaultKind.WEBHOOK, "host is taken"),
    )
    world.converge()
    message = world.condition("Degraded")[2]
    assert message == ("Ingress mutuelle-relay: host is taken; topic audit: policy violation")
    assert world.status["topics"][0]["message"] == "policy violation"
    world.faults = ()
    world.converge()
    assert world.condition("Degraded")[0] == "False"
    assert world.status["topics"][0]["message"] == ""


def test_a_pods_name_in_a_refusal_does_not_change_the_status_each_time() -> None:
    world = World(SPEC)
    replica_failure('pods "a-1" is forbidden: no')(world)
    world.converge()
    failure = {"type": "ReplicaFailure", "status": "True"}
    world.child("Deployment")["status"]["conditions"] = [
        {**failure, "message": 'pods "a-2" is forbidden: no'}
    ]
    assert not world.plan()


@pytest.mark.parametrize(
    ("clients", "seconds", "written"),
    [(109, 9999, None), (111, 9999, 111), (111, 100, None), (88, 300, 88), (None, 9999, None)],
)
def test_clients_are_written_past_a_tenth_and_once_in_a_resync(
    clients: int | None, seconds: int, written: int | None
) -> None:
    world = World(SPEC, clients=100)
    world.converge()
    world.now = BEGINNING + timedelta(seconds=seconds)
    world.clients = clients
    status = world.plan().status
    assert (status.clients if status else None) == written
