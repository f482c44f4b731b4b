"""What is refused at apply, and in which words: by a real API server, and by `parse_stream`.

Both say the same, since each rule is written once for both.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.operator.api.objects import Object, create, stream, try_change, try_create
from tests.support.apiserver import ApiServer
from unionflow_operator.api.stream import parse_stream
from unionflow_operator.errors import InvalidStream

SASL = {"username": {"name": "kafka-user"}, "password": {"name": "kafka-user"}}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NODES = f"spec.relay.pod.affinity.nodeAffinity.{REQUIRED}"
KEY = {"name": "some", "key": "some"}


def kafka(**more: Any) -> Object:
    return {"bootstrapServers": "kafka:9092", **more}


def relay(**more: Any) -> Object:
    return stream(relay=more)


def pod(**more: Any) -> Object:
    return relay(pod=more)


def exposure(**more: Any) -> Object:
    return stream(exposure={"host": "api.mutuelle.example", **more})


REFUSED: dict[str, tuple[Object, str, str]] = {
    "no auth": (stream(auth=None), "spec.auth", "auth is missing"),
    "an auth that says nothing": (stream(auth={}), "spec.auth", "say exactly one of jwksUrl"),
    "two ways of auth": (
        stream(auth={"jwksUrl": "https://id.example", "none": True}),
        "spec.auth",
        "say exactly one of jwksUrl",
    ),
    "an issuer where everyone may connect": (
        stream(auth={"none": True, "issuer": "https://id.example"}),
        "spec.auth.none",
        "issuer and audience are not used with none: true",
    ),
    "a key set's address with a password": (
        stream(auth={"jwksUrl": "https://me:secret@id.example/certs"}),
        "spec.auth.jwksUrl",
        "match",
    ),
    "a SASL protocol without sasl": (
        stream(kafka=kafka(securityProtocol="SASL_SSL")),
        "spec.kafka.securityProtocol",
        "SASL_PLAINTEXT and SASL_SSL need sasl",
    ),
    "sasl that would not be used": (
        stream(kafka=kafka(sasl=SASL)),
        "spec.kafka.sasl",
        "sasl is not used with this securityProtocol",
    ),
    "tls that would not be used": (
        stream(kafka=kafka(tls={})),
        "spec.kafka.tls",
        "tls is not used with this securityProtocol",
    ),
    "a client certificate without its key": (
        stream(kafka=kafka(securityProtocol="SSL", tls={"certificate": {"name": "client"}})),
        "spec.kafka.tls",
        "give both or neither",
    ),
    "a bootstrap server without port": (
        stream(kafka={"bootstrapServers": "kafka"}),
        "spec.kafka.bootstrapServers",
        "match",
    ),
    "two topics of one name in Kafka": (
        stream(topics=[{"name": "audit"}, {"name": "log", "topicName": "audit"}]),
        "spec.topics",
        "two topics have one name in Kafka",
    ),
    "a name in Kafka that is too long with its prefix": (
        stream(topicPrefix="p" * 200, topics=[{"name": "n" * 50}]),
        "spec.topics",
        "at most 249 characters",
    ),
    "a topic of Kafka's own": (
        stream(topics=[{"name": "offsets", "topicName": "__consumer_offsets"}]),
        "spec.topics",
        "names in Kafka that begin with __ are Kafka's own",
    ),
    "a topic of Kafka's own made with a prefix": (
        stream(topicPrefix="_", topics=[{"name": "_consumer_offsets"}]),
        "spec.topics",
        "names in Kafka that begin with __ are Kafka's own",
    ),
    "a topic that is a dot": (stream(topics=[{"name": "."}]), "spec.topics[0].name", "match"),
    "more in-sync replicas than replicas": (
        stream(
            topics=[
                {"name": "audit", "replicationFactor": 2, "config": {"min.insync.replicas": "3"}}
            ]
        ),
        "spec.topics[0].config",
        "min.insync.replicas is more than replicationFactor",
    ),
    "the same written as a number": (
        stream(
            topics=[{"name": "audit", "replicationFactor": 2, "config": {"min.insync.replicas": 3}}]
        ),
        "spec.topics[0].config",
        "min.insync.replicas is more than replicationFactor",
    ),
    "no partition": (
        stream(topics=[{"name": "audit", "partitions": 0}]),
        "spec.topics[0].partitions",
        "greater than or equal to 1",
    ),
    "replicas together with autoscaling": (
        relay(replicas=3, autoscaling={}),
        "spec.relay.replicas",
        "replicas and autoscaling contradict each other",
    ),
    "fewer relays at most than at least": (
        relay(autoscaling={"minReplicas": 5, "maxReplicas": 2}),
        "spec.relay.autoscaling.minReplicas",
        "minReplicas is more than maxReplicas",
    ),
    "autoscaling by nothing": (
        relay(autoscaling={"cpuPercent": 0}),
        "spec.relay.autoscaling",
        "autoscaling needs something to go by",
    ),
    "KEDA that cannot count connections": (
        relay(autoscaling={"engine": "KEDA", "connections": 1000}),
        "spec.relay.autoscaling.prometheusUrl",
        "KEDA reads connections from Prometheus",
    ),
    "more memory requested than allowed": (
        relay(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}),
        "spec.relay.resources.requests",
        "requests.memory is more than limits.memory",
    ),
    "more CPU requested than allowed": (
        relay(resources={"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}}),
        "spec.relay.resources.requests",
        "requests.cpu is more than limits.cpu",
    ),
    "a proxy's network with host bits": (
        relay(limits={"trustedProxies": ["10.0.0.1/8"]}),
        "spec.relay.limits.trustedProxies",
        "trustedProxies are addresses",
    ),
    **{
        f"the operator's own variable {name}": (
            pod(env=[{"name": name, "value": "x"}]),
            "spec.relay.pod.env[0].name",
            "names that begin with UNIONFLOW_, KAFKA_ or POD_ are the operator's",
        )
        for name in ("UNIONFLOW_PORT", "KAFKA_SASL_PASSWORD", "POD_NAMESPACE")
    },
    "a variable without value": (
        pod(env=[{"name": "TZ"}]),
        "spec.relay.pod.env[0]",
        "a variable has value or secret",
    ),
    "a variable with two values": (
        pod(env=[{"name": "TZ", "value": "UTC", "secret": KEY}]),
        "spec.relay.pod.env[0]",
        "a variable has value or secret",
    ),
    "a label of the operator's": (
        pod(labels={"app.kubernetes.io/name": "other"}),
        "spec.relay.pod.labels",
        "labels that begin with app.kubernetes.io/",
    ),
    "a toleration of nothing": (
        pod(tolerations=[{"effect": "NoSchedule"}]),
        "spec.relay.pod.tolerations[0].operator",
        "a toleration without key must have operator Exists",
    ),
    "a toleration of any value with a value": (
        pod(tolerations=[{"key": "spot", "operator": "Exists", "value": "yes"}]),
        "spec.relay.pod.tolerations[0].value",
        "takes no value",
    ),
    "a toleration's time without NoExecute": (
        pod(tolerations=[{"key": "spot", "value": "yes", "tolerationSeconds": 5}]),
        "spec.relay.pod.tolerations[0].tolerationSeconds",
        "goes with effect NoExecute only",
    ),
    "a least number of places without need": (
        pod(topologySpreadConstraints=[{"topologyKey": "zone", "minDomains": 2}]),
        "spec.relay.pod.topologySpreadConstraints[0].minDomains",
        "goes with whenUnsatisfiable DoNotSchedule only",
    ),
    "a label selector that compares with nothing": (
        stream(
            networkPolicy={
                "clientsFrom": [
                    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In"}]}}
                ]
            }
        ),
        "spec.networkPolicy.clientsFrom[0].podSelector.matchExpressions[0].values",
        "In and NotIn need values",
    ),
    "a node selector that compares with two numbers": (
        pod(
            affinity={
                "nodeAffinity": {
                    REQUIRED: {
                        "nodeSelectorTerms": [
                            {
                                "matchExpressions": [
                                    {"key": "cores", "operator": "Gt", "values": ["4", "8"]}
                                ]
                            }
                        ]
                    }
                }
            }
        ),
        f"{NODES}.nodeSelectorTerms[0].matchExpressions[0].values",
        "Gt and Lt one",
    ),
    "a peer that selects nothing": (
        stream(networkPolicy={"monitoringFrom": [{}]}),
        "spec.networkPolicy.monitoringFrom[0]",
        "say namespaceSelector, podSelector or both",
    ),
    "a host without a class": (exposure(), "spec.exposure.host", "a host needs a way in"),
    "two ways in": (
        exposure(ingressClassName="nginx", gateway={"parentRefs": [{"name": "public"}]}),
        "spec.exposure.gateway",
        "ingressClassName and gateway are two ways in",
    ),
    "a certificate that a Gateway would not use": (
        exposure(tlsSecretName="tls", gateway={"parentRefs": [{"name": "public"}]}),
        "spec.exposure.tlsSecretName",
        "tlsSecretName goes with an Ingress",
    ),
    "a path that ends in a slash": (
        exposure(ingressClassName="nginx", path="/unionflow/"),
        "spec.exposure.path",
        "match",
    ),
}


def said(source: Object) -> tuple[str, ...]:
    with pytest.raises(InvalidStream) as caught:
        parse_stream(source)
    return caught.value.problems


def holds(lines: tuple[str, ...], where: str, words: str) -> bool:
    return any(line.startswith(f"{where}: ") and words in line for line in lines)


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_server_refuses(apiserver: ApiServer, case: str) -> None:
    source, where, words = REFUSED[case]
    refusals = try_create(apiserver.client, source).refusals
    assert holds(refusals, where, words), refusals


@pytest.mark.parametrize("case", REFUSED)
def test_parse_stream_refuses(case: str) -> None:
    source, where, words = REFUSED[case]
    problems = said(source)
    # A missing auth is pydantic's own finding, in its own words.
    expected = "is missing" if case == "no auth" else words
    assert holds(problems, where, expected), problems


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("m" * 47, "at most 46 characters"),
        ("2024-mutuelle", "begins with a letter"),
        ("mutuelle.dakar", "begins with a letter"),
    ],
)
def test_names_that_no_child_could_bear_are_refused(
    apiserver: ApiServer, name: str, words: str
) -> None:
    refusals = try_create(apiserver.client, stream(name)).refusals
    assert any(words in line for line in refusals), refusals
    assert any(words in line for line in said(stream(name)))


def test_two_topics_of_one_name_are_refused(apiserver: ApiServer) -> None:
    twice = stream(topics=[{"name": "audit"}, {"name": "audit", "topicName": "other"}])
    refusals = try_create(apiserver.client, twice).refusals
    assert holds(refusals, "spec.topics[1]", "Duplicate value"), refusals
    assert holds(said(twice), "spec.topics", "audit stands twice"), said(twice)


def test_a_field_that_is_not_there_is_refused(apiserver: ApiServer) -> None:
    wrong = stream(relay={"replica": 3})
    refusals = try_create(apiserver.client, wrong).refusals
    assert any('unknown field "spec.relay.replica"' in line for line in refusals), refusals
    assert holds(said(wrong), "spec.relay.replica", "there is no such field")


BEFORE: list[Object] = [
    {"name": "audit", "partitions": 6, "replicationFactor": 1},
    {"name": "log", "topicName": "other.log"},
]
CHANGES: dict[str, tuple[Object, str, str]] = {
    "fewer partitions": (
        {"topics": [{**BEFORE[0], "partitions": 3}, BEFORE[1]]},
        "spec.topics[0].partitions",
        "3 is fewer than the 6 asked for before; Kafka cannot remove partitions",
    ),
    "another replication factor": (
        {"topics": [{**BEFORE[0], "replicationFactor": 3}, BEFORE[1]]},
        "spec.topics[0].replicationFactor",
        "replicationFactor cannot be changed here",
    ),
    "another topicName": (
        {"topics": [BEFORE[0], {"name": "log", "topicName": "third.log"}]},
        "spec.topics[1]",
        "topicName cannot be changed, added or taken away",
    ),
    "a topicName taken away": (
        {"topics": [BEFORE[0], {"name": "log"}]},
        "spec.topics[1]",
        "topicName cannot be changed, added or taken away",
    ),
    "another prefix": (
        {"topicPrefix": "new."},
        "spec.topicPrefix",
        "topicPrefix cannot be changed, since records do not move",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_that_kafka_cannot_make_is_refused(
    apiserver: ApiServer, namespace: str, case: str
) -> None:
    change, where, words = CHANGES[case]
    assert not create(apiserver.client, namespace, stream(topics=BEFORE)).refusals
    refusals = try_change(apiserver.client, namespace, "mutuelle", {"spec": change}).refusals
    assert holds(refusals, where, words), refusals


def test_topics_may_grow_and_come_and_go(apiserver: ApiServer, namespace: str) -> None:
    assert not create(apiserver.client, namespace, stream(topics=BEFORE)).refusals
    after = [{"name": "new"}, {**BEFORE[0], "partitions": 12}]
    answer = try_change(apiserver.client, namespace, "mutuelle", {"spec": {"topics": after}})
    assert answer.refusals == ()
