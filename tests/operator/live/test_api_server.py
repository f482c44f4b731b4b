"""An API server that goes away, hangs or falls silent: nothing is lost, nothing is started anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.operator.live.hasty import REQUEST_SECONDS
from tests.operator.live.proxy import FreezingProxy
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.apiserver import ApiServer, running_apiserver
from tests.support.kafka import Kafka

RESYNC_SECONDS = 1.0
HASTY = ("-m", "tests.operator.live.hasty")
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ALIVE = (200, '{"live":true,"reasons":[]}')


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with running_apiserver(tmp_path_factory.mktemp("own") / "apiserver") as server:
        yield server


@pytest.fixture
def own_streams(own: ApiServer) -> Streams:
    return Streams(own, own.make_namespace())


def start(
    streams: Streams, folder: Path, kubeconfig: Path, resync: float = RESYNC_SECONDS
) -> RunningOperator:
    settings = {
        "UNIONFLOW_NAMESPACES": streams.namespace,
        "UNIONFLOW_RESYNC_SECONDS": str(resync),
    }
    return RunningOperator.start(folder, kubeconfig, settings, HASTY)


def test_an_api_server_that_is_silent_and_one_that_dies_find_the_same_operator_at_work(
    own: ApiServer, own_streams: Streams, kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    """It falls silent in the middle of a stream's writes; each is made, and none of them twice."""
    streams = own_streams
    with start(streams, tmp_path, own.kubeconfig) as operator:
        streams.create(manifest("cut", kafka.bootstrap_servers, topic_prefix))
        until("its writes have begun", lambda: operator.metric("writes_total") > 0)
        own.pause()
        time.sleep(REQUEST_SECONDS + 1)
        said = until("it is said", lambda: operator.line("resync failed"))
        assert said["problem"] == "the API server does not answer: timed out"
        assert operator.get("/livez") == ALIVE
        own.resume()
        streams.wait_for("cut", "TopicsReady", "True")
        streams.wait_for("cut", "Progressing", "False")
        assert managers(streams, "cut-relay") == [("unionflow-operator", "Apply")]
        assert generation(streams, "cut-relay") == 1

        own.kill()
        time.sleep(0.5)
        assert operator.get("/livez") == ALIVE
        own.start_again()
        streams.create(manifest("comes", kafka.bootstrap_servers, topic_prefix + "b."))
        streams.wait_for("comes", "TopicsReady", "True")
        assert operator.process.is_running
        assert operator.metric("writes_total", kind="Topic") == 4
        assert generation(streams, "cut-relay") == 1


def managers(streams: Streams, name: str) -> list[tuple[str, str]]:
    """Who has set fields of the Service, and how."""
    service = streams.object("/api/v1", "services", name) or {}
    return [(one["manager"], one["operation"]) for one in service["metadata"]["managedFields"]]


def generation(streams: Streams, name: str) -> int:
    """How often the Deployment's spec has been written."""
    deployment = streams.object("/apis/apps/v1", "deployments", name)
    return int(deployment["metadata"]["generation"]) if deployment is not None else 0


def test_a_watch_that_falls_silent_is_found_out_by_a_resync_and_started_anew(
    own: ApiServer, own_streams: Streams, kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    streams = own_streams
    config = yaml.safe_load(own.kubeconfig.read_text())
    address = urlsplit(own.url)
    assert address.hostname is not None
    assert address.port is not None
    with FreezingProxy(address.hostname, address.port) as proxy:
        for cluster in config["clusters"]:
            cluster["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
        through = tmp_path / "kubeconfig"
        through.write_text(yaml.safe_dump(config))
        with start(streams, tmp_path, through) as operator:
            streams.create(manifest("heard", kafka.bootstrap_servers, topic_prefix))
            streams.wait_for("heard", "TopicsReady", "True")
            until("watches", lambda: proxy.freeze_watches(2 * RESYNC_SECONDS) > 5)
            streams.create(manifest("unheard", kafka.bootstrap_servers, topic_prefix + "b."))
            streams.wait_for("unheard", "TopicsReady", "True")
            until("told", lambda: operator.metric("watch_missed_total") > 0)
            until("anew", lambda: operator.metric("watch_starts_total") == 2)
            assert operator.get("/livez")[0] == 200


def test_a_stream_that_was_stored_before_a_rule_was_is_told_so_and_can_be_deleted(
    own: ApiServer, own_streams: Streams, topic_prefix: str, tmp_path: Path
) -> None:
    path = f"{DEFINITION}/unionflowstreams.unionflow.lions.dev"
    strict = own.client.get(path).json()
    own.client.patch(path, json=[free_spec()], headers=JSON_PATCH).raise_for_status()
    body = manifest("old", "127.0.0.1:1", topic_prefix, topics=[{"name": "a b", "partitions": 0}])
    body["metadata"]["finalizers"] = ["unionflow.lions.dev/topics"]
    until("it is stored", lambda: is_stored(own_streams, body))
    replaced = [{"op": "replace", "path": SPEC, "value": at(strict, SPEC)}]
    own.client.patch(path, json=replaced, headers=JSON_PATCH).raise_for_status()
    with start(own_streams, tmp_path, own.kubeconfig):
        said = own_streams.wait_for("old", "Ready", "False", "SpecInvalid")
        assert "spec.topics[0].partitions: 0" in said
        own_streams.delete("old")
        until("it is gone", lambda: own_streams.get("old") is None)


SPEC = "/spec/versions/0/schema/openAPIV3Schema/properties/spec"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


def free_spec() -> dict[str, Any]:
    """Of a patch of our definition: anything is a spec."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"op": "replace", "path": SPEC, "value": anything}


def is_stored(streams: Streams, body: dict[str, Any]) -> bool:
    """Whether the API server takes it by now."""
    return bool(
        streams.api.client.post(f"{streams.api_path}/unionflowstreams", json=body).is_success
    )


def at(document: Any, pointer: str) -> Any:
    """What a JSON pointer points to."""
    for part in pointer.strip("/").split("/"):
        document = document[int(part) if isinstance(document, list) else part]
    return document
