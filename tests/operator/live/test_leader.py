"""Of two operators one writes; the other takes over, and the first has stopped before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.apiserver import ApiServer
from tests.support.kafka import Kafka

LEASES = "/apis/coordination.k8s.io/v1"
FAIL_OVER_SECONDS = 20.0


@pytest.fixture
def pair(
    apiserver: ApiServer, streams: Streams, tmp_path: Path
) -> Iterator[tuple[RunningOperator, RunningOperator]]:
    """Two replicas; the first leads."""

    def start(name: str) -> RunningOperator:
        settings = {
            "UNIONFLOW_NAMESPACES": streams.namespace,
            "POD_NAMESPACE": streams.namespace,
            "POD_NAME": name,
            "UNIONFLOW_LEADER_ELECTION": "true",
            "UNIONFLOW_RESYNC_SECONDS": "300",
        }
        return RunningOperator.start(tmp_path, apiserver.kubeconfig, settings)

    with start("first") as first:
        until("the first leads", lambda: first.metric("leader") == 1)
        with start("second") as second:
            yield first, second


def holder(streams: Streams) -> str:
    lease = streams.object(LEASES, "leases", "unionflow-operator")
    return str(lease["spec"]["holderIdentity"]) if lease is not None else ""


def test_a_leader_that_stands_still_has_lost_its_right_to_write_when_it_wakes(
    pair: tuple[RunningOperator, RunningOperator],
    streams: Streams,
    kafka: Kafka,
    topic_prefix: str,
) -> None:
    first, second = pair
    streams.create(manifest("led", kafka.bootstrap_servers, topic_prefix))
    streams.wait_for("led", "TopicsReady", "True")
    until("at rest", first.is_at_rest)
    written = first.metric("writes_total")
    assert (written > 0, second.metric("writes_total")) == (True, 0)

    first.pause()
    paused_at = time.monotonic()
    streams.patch("led", {"spec": {"relay": {"replicas": 4}}})
    until("the second leads", lambda: second.metric("leader") == 1, FAIL_OVER_SECONDS)
    assert time.monotonic() - paused_at < FAIL_OVER_SECONDS
    until("it writes", lambda: replicas(streams) == 4)

    first.resume()
    until("the first knows", lambda: first.line("not leading"))
    streams.patch("led", {"spec": {"relay": {"replicas": 5}}})
    until("the second writes", lambda: replicas(streams) == 5)
    assert first.metric("writes_total") == written
    assert holder(streams) == "second"

    second.process.stop(10)  # which gives the Lease up: nobody waits for its end
    given_up_at = time.monotonic()
    until("the first leads again", lambda: first.metric("leader") == 1, 5)
    assert time.monotonic() - given_up_at < 5


def replicas(streams: Streams) -> int:
    deployment = streams.object("/apis/apps/v1", "deployments", "led-relay")
    return int(deployment["spec"]["replicas"]) if deployment is not None else 0
