"""A converged cluster is not written to. `python -m tests.operator.scale` does it with 100."""

from __future__ import annotations

import time
from pathlib import Path

from tests.operator.live.quiescence import our_writes, requests, since
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.apiserver import ApiServer
from tests.support.kafka import Kafka

STREAMS = 20
RESYNC_SECONDS = 1


def test_twenty_converged_streams_are_not_written_to_over_three_resyncs(
    apiserver: ApiServer, streams: Streams, kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    settings = {
        "UNIONFLOW_NAMESPACES": streams.namespace,
        "UNIONFLOW_RESYNC_SECONDS": str(RESYNC_SECONDS),
    }
    names = [f"quiet-{number}" for number in range(STREAMS)]
    for name in names:
        streams.create(manifest(name, kafka.bootstrap_servers, f"{topic_prefix}{name}."))
    with RunningOperator.start(tmp_path, apiserver.kubeconfig, settings) as operator:
        for name in names:
            streams.wait_for(name, "TopicsReady", "True")
        # Namespaces of tests before this one are taken down by Kubernetes' own controllers.
        until("no namespace ends", lambda: not ending_namespaces(apiserver), 60)
        until("at rest", lambda: is_at_rest(operator))
        looks, before = operator.metric("reconciles_total"), requests(apiserver)
        until(
            "three resyncs",
            lambda: operator.metric("reconciles_total") >= looks + 3 * STREAMS,
            30,
        )
        between = since(before, requests(apiserver))
    assert our_writes(between) == {}, operator.log.read_text()[-3000:]
    assert {key: n for key, n in between.items() if key[1] == "events" and key[0] != "GET"} == {}
    lists = [key for key in between if key[0] == "LIST" and key[1] == "unionflowstreams"]
    assert lists != []  # or nothing was counted at all


def ending_namespaces(api: ApiServer) -> list[str]:
    namespaces = api.client.get("/api/v1/namespaces").json()["items"]
    ending = [one for one in namespaces if one["status"]["phase"] == "Terminating"]
    return [one["metadata"]["name"] for one in ending]


def is_at_rest(operator: RunningOperator) -> bool:
    """Nothing is written for a while."""
    before = operator.metric("writes_total")
    time.sleep(1)
    return before > 0 and operator.metric("writes_total") == before
