"""The objects of a stream: what the relay is told, and what its pods may do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from tests.operator.core.server import Json, leaves
from tests.operator.core.specs import specs
from tests.operator.core.world import World
from unionflow_events import CATALOGUE
from unionflow_operator.core.children.exposure import client_url
from unionflow_operator.core.desired import KINDS, child_keys, desired
from unionflow_operator.core.manifest import key_of
from unionflow_operator.core.observed import Manifest, OptionalApi, secret_digest
from unionflow_operator.core.plan import Apply
from unionflow_operator.core.references import kafka_secret_keys, secret_keys
from unionflow_relay.settings import Settings, read_configuration
from unionflow_runtime.settings import CONFIG_VARIABLE, KAFKA_SETTINGS, variables_of

quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
SPEC: dict[str, Any] = {"kafka": {"bootstrapServers": "kafka:9092"}, "auth": {"none": True}}
SECURE: dict[str, Any] = {
    "kafka": {
        "bootstrapServers": "kafka:9093",
        "securityProtocol": "SASL_SSL",
        "sasl": {"username": {"name": "kafka"}, "password": {"name": "kafka"}},
        "tls": {"ca": {"name": "authority"}},
    },
    "auth": {"secretRef": {"name": "tokens"}},
}


def objects(spec: Json, served: frozenset[OptionalApi] = frozenset(OptionalApi)) -> list[Manifest]:
    return list(desired(World(spec, served=served).observe()))


def one(kind: str, spec: Json) -> Any:
    return next(
        item
        for item in objects(spec)
        if item["kind"] == kind and item["metadata"]["name"] == "mutuelle-relay"
    )


def container(spec: Json) -> Any:
    return one("Deployment", spec)["spec"]["template"]["spec"]["containers"][0]


def environment(spec: Json, folder: Path) -> dict[str, str]:
    """What a relay of this spec would find, with made-up secrets and its file in `folder`."""
    config = one("ConfigMap", spec)["data"]
    file = folder / "relay.yaml"
    file.write_text(config["relay.yaml"])
    found = {}
    for variable in container(spec)["env"]:
        source = variable.get("valueFrom", {})
        if "configMapKeyRef" in source:
            found[variable["name"]] = config[source["configMapKeyRef"]["key"]]
        elif "secretKeyRef" in source:
            found[variable["name"]] = "a secret of more than thirty-two bytes"
        else:
            found[variable["name"]] = variable["value"]
    return found | {CONFIG_VARIABLE: str(file)}


@quick
@given(specs())
def test_a_relay_takes_the_settings_that_it_is_given(
    tmp_path_factory: pytest.TempPathFactory, spec: Json
) -> None:
    kafka = {key: value for key, value in spec["kafka"].items() if key != "tls"}
    plain = {**spec, "kafka": kafka}  # a relay reads certificates from files that are not here
    found = environment(plain, tmp_path_factory.mktemp("relay"))
    configuration = read_configuration(found)
    stream = World(plain).stream()
    names = configuration.topics
    assert names.real == stream.spec.kafka_names()
    for topic, real in zip(stream.spec.topics, names.real, strict=True):
        known = topic.name in {one.name for one in CATALOGUE}
        assert names.catalogue_name(real) == (topic.name if known else real)
    assert configuration.settings.drain_seconds == stream.spec.relay.drain_seconds


@quick
@given(specs())
def test_every_setting_in_the_file_is_one_that_the_relay_knows(spec: Json) -> None:
    known = variables_of(Settings) | KAFKA_SETTINGS.keys()
    assert yaml.safe_load(one("ConfigMap", spec)["data"]["relay.yaml"]).keys() - known == set()


def test_every_setting_of_the_relay_is_said_or_left_to_it_on_purpose() -> None:
    everything: Json = {
        **SECURE,
        "auth": {
            "jwksUrl": "https://id.example/certs",
            "issuer": "me",
            "audience": "us",
            "allowedOrigins": ["https://app.example"],
        },
        "exposure": {"host": "a.example", "path": "/u", "ingressClassName": "nginx"},
        "relay": {"limits": {"connections": 1, "trustedProxies": ["10.0.0.0/8"]}},
    }
    said = yaml.safe_load(one("ConfigMap", everything)["data"]["relay.yaml"]).keys()
    left = {
        "OTEL_EXPORTER_OTLP_ENDPOINT",  # by `spec.relay.pod.env`, as all of OpenTelemetry
        "UNIONFLOW_HOST",
        "UNIONFLOW_JWT_SECRET",  # by the environment, from its Secret
        "UNIONFLOW_MEMORY_BYTES",  # the container's limit
        "UNIONFLOW_TOPIC_PREFIX",  # names of topics are told whole
    }
    assert variables_of(Settings) - said == left


def test_brokers_come_by_the_config_map_and_secrets_by_reference() -> None:
    sources = {one["name"]: one.get("valueFrom") for one in container(SECURE)["env"]}
    assert sources["KAFKA_BOOTSTRAP_SERVERS"] == {
        "configMapKeyRef": {"name": "mutuelle-relay", "key": "KAFKA_BOOTSTRAP_SERVERS"}
    }
    password = {"name": "kafka", "key": "password"}
    assert sources["KAFKA_SASL_PASSWORD"] == {"secretKeyRef": password}
    assert sources["UNIONFLOW_JWT_SECRET"] == {"secretKeyRef": {"name": "tokens", "key": "secret"}}


def test_certificates_are_files_that_the_settings_name() -> None:
    pod = one("Deployment", SECURE)["spec"]["template"]["spec"]
    volume = next(one for one in pod["volumes"] if one["name"] == "kafka-tls")
    item = {"key": "ca.crt", "path": "ca.crt"}
    assert volume["projected"]["sources"] == [{"secret": {"name": "authority", "items": [item]}}]
    file = yaml.safe_load(one("ConfigMap", SECURE)["data"]["relay.yaml"])
    assert file["KAFKA_SSL_CAFILE"] == "/etc/unionflow-kafka/ca.crt"


def test_all_secrets_are_known_by_name_and_those_for_the_brokers_apart() -> None:
    spec = World(SECURE).stream().spec
    assert {(key.name, key.key) for key in secret_keys(spec) - kafka_secret_keys(spec)} == {
        ("tokens", "secret")
    }
    assert len(kafka_secret_keys(spec)) == 3


def test_equal_secrets_of_two_streams_cannot_be_told_to_be_equal() -> None:
    assert secret_digest("a", b"same") == secret_digest("a", b"same")
    assert secret_digest("a", b"same") != secret_digest("b", b"same")


def test_a_changed_secret_rolls_the_relays_and_writes_nothing_else() -> None:
    world = World(SECURE)
    world.converge()
    assert "kafka-password-1" not in str(world.objects)  # not even the digest is written
    world.secrets_edition = 2
    (step,) = [step for step in world.plan().steps if isinstance(step, Apply)]
    assert [change.path for change in step.changes] == [
        "spec.template.metadata.annotations.unionflow.lions.dev/secrets"
    ]


def test_a_changed_setting_rolls_the_relays() -> None:
    world = World(SPEC)
    world.converge()
    world.edit(relay={"heartbeatSeconds": 10})
    steps = [step for step in world.plan().steps if isinstance(step, Apply)]
    assert [step.key.kind for step in steps] == ["ConfigMap", "Deployment"]


@quick
@given(specs())
def test_pods_are_restricted_by_the_pod_security_standards(spec: Json) -> None:
    pod = one("Deployment", spec)["spec"]["template"]["spec"]
    box = pod["containers"][0]["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert box["allowPrivilegeEscalation"] is False
    assert box["readOnlyRootFilesystem"] is True
    assert box["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == "mutuelle-relay"
    allowed = {"configMap", "emptyDir", "projected", "name"}
    assert {key for volume in pod["volumes"] for key in volume} <= allowed
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()


@quick
@given(specs())
def test_every_object_has_the_labels_the_owner_and_a_name_that_is_looked_up(spec: Json) -> None:
    world = World(spec)
    for item in desired(world.observe()):
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "mutuelle"
        assert labels["app.kubernetes.io/managed-by"] == "unionflow-operator"
        assert item["metadata"]["ownerReferences"][0]["uid"] == world.uid
        assert key_of(item) in child_keys(world.stream())


@quick
@given(specs())
def test_nothing_empty_is_written_that_the_api_server_would_drop(spec: Json) -> None:
    for item in objects(spec):
        for path, value in leaves({**item, "metadata": {}}):
            written_as_it_is = ".annotations." in path or ".data." in path
            assert (value is not None and value != "") or written_as_it_is, path


@pytest.mark.parametrize(("seconds", "ready"), [(0, None), (20, 20), (3600, 3600)])
def test_a_relay_has_time_to_drain_and_the_next_one_waits_for_it(
    seconds: int, ready: int | None
) -> None:
    spec = one("Deployment", {**SPEC, "relay": {"drainSeconds": seconds}})["spec"]
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == seconds + 15
    assert spec.get("minReadySeconds") == ready
    assert spec["progressDeadlineSeconds"] > seconds
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize(
    ("class_name", "present", "absent"),
    [
        ("nginx", "nginx.ingress.kubernetes.io/proxy-read-timeout", "haproxy.org/timeout-server"),
        ("haproxy-internal", "haproxy.org/timeout-server", "nginx.org/websocket-services"),
        ("edge", "haproxy-ingress.github.io/timeout-tunnel", "none"),
        ("edge", "nginx.org/websocket-services", "none"),
    ],
)
def test_each_ingress_controller_is_told_to_keep_connections_open(
    class_name: str, present: str, absent: str
) -> None:
    spec = {**SPEC, "exposure": {"host": "a.example", "ingressClassName": class_name}}
    annotations = one("Ingress", spec)["metadata"]["annotations"]
    assert present in annotations
    assert absent not in annotations


def test_traefik_needs_no_annotation() -> None:
    spec = {**SPEC, "exposure": {"host": "a.example", "ingressClassName": "traefik"}}
    assert "annotations" not in one("Ingress", spec)["metadata"]


def test_an_annotation_of_the_stream_wins_over_ours() -> None:
    name = "nginx.ingress.kubernetes.io/proxy-read-timeout"
    way_in = {"host": "a.example", "ingressClassName": "nginx", "annotations": {name: "60"}}
    assert one("Ingress", {**SPEC, "exposure": way_in})["metadata"]["annotations"][name] == "60"


def test_only_the_two_paths_of_clients_are_reachable_from_outside() -> None:
    way_in = {"host": "a.example", "path": "/u", "ingressClassName": "nginx"}
    (rule,) = one("Ingress", {**SPEC, "exposure": way_in})["spec"]["rules"]
    paths = [(path["path"], path["pathType"]) for path in rule["http"]["paths"]]
    assert paths == [("/u/ws/dashboard", "Exact"), ("/u/sse/dashboard", "Exact")]
    ports = {path["backend"]["service"]["port"]["name"] for path in rule["http"]["paths"]}
    assert ports == {"clients"}


def test_the_network_policy_lets_the_operator_in_where_clients_are_limited() -> None:
    limited: Json = {"clientsFrom": [{"podSelector": {}}], "monitoringFrom": [{"podSelector": {}}]}
    rules = one("NetworkPolicy", {**SPEC, "networkPolicy": limited})["spec"]["ingress"]
    namespace = {"matchLabels": {"kubernetes.io/metadata.name": "unionflow-system"}}
    for rule in rules:
        assert {"namespaceSelector": namespace} in rule["from"]
        assert {"podSelector": {}} in rule["from"]


def test_without_limits_clients_come_from_anywhere_and_metrics_stay_in_the_cluster() -> None:
    clients, management = one("NetworkPolicy", SPEC)["spec"]["ingress"]
    assert "from" not in clients
    assert management["from"] == [{"namespaceSelector": {}}]


@pytest.mark.parametrize(
    ("exposure", "url"),
    [
        (None, "ws://mutuelle-relay.prod.svc:8085/ws/dashboard"),
        ({"host": "a.b", "ingressClassName": "x"}, "ws://a.b/ws/dashboard"),
        (
            {"host": "a.b", "path": "/u", "ingressClassName": "x", "tlsSecretName": "t"},
            "wss://a.b/u/ws/dashboard",
        ),
        ({"host": "a.b", "gateway": {"parentRefs": [{"name": "e"}]}}, "wss://a.b/ws/dashboard"),
    ],
)
def test_the_status_says_where_clients_connect(exposure: Json | None, url: str) -> None:
    spec = SPEC if exposure is None else {**SPEC, "exposure": exposure}
    assert client_url(World(spec).stream()) == url


def test_without_optional_apis_only_what_every_cluster_has_is_made() -> None:
    scaled = {"autoscaling": {"engine": "KEDA"}}
    made = {item["kind"] for item in objects({**SPEC, "relay": scaled}, frozenset())}
    assert made == {
        "ServiceAccount",
        "ConfigMap",
        "Service",
        "NetworkPolicy",
        "Deployment",
        "PodDisruptionBudget",
    }


def test_every_kind_that_is_pruned_is_one_that_can_be_made() -> None:
    ways: list[Json] = [
        {"relay": {"autoscaling": {}}, "exposure": {"host": "a.b", "ingressClassName": "x"}},
        {
            "relay": {"autoscaling": {"engine": "KEDA"}},
            "exposure": {"host": "a.b", "gateway": {"parentRefs": [{"name": "e"}]}},
        },
    ]
    made = {(item["apiVersion"], item["kind"]) for way in ways for item in objects({**SPEC, **way})}
    assert made == set(KINDS)
