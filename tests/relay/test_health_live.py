"""A running relay's health: what a kubelet is told when it stops, chokes, or loses its source."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.relay.clients import V1, client, raw_client, request_head
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, Topics, body

pytestmark = pytest.mark.kafka

# Read by Python itself at its start, before the relay: it makes what it must survive.
DYING_SOURCE = """
from unionflow_relay.adapters.kafka.source import KafkaSource

times, whole = 0, KafkaSource._read

async def dies(self, cluster):
    global times
    times += 1
    if times <= {times}:
        raise RuntimeError("a bug")
    return await whole(self, cluster)

KafkaSource._read = dies
"""


def started(folder: Path, topics: Topics, deaths: int) -> RunningRelay:
    (folder / "sitecustomize.py").write_text(DYING_SOURCE.format(times=deaths))
    settings = {**topics.settings, "PYTHONPATH": str(folder)}
    return RunningRelay.start(folder, topics.bootstrap_servers, settings)


async def test_a_stopped_relay_goes_on_with_its_clients_and_catches_up(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, topics.settings) as relay:
        await relay.until_ready()
        async with client(relay, V1, organization="stopped") as one:
            relay.process.signal(signal.SIGSTOP)
            topics.write(MEMBERS, [body(f"e{n}", "stopped") for n in range(50)], partition=0)
            await asyncio.sleep(4)
            relay.process.signal(signal.SIGCONT)
            await one.until_events(50)
            await relay.until_ready()
            assert relay.get("/livez")[0] == 200
            assert one.ids() == [f"e{n}" for n in range(50)]
        assert relay.is_running


async def test_without_a_descriptor_left_it_is_not_ready_and_with_some_again(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, topics.settings) as relay:
        await relay.until_ready()
        async with client(relay, V1, organization="files") as one:
            _, most = resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE)
            held = []
            for _ in range(30):  # the least: at times it asks itself, which takes two more
                held.append(psutil.Process(relay.process.pid).num_fds())
                await asyncio.sleep(0.05)
            few = min(held) + 1  # for the one that asks /readyz
            resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, (few, most))
            await relay.until_not_ready_for("handshake")
            topics.write(MEMBERS, [body("e", "files")])
            await one.until_event("e")  # who is connected is served all the same
            resource.prlimit(relay.process.pid, resource.RLIMIT_NOFILE, (most, most))
            await relay.until_ready()


async def test_a_source_that_dies_once_is_started_again(topics: Topics, tmp_path: Path) -> None:
    topics.create()
    with started(tmp_path, topics, deaths=1) as relay:
        await relay.until_ready()
        assert len(relay.lines("part died")) == 1
        assert relay.get("/livez")[0] == 200


async def test_a_source_that_goes_on_dying_fails_livez_and_the_relay_still_ends_in_order(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    with started(tmp_path, topics, deaths=10**9) as relay:
        await eventually(lambda: relay.get("/livez")[0] == 503)
        said = json.loads(relay.get("/livez")[1])
        assert said["live"] is False
        assert "the Kafka source died" in said["reasons"][0]
        assert any("the Kafka source" in reason for reason in relay.reasons())
        assert relay.stop() == 0


async def test_ready_means_that_a_handshake_has_just_succeeded(
    topics: Topics, tmp_path: Path
) -> None:
    topics.create()
    settings = {**topics.settings, "UNIONFLOW_BASE_PATH": "/unionflow"}
    with RunningRelay.start(tmp_path, topics.bootstrap_servers, settings) as relay:
        begun = time.monotonic()
        await relay.until_ready()
        assert time.monotonic() - begun < 20
        async with raw_client(relay) as one:
            await one.send(request_head("/unionflow/ws/dashboard"))
            await one.upgraded()
        assert relay.metric("handshakes_total") == 1
        assert 0 <= relay.metric("event_loop_delay_seconds") < 5
