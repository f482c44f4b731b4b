"""From a stream that is applied to what becomes of it, and what is left when it goes."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tests.operator.live.recorded import used_rights
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, Topics, manifest
from tests.support.kafka import Kafka
from unionflow_operator.adapters.kube.rights import OF_ITSELF, OF_STREAMS, Right

APPROVALS, STATS = "unionflow.finance.approvals", "unionflow.dashboard.stats"
pytestmark = pytest.mark.usefixtures("operator")


def test_a_stream_that_is_applied_gets_its_topics_and_all_its_objects(
    streams: Streams, topics: Topics, kafka: Kafka, topic_prefix: str
) -> None:
    streams.create(manifest("whole", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("whole", "TopicsReady", "True")
    assert topics.partitions(topic_prefix + APPROVALS, topic_prefix + STATS) == {
        topic_prefix + APPROVALS: 2,
        topic_prefix + STATS: 1,
    }
    kinds = {kind for kind, _ in streams.children("whole")}
    assert kinds >= {
        "ServiceAccount",
        "ConfigMap",
        "Service",
        "Deployment",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "ServiceMonitor",
        "PrometheusRule",
    }
    until("an Event tells of it", lambda: streams.events("whole"))


def test_a_topic_grows_when_the_spec_asks_for_more_partitions(
    streams: Streams, topics: Topics, kafka: Kafka, topic_prefix: str
) -> None:
    streams.create(manifest("grows", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("grows", "TopicsReady", "True")
    more = [{"name": STATS, "partitions": 3, "config": {"retention.ms": "3600000"}}]
    streams.patch("grows", {"spec": {"topics": more}})
    topic = topic_prefix + STATS
    until("three partitions", lambda: topics.partitions(topic) == {topic: 3})
    until("an hour", lambda: topics.setting(topic, "retention.ms") == "3600000")


@pytest.mark.parametrize("what", ["a field", "the whole object", "our label"])
def test_drift_is_mended(streams: Streams, kafka: Kafka, topic_prefix: str, what: str) -> None:
    name = f"drifts-{what.rsplit(maxsplit=1)[-1]}"
    streams.create(manifest(name, kafka.bootstrap_servers, topic_prefix))
    streams.wait_for(name, "TopicsReady", "True")
    path = f"/api/v1/namespaces/{streams.namespace}/services/{name}-relay"
    client = streams.api.client
    before = until("its Service", lambda: streams.object("/api/v1", "services", f"{name}-relay"))
    if what == "the whole object":
        client.delete(path).raise_for_status()
    else:
        change = (
            {"spec": {"selector": {"app.kubernetes.io/instance": "other"}}}
            if what == "a field"
            else {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
        )
        headers = {"Content-Type": "application/merge-patch+json"}
        client.patch(path, json=change, headers=headers).raise_for_status()

    def mended() -> bool:
        now = streams.object("/api/v1", "services", f"{name}-relay")
        return (
            now is not None
            and all(now[part] == before[part] for part in ("spec",) if what != "the whole object")
            and now["metadata"]["labels"] == before["metadata"]["labels"]
        )

    until("as it was", mended)


def test_what_is_no_longer_wanted_goes(streams: Streams, kafka: Kafka, topic_prefix: str) -> None:
    exposure = {"host": "a.example", "ingressClassName": "nginx"}
    streams.create(manifest("prunes", kafka.bootstrap_servers, topic_prefix, exposure=exposure))
    ingress = ("Ingress", "prunes-relay")
    until("the Ingress", lambda: ingress in streams.children("prunes"))
    streams.patch("prunes", {"spec": {"exposure": None}})
    until("it is gone", lambda: ingress not in streams.children("prunes"))


def test_an_object_of_somebody_else_is_left_alone_and_named(
    streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    path = f"/api/v1/namespaces/{streams.namespace}/configmaps"
    theirs = {"metadata": {"name": "blocked-relay"}, "data": {"a": "b"}}
    streams.api.client.post(path, json=theirs).raise_for_status()
    streams.create(manifest("blocked", kafka.bootstrap_servers, topic_prefix))
    assert "blocked-relay" in streams.wait_for("blocked", "ResourceConflict", "True")
    there = streams.object("/api/v1", "configmaps", "blocked-relay")
    assert there is not None
    assert (there["data"], there["metadata"].get("labels")) == ({"a": "b"}, None)
    streams.api.client.delete(f"{path}/blocked-relay").raise_for_status()
    streams.wait_for("blocked", "ResourceConflict", "False")


def test_deletion_takes_the_topics_whose_policy_says_so_and_leaves_the_others(
    streams: Streams, topics: Topics, kafka: Kafka, topic_prefix: str
) -> None:
    streams.create(manifest("ends", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("ends", "TopicsReady", "True")
    streams.delete("ends")
    until("it is gone", lambda: streams.get("ends") is None)
    both = (topic_prefix + APPROVALS, topic_prefix + STATS)
    until("one topic is left", lambda: topics.partitions(*both) == {topic_prefix + STATS: 1})


def test_of_two_streams_with_one_topic_the_younger_says_who_holds_it_and_takes_over(
    streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    streams.create(manifest("older", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("older", "TopicsReady", "True")
    time.sleep(1.1)  # creationTimestamp has whole seconds
    streams.create(manifest("younger", kafka.bootstrap_servers, topic_prefix))
    assert "older" in streams.wait_for("younger", "ResourceConflict", "True")
    streams.delete("older")
    streams.wait_for("younger", "ResourceConflict", "False")


def test_the_operator_tells_what_it_did_by_kind_and_reason(
    operator: RunningOperator, streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    before = operator.metric("writes_total", kind="Topic", reason="missing")
    streams.create(manifest("counts", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("counts", "TopicsReady", "True")
    assert operator.metric("writes_total", kind="Topic", reason="missing") == before + 2
    assert operator.get("/livez")[0] == operator.get("/readyz")[0] == 200


def test_where_services_are_out_of_reach_ready_goes_by_the_pods_and_says_so(
    streams: Streams, kafka: Kafka, topic_prefix: str
) -> None:
    """There is no node here: the pods' readiness is written as a kubelet would."""
    relay = {"replicas": 1, "drainSeconds": 0}
    streams.create(manifest("seen", kafka.bootstrap_servers, topic_prefix, relay=relay))
    streams.wait_for("seen", "Ready", "False", "RelaysStarting")
    [pod] = until("its pod", lambda: streams.pods("seen"))
    streams.write_pod_status(pod, {"waiting": {"reason": "ImagePullBackOff"}}, ready=False)
    until("why", lambda: "ImagePullBackOff" in streams.condition("seen", "RelaysReady")[2])
    streams.write_pod_status(pod, {"running": {}}, ready=True)
    said = streams.wait_for("seen", "Ready", "True", "PodsReady")
    assert said != ""


def test_every_right_of_the_account_is_used(
    streams: Streams, kafka: Kafka, topic_prefix: str, rights_file: Path
) -> None:
    """By the tests above and this one: what nobody uses is not to be in the Roles."""
    by_cpu = {"autoscaling": {"minReplicas": 1, "maxReplicas": 2}}
    ingress = {"host": "a.example", "ingressClassName": "nginx"}
    gateway = {"host": "a.example", "gateway": {"parentRefs": [{"name": "outer"}]}}
    secret = {"secretRef": {"name": "tokens"}}
    tokens = {"metadata": {"name": "tokens"}, "stringData": {"secret": "a" * 32}}
    secrets = f"/api/v1/namespaces/{streams.namespace}/secrets"
    streams.api.client.post(secrets, json=tokens).raise_for_status()
    body = manifest("all", kafka.bootstrap_servers, topic_prefix, relay=by_cpu, exposure=ingress)
    streams.create({**body, "spec": {**body["spec"], "auth": secret}})
    autoscaler = ("HorizontalPodAutoscaler", "all-relay")
    until("its autoscaler", lambda: autoscaler in streams.children("all"))
    streams.wait_for("all", "Progressing", "False")
    streams.strip_label("all")
    by_keda = {"autoscaling": {**by_cpu["autoscaling"], "engine": "KEDA"}}
    exposure = {**gateway, "ingressClassName": None}
    streams.patch("all", {"spec": {"relay": by_keda, "exposure": exposure}})
    scaled = ("ScaledObject", "all-relay")
    until("its ScaledObject", lambda: scaled in streams.children("all"))
    streams.wait_for("all", "Progressing", "False")
    streams.strip_label("all")
    path = f"/api/v1/namespaces/{streams.namespace}/services/all-relay"
    for _ in range(2):  # the second time it is the same Event, counted
        until("its Service", lambda: streams.object("/api/v1", "services", "all-relay"))
        streams.api.client.delete(path).raise_for_status()
    admission = {right for right in OF_STREAMS if right.verb == "delete"}

    def unused() -> set[Right]:
        return set((OF_STREAMS | OF_ITSELF) - used_rights(rights_file) - admission)

    with contextlib.suppress(AssertionError):  # what is left says more
        until("nothing is left", lambda: not unused())
    assert unused() == set()
