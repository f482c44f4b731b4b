"""What goes wrong stays on its own stream, is said in one sentence, and heals by itself."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest

from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.kafka import Kafka
from tests.support.secured import PASSWORD, USER, secured_kafka
from unionflow_cli.kafka import Broker

pytestmark = pytest.mark.usefixtures("operator")


def write_secret(streams: Streams, name: str, **content: str) -> None:
    path = f"/api/v1/namespaces/{streams.namespace}/secrets"
    data = {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}
    streams.api.client.delete(f"{path}/{name}")
    body = {"metadata": {"name": name}, "data": data}
    streams.api.client.post(path, json=body).raise_for_status()


def test_brokers_that_are_silent_hold_up_no_stream_of_other_brokers(
    streams: Streams, own_kafka: Broker, kafka: Kafka, topic_prefix: str
) -> None:
    own_kafka.pause()
    for number in range(5):
        name = f"silent-{number}"
        streams.create(manifest(name, own_kafka.bootstrap_servers, f"{topic_prefix}{number}."))
    streams.create(manifest("beside", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("beside", "TopicsReady", "True")
    said = streams.wait_for("silent-0", "Degraded", "True")
    assert f"no broker of {own_kafka.bootstrap_servers} answers" in said
    own_kafka.resume()
    for number in range(5):
        streams.wait_for(f"silent-{number}", "TopicsReady", "True")
    streams.wait_for("silent-0", "Degraded", "False")


def test_a_stream_whose_brokers_are_gone_can_be_deleted(
    streams: Streams, topic_prefix: str
) -> None:
    streams.create(manifest("orphan", "127.0.0.1:1", topic_prefix))
    streams.wait_for("orphan", "Degraded", "True")
    streams.delete("orphan")
    until("it is gone", lambda: streams.get("orphan") is None)


def test_a_missing_secret_and_a_wrong_password_are_said_and_heal_when_they_are_mended(
    streams: Streams, operator: RunningOperator, topic_prefix: str, tmp_path: Path
) -> None:
    with secured_kafka(tmp_path, "SASL_PLAINTEXT") as secured:
        login = {"name": "login"}
        kafka = {
            "bootstrapServers": secured.broker.bootstrap_servers,
            "securityProtocol": "SASL_PLAINTEXT",
            "sasl": {"username": login, "password": login},
        }
        streams.create(manifest("locked", "127.0.0.1:1", topic_prefix, kafka=kafka))
        assert "Secret login" in streams.wait_for("locked", "Degraded", "True")
        write_secret(streams, "login", username=USER, password="not-the-password")
        refused = until("it is refused", lambda: refusal(streams))
        assert "refuses our credentials" in refused
        write_secret(streams, "login", username=USER, password=PASSWORD)
        streams.wait_for("locked", "TopicsReady", "True")
    told = operator.log.read_text() + str(streams.get("locked")) + str(streams.events("locked"))
    assert [word for word in ("not-the-password", PASSWORD) if word in told] == []


def refusal(streams: Streams) -> str | None:
    message = streams.condition("locked", "Degraded")[2]
    return message if "credentials" in message else None


def deny_services(streams: Streams) -> dict[str, Any]:
    match = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": streams.namespace}},
        "resourceRules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["services"],
            }
        ],
    }
    validation = {"expression": "!object.metadata.name.startsWith('denied')", "message": "not so"}
    return {"matchConstraints": match, "validations": [validation], "failurePolicy": "Fail"}


def test_what_an_admission_policy_refuses_is_said_in_its_words_and_made_when_it_may_be(
    streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    path = "/apis/admissionregistration.k8s.io/v1"
    name = f"deny-{streams.namespace}"
    client = streams.api.client
    policy = {"metadata": {"name": name}, "spec": deny_services(streams)}
    binding = {
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    client.post(f"{path}/validatingadmissionpolicies", json=policy).raise_for_status()
    client.post(f"{path}/validatingadmissionpolicybindings", json=binding).raise_for_status()
    probe = {"metadata": {"name": "denied-probe"}, "spec": {"ports": [{"port": 1}]}}
    services = f"/api/v1/namespaces/{streams.namespace}/services?dryRun=All"
    until("it is in force", lambda: client.post(services, json=probe).status_code == 422)
    streams.create(manifest("denied", kafka.bootstrap_servers, topic_prefix))
    said = streams.wait_for("denied", "Degraded", "True")
    assert "not so" in said
    assert "Service denied-relay" in said
    streams.wait_for("denied", "TopicsReady", "True")
    client.delete(f"{path}/validatingadmissionpolicybindings/{name}").raise_for_status()
    client.delete(f"{path}/validatingadmissionpolicies/{name}").raise_for_status()
    streams.wait_for("denied", "Degraded", "False")
    assert ("Service", "denied-relay") in streams.children("denied")


def test_a_quota_that_is_used_up_is_said_and_heals_when_there_is_room(
    streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    path = f"/api/v1/namespaces/{streams.namespace}/resourcequotas"
    client = streams.api.client
    body = {"metadata": {"name": "none"}, "spec": {"hard": {"count/serviceaccounts": "0"}}}
    client.post(path, json=body).raise_for_status()
    until("it counts", lambda: client.get(f"{path}/none").json().get("status", {}).get("used"))
    streams.create(manifest("short", kafka.bootstrap_servers, topic_prefix))
    assert "quota" in streams.wait_for("short", "Degraded", "True")
    time.sleep(1.1)  # creationTimestamp has whole seconds
    streams.create(manifest("short-too", kafka.bootstrap_servers, topic_prefix))
    assert "quota" in streams.wait_for("short-too", "Degraded", "True", "QuotaExceeded")
    told = until("both are told", lambda: warnings(streams, "short-too"))
    assert told == {"TopicHeld": 1, "QuotaExceeded": 1}  # in one look; neither is told again
    client.delete(f"{path}/none").raise_for_status()
    streams.wait_for("short", "Degraded", "False")


def warnings(streams: Streams, name: str) -> dict[str, int] | None:
    """How often each reason was told; None before there are two."""
    told = [event for event in streams.events(name) if event["type"] == "Warning"]
    counts = {event["reason"]: 1 + (event.get("series") or {"count": 0})["count"] for event in told}
    return counts if len(counts) > 1 else None


def test_a_stream_that_changes_under_our_hands_ends_as_its_last_word_says(
    streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    streams.create(manifest("busy", kafka.bootstrap_servers, topic_prefix))
    for number in range(40):
        note = {"metadata": {"annotations": {"n": str(number)}}}
        streams.patch("busy", {**note, "spec": {"relay": {"replicas": 1 + number % 5}}})
    streams.patch("busy", {"spec": {"relay": {"replicas": 3}}})

    def replicas() -> bool:
        deployment = streams.object("/apis/apps/v1", "deployments", "busy-relay")
        return deployment is not None and deployment["spec"]["replicas"] == 3

    until("three replicas", replicas)
    stream = streams.get("busy")
    assert stream is not None
    until("its status is of now", lambda: is_current(streams))


def is_current(streams: Streams) -> bool:
    stream = streams.get("busy") or {}
    seen = stream.get("status", {}).get("observedGeneration")
    return bool(seen == stream["metadata"]["generation"])
