"""A converged cluster is not written to. `python -m tests.operator.scale` does it with 100."""

from __future__ import annotations

from pathlib import Path

from tests.operator.live.quiescence import our_writes, requests, since
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.apiserver import ApiServer
from tests.support.kafka import Kafka

STREAMS = 20
RESYNC_SECONDS = 1
RESYNCS = 3
LISTED = ("LIST", "unionflowstreams", "")


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
        until("at rest", operator.is_at_rest)
        looks, before = operator.metric("reconciles_total"), requests(apiserver)

        def resynced() -> bool:
            lists = since(before, requests(apiserver)).get(LISTED, 0)
            return (
                lists >= RESYNCS
                and operator.metric("reconciles_total") >= looks + RESYNCS * STREAMS
            )

        until("three resyncs", resynced, 60)
        between = since(before, requests(apiserver))
    assert our_writes(between) == {}, operator.log.read_text()[-3000:]
    assert {key: n for key, n in between.items() if key[1] == "events" and key[0] != "GET"} == {}


def ending_namespaces(api: ApiServer) -> list[str]:
    namespaces = api.client.get("/api/v1/namespaces").json()["items"]
    ending = [one for one in namespaces if one["status"]["phase"] == "Terminating"]
    return [one["metadata"]["name"] for one in ending]
