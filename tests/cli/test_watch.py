"""`unionflow watch` while the relay goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.cli.running import Running, unionflow
from unionflow_cli.adapters.relay_process import RelayProcess
from unionflow_cli.exits import ExitCode
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import CATALOGUE, EventPublisher, EventType, KafkaConnection

pytestmark = pytest.mark.kafka


@pytest.fixture
async def relay(own_kafka: Broker, tmp_path: Path) -> AsyncIterator[RelayProcess]:
    apply_topics(own_kafka.bootstrap_servers, [topic.name for topic in CATALOGUE])
    relay = RelayProcess(tmp_path / "relay.log", 0, 0)
    await relay.start(own_kafka.bootstrap_servers)
    yield relay
    await relay.stop()


async def publish(broker: Broker, text: str) -> None:
    async with EventPublisher(KafkaConnection(broker.bootstrap_servers)) as publisher:
        data = {"text": text}
        await publisher.publish(EventType.ACTIVITY_CREATED, data, organization_id="a-society")


async def line(watching: Running, part: str) -> str:
    return await asyncio.to_thread(watching.wait_for_line, part)


async def test_it_says_that_it_is_offline_comes_back_and_shows_what_follows(
    own_kafka: Broker, relay: RelayProcess, own_cache: Mapping[str, str]
) -> None:
    with unionflow("watch", "--url", relay.url, environ=own_cache) as watching:
        await line(watching, "online, live from now")
        await publish(own_kafka, "before")
        await line(watching, "before")
        await relay.stop()
        await line(watching, "offline: ")
        await relay.start(own_kafka.bootstrap_servers)
        await line(watching, "online again")
        await publish(own_kafka, "after")
        await line(watching, "after")
        assert watching.end() == ExitCode.OK
        assert "after" in watching.out[-1]
        assert not any("before" in shown for shown in watching.out[1:])


async def test_a_society_name_that_the_relay_refuses_ends_it_with_6(
    relay: RelayProcess, own_cache: Mapping[str, str]
) -> None:
    too_long = "x" * 1000
    watch = ("watch", "--url", relay.url, "--organization", too_long)
    with unionflow(*watch, environ=own_cache) as watching:
        assert await asyncio.to_thread(watching.exit_code) == ExitCode.REFUSED
        assert watching.err[0].startswith("error: the relay answered HTTP 400: ")
