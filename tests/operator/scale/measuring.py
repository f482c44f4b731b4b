"""One row of the table: so many streams, from the first request to three quiet resyncs."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.operator.live.quiescence import our_writes, requests, since
from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import TWO_TOPICS, Streams, manifest
from tests.operator.scale.clock import Clock
from tests.support.apiserver import ApiServer

ALL_SECONDS = 1_200
AT_REST_SECONDS = 15
HEAD = (
    "| streams | topics | all stand, s | p50, s | p99, s | all ready, s | topics/s | CPU, s "
    "| RSS, MB | API writes | API reads | Kafka requests | a change is seen, s "
    "| writes in 3 resyncs | load |"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. CPU and requests: of the operator, until all were ready."""

    streams: int
    topics: int
    stand: float
    p50: float
    p99: float
    ready: float
    cpu: float
    rss_mb: float
    writes: float
    reads: float
    kafka: float
    change: float
    at_rest: int
    load: float

    def __str__(self) -> str:
        return (
            f"| {self.streams:,} | {self.topics:,} | {self.stand:.1f} | {self.p50:.2f} "
            f"| {self.p99:.2f} | {self.ready:.1f} | {self.topics / self.stand:.0f} "
            f"| {self.cpu:.1f} | {self.rss_mb:.0f} | {self.writes:.0f} | {self.reads:.0f} "
            f"| {self.kafka:.0f} | {self.change:.2f} | {self.at_rest} | {self.load:.0f} |"
        )


def measure(api: ApiServer, servers: str, folder: Path, number: int, topics: int = 2) -> Row:
    """A row of `number` streams, of so many topics each."""
    streams = Streams(api, api.make_namespace())
    settings = {
        "UNIONFLOW_NAMESPACES": streams.namespace,
        "UNIONFLOW_RESYNC_SECONDS": str(max(10, number // 20)),
    }
    names = [f"s{one}" for one in range(number)]
    prefix = f"s{uuid.uuid4().hex[:8]}."
    bodies = {name: manifest(name, servers, f"{prefix}{name}.", **small(topics)) for name in names}
    with (
        RunningOperator.start(folder, api.kubeconfig, settings) as operator,
        Clock(streams, names) as clock,
    ):
        warm_up(streams, servers, prefix)
        before = used(operator)
        began = time.monotonic()
        ask(streams, clock, bodies)
        until("all stand", lambda: len(clock.stood()) == number, ALL_SECONDS)
        until("all are ready", lambda: len(clock.ready()) == number, ALL_SECONDS)
        load, after = os.getloadavg()[0], used(operator)
        took = clock.took()
        row = Row(
            streams=number,
            topics=topics * number,
            stand=max(clock.stood().values()) - began,
            p50=took[len(took) // 2],
            p99=took[min(len(took) - 1, int(len(took) * 0.99))],
            ready=max(clock.ready().values()) - began,
            cpu=after["cpu"] - before["cpu"],
            rss_mb=psutil.Process(operator.process.pid).memory_info().rss / 1e6,
            writes=after["writes"] - before["writes"],
            reads=after["reads"] - before["reads"],
            kafka=after["kafka"] - before["kafka"],
            change=change_one(streams, names[-1]),
            at_rest=writes_at_rest(api, operator, number),
            load=load,
        )
    streams.close()
    return row


def warm_up(streams: Streams, servers: str, prefix: str) -> None:
    """One stream before: the first one also connects to the brokers."""
    streams.create(manifest("first", servers, f"{prefix}first."))
    streams.wait_for("first", "TopicsReady", "True")


def small(topics: int) -> Mapping[str, Any]:
    """A spec of one relay, and of so many topics."""
    more = [{"name": f"t{number}", "partitions": 1} for number in range(topics - 2)]
    relay = {"replicas": 1, "drainSeconds": 0}
    return {"topics": [*TWO_TOPICS, *more], "relay": relay}


def ask(streams: Streams, clock: Clock, bodies: Mapping[str, Mapping[str, Any]]) -> None:
    """Apply them all, eight at a time."""

    def create(name: str) -> None:
        clock.asked[name] = time.monotonic()
        streams.create(bodies[name])

    with ThreadPoolExecutor(8) as many:
        list(many.map(create, bodies))


def used(operator: RunningOperator) -> Mapping[str, float]:
    """What the operator has used since it was started."""
    times = psutil.Process(operator.process.pid).cpu_times()
    reads = operator.metric("api_requests_total", verb="read")
    return {
        "cpu": times.user + times.system,
        "reads": reads,
        "writes": operator.metric("api_requests_total") - reads,
        "kafka": operator.metric("kafka_requests_total"),
    }


def change_one(streams: Streams, name: str) -> float:
    """Seconds from a change of the spec to the Deployment that says it."""
    began = time.monotonic()
    streams.patch(name, {"spec": {"relay": {"replicas": 2}}})

    def seen() -> bool:
        deployment = streams.object("/apis/apps/v1", "deployments", f"{name}-relay")
        return deployment is not None and deployment["spec"]["replicas"] == 2

    until("the change is seen", seen, 30)
    return time.monotonic() - began


def writes_at_rest(api: ApiServer, operator: RunningOperator, number: int) -> int:
    """How often anything of ours was written in three resyncs of all streams."""
    settle(operator)
    looks, before = operator.metric("reconciles_total"), requests(api)
    wanted = looks + 3 * number
    until("three resyncs", lambda: operator.metric("reconciles_total") >= wanted, ALL_SECONDS)
    return int(sum(our_writes(since(before, requests(api))).values()))


def settle(operator: RunningOperator) -> None:
    """Wait until nothing has been written for a while."""
    history: Sequence[float] = ()
    while len(history) < AT_REST_SECONDS or history[-1] != history[-AT_REST_SECONDS]:
        history = (*history, operator.metric("writes_total"))
        time.sleep(1)
