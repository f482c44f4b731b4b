"""A short life of the stack in which everything happens that a dashboard is to show."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.monitoring.crowd import Crowd
from tests.monitoring.rules import rule_files
from tests.monitoring.services import Office, OtherServices
from tests.monitoring.stack import Stack, running_stack
from tests.operator.live.running import until
from tests.operator.live.streams import TWO_TOPICS, manifest
from tests.support.apiserver import ApiServer
from tests.support.prometheus import Prometheus, running_prometheus

READY, DEGRADED = "mutuelle", "elsewhere"
NOWHERE = "127.0.0.1:9"
LAST_SCRAPES = 3.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A Prometheus that saw it all. begin, end: seconds since 1970. traces: their ids."""

    prometheus: Prometheus
    begin: float
    end: float
    traces: frozenset[str]


@contextmanager
def watched_life(folder: Path, api: ApiServer, seconds: float) -> Iterator[Watched]:
    """Run it all for about so long; Prometheus still runs within the block."""
    with running_prometheus(folder / "prometheus", rule_files()) as prometheus:
        yield asyncio.run(_life(folder, api, prometheus, seconds))


async def _life(folder: Path, api: ApiServer, prometheus: Prometheus, seconds: float) -> Watched:
    async with running_stack(folder, api, prometheus) as stack:
        begin = time.time()
        office, others = Office(stack), OtherServices(stack)
        await office.open()
        async with others.publisher, asyncio.TaskGroup() as group:
            crowd = Crowd(stack, random.Random(9))
            for_ever = [
                group.create_task(work)
                for work in (crowd.come_and_go(), office.work(), others.work())
            ]
            await _acts(stack, crowd, others, seconds / 6)
            await asyncio.sleep(LAST_SCRAPES)
            for task in for_ever:
                task.cancel()
        traces = frozenset(span.trace for span in stack.collector.spans)
        return Watched(prometheus, begin, time.time(), traces)


async def _acts(stack: Stack, crowd: Crowd, others: OtherServices, act: float) -> None:
    """Six acts of `act` seconds, or a little more where something takes its time."""
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(_look_after_streams, stack))
        await asyncio.sleep(act)
        await others.suspend_somebody()
        await others.write_nonsense(5)
        await asyncio.sleep(act)
        flooded = asyncio.Event()
        group.create_task(crowd.cut_off(others.flood, flooded))
        await flooded.wait()
        await _lose_kafka(stack, act)
        await asyncio.sleep(act)
        await stack.drain_relay()
        await stack.add_relay()
        await asyncio.sleep(act)


async def _lose_kafka(stack: Stack, seconds: float) -> None:
    """The outbox is blocked for so long."""
    await asyncio.to_thread(stack.broker.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(stack.broker.restart)


def _look_after_streams(stack: Stack) -> None:
    """One stream becomes ready, as far as its operator can see; one finds no Kafka."""
    streams = stack.streams
    streams.create(manifest(READY, stack.broker.bootstrap_servers, "watched."))
    streams.create(manifest(DEGRADED, NOWHERE, "elsewhere."))
    running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    for pod in until("both pods", lambda: _both(streams.pods(READY)), 60):
        streams.write_pod_status(pod, running, ready=True)
    streams.wait_for(READY, "Ready", "True")
    more = [{**topic, "partitions": 3} for topic in TWO_TOPICS]
    streams.patch(READY, {"spec": {"topics": more}})


def _both(pods: list[str]) -> list[str]:
    return pods if len(pods) == 2 else []
