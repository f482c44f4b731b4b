"""What many streams cost: `python -m tests.operator.scale [10 100 …]`.

A real API server with its controllers (no node, so no relay runs) and a real Kafka on this machine.
For each number of streams, of two topics each: how long until all topics and objects stand, how
long a stream takes from its creation to its last object, what the operator used, what it asked the
API server and Kafka; then how soon a change to one of them is seen; then three resyncs in which
nothing may be written.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.operator.live.quiescence import our_writes, requests, since
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, manifest
from tests.support.apiserver import ApiServer, running_apiserver
from tests.support.kafka import shared_kafka

RESYNC_SECONDS = 10
LAST = "-relay-dashboard"
POLL_SECONDS = 0.1  # of which the API server has its part
NAMES_ONLY = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
HEAD = (
    "| streams | all stand, s | p50, s | p99, s | topics/s | CPU, s | RSS, MB | API writes "
    "| API reads | Kafka requests | a change is seen, s | writes in 3 resyncs |"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    streams: int
    seconds: float
    p50: float
    p99: float
    topics_per_second: float
    cpu: float
    rss_mb: float
    writes: float
    reads: float
    kafka: float
    change: float
    at_rest: int

    def __str__(self) -> str:
        return (
            f"| {self.streams} | {self.seconds:.1f} | {self.p50:.2f} | {self.p99:.2f} "
            f"| {self.topics_per_second:.0f} | {self.cpu:.1f} | {self.rss_mb:.0f} "
            f"| {self.writes:.0f} | {self.reads:.0f} | {self.kafka:.0f} | {self.change:.2f} "
            f"| {self.at_rest} |"
        )


class Clock:
    """When each stream was asked for, and when the last of its objects was there.

    The objects come after the topics, and the dashboard's ConfigMap is the last of them.
    """

    def __init__(self, streams: Streams, names: Sequence[str]) -> None:
        self.asked: dict[str, float] = {}
        self.stood: dict[str, float] = {}
        self._streams = streams
        self._names = frozenset(names)

    def run(self) -> None:
        """Look until all stand."""
        label = "app.kubernetes.io/managed-by=unionflow-operator"
        path = f"/api/v1/namespaces/{self._streams.namespace}/configmaps?labelSelector={label}"
        while self.stood.keys() < self._names:
            items = self._streams.api.client.get(path, headers=NAMES_ONLY).json()["items"]
            now = time.monotonic()
            for item in items or ():  # an empty list of names only is null
                name, is_last, _ = item["metadata"]["name"].partition(LAST)
                if is_last and name not in self.stood:
                    self.stood[name] = now
            time.sleep(POLL_SECONDS)

    def took(self) -> list[float]:
        """Seconds of each stream, sorted."""
        return sorted(self.stood[name] - self.asked[name] for name in self._names)


def measure(api: ApiServer, servers: str, folder: Path, number: int) -> Row:
    """One row."""
    streams = Streams(api, api.make_namespace())
    settings = {
        "UNIONFLOW_NAMESPACES": streams.namespace,
        "UNIONFLOW_RESYNC_SECONDS": str(RESYNC_SECONDS),
    }
    names = [f"s{one}" for one in range(number)]
    prefix = f"s{uuid.uuid4().hex[:8]}."
    with RunningOperator.start(folder, api.kubeconfig, settings) as operator:
        clock = Clock(streams, names)
        looking = threading.Thread(target=clock.run, daemon=True)
        began = time.monotonic()
        looking.start()

        def create(name: str) -> None:
            clock.asked[name] = time.monotonic()
            streams.create(manifest(name, servers, f"{prefix}{name}."))

        with ThreadPoolExecutor(8) as many:
            list(many.map(create, names))
        looking.join(600)
        seconds = time.monotonic() - began
        took = clock.took()
        process = psutil.Process(operator.process.pid)
        times = process.cpu_times()
        written = operator.metric("api_requests_total") - operator.metric(
            "api_requests_total", verb="read"
        )
        row = Row(
            streams=number,
            seconds=seconds,
            p50=took[len(took) // 2],
            p99=took[min(len(took) - 1, int(len(took) * 0.99))],
            topics_per_second=2 * number / seconds,
            cpu=times.user + times.system,
            rss_mb=process.memory_info().rss / 1e6,
            writes=written,
            reads=operator.metric("api_requests_total", verb="read"),
            kafka=operator.metric("kafka_requests_total"),
            change=change_one(streams, names[-1]),
            at_rest=writes_at_rest(api, operator, number),
        )
    streams.close()
    return row


def change_one(streams: Streams, name: str) -> float:
    """Seconds from a change of the spec to the Deployment that says it."""
    began = time.monotonic()
    streams.patch(name, {"spec": {"relay": {"replicas": 7}}})

    def seen() -> bool:
        deployment = streams.object("/apis/apps/v1", "deployments", f"{name}-relay")
        return deployment is not None and deployment["spec"]["replicas"] == 7

    until("the change is seen", seen, 30)
    return time.monotonic() - began


def writes_at_rest(api: ApiServer, operator: RunningOperator, number: int) -> int:
    """How often anything of ours was written in three resyncs of all streams."""

    def at_rest() -> bool:
        before = operator.metric("writes_total")
        time.sleep(RESYNC_SECONDS / 2)
        return operator.metric("writes_total") == before

    until("at rest", at_rest, 300)
    looks, before = operator.metric("reconciles_total"), requests(api)
    wanted = looks + 3 * number
    until("three resyncs", lambda: operator.metric("reconciles_total") >= wanted, 300)
    return int(sum(our_writes(since(before, requests(api))).values()))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, default=[10, 100])
    options = parser.parse_args()
    print(HEAD)
    print("|" + " --- |" * (HEAD.count("|") - 1))
    with tempfile.TemporaryDirectory(prefix="uf-scale-") as work:
        folder = Path(work)
        with running_apiserver(folder / "api") as api, shared_kafka(folder / "kafka") as kafka:
            for number in options.numbers:
                print(measure(api, kafka.bootstrap_servers, folder, number), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
