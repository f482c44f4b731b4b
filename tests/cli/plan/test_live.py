"""Against a real API server and real brokers: before, after and beside an operator."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.plan.places import Place
from tests.operator.live.streams import TWO_TOPICS, manifest
from tests.support.kafka import Kafka

STATS = "unionflow.dashboard.stats"
NOBODY = "127.0.0.1:1"


def settled(place: Place, body: dict[str, Any]) -> None:
    """Apply it, and wait until the operator has done with it."""
    place.streams.create(body)
    name = body["metadata"]["name"]
    place.streams.wait_for(name, "TopicsReady", "True")
    place.streams.wait_for(name, "Degraded", "False")


def test_a_stream_that_nobody_has_looked_at_yet_would_get_everything(
    unattended: Place, kafka: Kafka, topic_prefix: str
) -> None:
    unattended.streams.create(manifest("new", kafka.bootstrap_servers, topic_prefix))
    result = unattended.named("new")
    assert result.exit_code == 2, result.stderr
    for line in (f"create topic {topic_prefix}{STATS}", "create Deployment new-relay"):
        assert line in result.stdout
    assert "no operator is seen" in result.stdout
    assert [line for line in result.stdout.splitlines() if len(line) > 80] == []


def test_after_the_operator_ran_nothing_would_change(
    attended: Place, kafka: Kafka, topic_prefix: str
) -> None:
    body = manifest("done", kafka.bootstrap_servers, topic_prefix)
    assert attended.diff(body).exit_code == 2
    assert attended.streams.get("done") is None  # it was asked, not made
    settled(attended, body)
    by_name, by_file = attended.named("done"), attended.diff(body)
    assert (by_name.exit_code, by_file.exit_code) == (0, 0), by_name.stdout + by_file.stdout
    assert "nothing would change" in by_name.stdout


def test_a_changed_file_shows_each_field_and_topic_that_would_change(
    attended: Place, kafka: Kafka, topic_prefix: str
) -> None:
    body = manifest("grown", kafka.bootstrap_servers, topic_prefix)
    settled(attended, body)
    more = [TWO_TOPICS[0], {"name": STATS, "partitions": 3, "config": {"retention.ms": 3600000}}]
    changed = {**body, "spec": {**body["spec"], "topics": more, "relay": {"replicas": 5}}}
    result = attended.diff(changed)
    assert result.exit_code == 2, result.stderr
    said = " ".join(result.stdout.split())
    for words in (
        f"grow topic {topic_prefix}{STATS} from 1 to 3 partitions",
        f"set retention.ms of topic {topic_prefix}{STATS} from the default to 3600000",
        "change Deployment grown-relay",
        "spec.replicas: from 2 to 5",
    ):
        assert words in said
    told = json.loads(attended.diff(changed, "--json").stdout)
    fields = [f for c in told["streams"][0]["changes"] for f in c.get("fields", ())]
    assert {"path": "spec.replicas", "from": 2, "to": 5} in fields


def test_a_change_that_the_api_server_would_refuse_is_refused_here(
    attended: Place, kafka: Kafka, topic_prefix: str
) -> None:
    body = manifest("shrinks", kafka.bootstrap_servers, topic_prefix)
    settled(attended, body)
    fewer = [{**TWO_TOPICS[0], "partitions": 1, "topicName": "other"}, TWO_TOPICS[1]]
    result = attended.diff({**body, "spec": {**body["spec"], "topics": fewer, "topicPrefix": "x"}})
    place = f"  {attended.namespace}/shrinks: spec"
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    begins = (
        f"{place}.topicPrefix: from {topic_prefix!r} to 'x': topicPrefix cannot be changed",
        f"{place}.topics[0].partitions: from 2 to 1: Kafka cannot remove partitions",
        f"{place}.topics[0]: topicName cannot be changed, added or taken away",
    )
    told = [line[: len(begin)] for line, begin in zip(lines, begins, strict=False)]
    assert told == list(begins)


def test_brokers_that_do_not_answer_are_said_in_a_line_and_the_rest_is_planned(
    unattended: Place,
) -> None:
    result = unattended.diff(manifest("dark", NOBODY, "dark."))
    assert result.exit_code == 2, result.stderr
    assert "topics are not planned:" in result.stdout
    assert "create Service dark-relay" in result.stdout


def test_somebody_elses_object_and_a_secret_that_may_not_be_read_are_said(
    unattended: Place, kafka: Kafka, topic_prefix: str
) -> None:
    path = f"/api/v1/namespaces/{unattended.namespace}"
    client = unattended.streams.api.client
    theirs = {"metadata": {"name": "shut-relay"}}
    client.post(f"{path}/configmaps", json=theirs).raise_for_status()
    secret = {"metadata": {"name": "tokens"}, "stringData": {"secret": "s" * 40}}
    client.post(f"{path}/secrets", json=secret).raise_for_status()
    auth = {"secretRef": {"name": "tokens"}}
    unattended.streams.create(manifest("shut", kafka.bootstrap_servers, topic_prefix, auth=auth))
    whole = unattended.named("shut")
    assert "ConfigMap shut-relay is there already" in whole.stdout
    assert "create Deployment shut-relay" in whole.stdout
    assert "s" * 40 not in whole.stdout + unattended.named("shut", "--json").stdout
    limited = unattended.named("shut", kubeconfig=unattended.reader())
    said = " ".join(limited.stdout.split())
    assert limited.exit_code == 2, limited.stderr
    assert "Secret tokens may not be read by you" in said
    assert "streams of other namespaces may not be read" in said
    assert "create Deployment" not in said


def test_a_stream_that_is_not_there_is_exit_code_1(unattended: Place) -> None:
    result = unattended.named("nowhere")
    assert f"there is no stream {unattended.namespace}/nowhere" in result.stderr
    assert result.exit_code == 1
