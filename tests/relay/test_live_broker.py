"""A broker that is away, stops, stands still or asks for a password, under connected clients."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import pytest
from confluent_kafka.admin import AclOperation
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.relay.clients import PLAIN, V1, client, looked_at_twice
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, STATS, Topics, body
from tests.support.secured import USER, secured_kafka
from unionflow_cli.kafka import Broker

pytestmark = pytest.mark.kafka


def events(start: int, count: int) -> list[bytes]:
    return [body(f"e{n}", "A") for n in range(start, start + count)]


def ids(count: int) -> list[str]:
    return [f"e{n}" for n in range(count)]


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_clients_stay_while_the_broker_is_gone_and_nothing_is_lost_or_repeated(
    broker: Broker, own_topics: Topics, own_relay: RunningRelay, how: str
) -> None:
    async with (
        client(own_relay, V1, organization="A") as one,
        client(own_relay, PLAIN, organization="A") as two,
    ):
        own_topics.write(MEMBERS, events(0, 50), key="A")
        await one.until_event("e49")
        broker.stop() if how == "stopped" else broker.kill()
        try:
            await own_relay.until_not_ready_for("broker")
            assert own_relay.metric("ready") == 0
            await one.drained()
            await two.drained()
            async with client(own_relay, V1, organization="A") as late:
                assert late.welcome["cursor"].startswith("1~")
        finally:
            broker.restart()
        await own_relay.until_ready()
        own_topics.write(MEMBERS, events(50, 50), key="A")
        await one.until_event("e99")
        assert one.ids() == ids(100)
        assert [event["id"] for event in await two.drained()] == ids(100)
        assert len(set(one.positions)) == 100
    assert own_relay.metric("kafka_failures_total") > 0
    assert own_relay.metric("closes_total", code="4408") == 0


async def test_a_broker_that_stands_still_is_named_and_waited_for(
    broker: Broker, own_topics: Topics, own_relay: RunningRelay
) -> None:
    """Its connections stay open, so that only a deadline tells."""
    async with client(own_relay, V1, organization="A") as one:
        own_topics.write(MEMBERS, events(0, 5), key="A")
        await one.until_event("e4")
        broker.pause()
        try:
            await own_relay.until_not_ready_for("broker")
            await one.drained()
        finally:
            broker.resume()
        own_topics.write(MEMBERS, events(5, 5), key="A")
        await one.until_event("e9")
        assert one.ids() == ids(10)
    await own_relay.until_ready()


async def test_a_relay_that_waits_for_a_broker_s_answer_ends_when_it_is_told(
    broker: Broker, own_topics: Topics, tmp_path: Path
) -> None:
    broker.pause()
    try:
        with RunningRelay.start(tmp_path, broker.bootstrap_servers, own_topics.settings) as relay:
            assert relay.reasons() == ["no broker has answered yet"]
            relay.process.signal(signal.SIGTERM)
            assert await asyncio.to_thread(relay.process.wait, 10)
            assert relay.process.exit_code == 0
    finally:
        broker.resume()


async def test_a_relay_that_finds_no_broker_says_so_and_serves_once_there_is_one(
    broker: Broker, own_topics: Topics, tmp_path: Path
) -> None:
    own_topics.write(MEMBERS, [body("long ago", "A")], key="A")
    broker.stop()
    try:
        relay = RunningRelay.start(tmp_path, broker.bootstrap_servers, own_topics.settings)
        with relay:
            await relay.until_not_ready_for("no broker answers", broker.bootstrap_servers)
            with pytest.raises(InvalidStatus) as refused:
                async with connect(relay.url(), proxy=None):
                    pass
            answer = refused.value.response
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            assert relay.metric("handshakes_total", outcome="503") == 1
            broker.restart()
            await relay.until_ready()
            async with client(relay, V1, organization="A") as one:
                own_topics.write(MEMBERS, events(0, 3), key="A")
                await one.until_event("e2")
                assert one.ids() == ids(3)
    finally:
        broker.restart()


@pytest.fixture
def nothing_there() -> str:
    """An address where nobody listens: port 1 of the loopback."""
    return "127.0.0.1:1"


async def test_retries_have_a_back_off_and_the_log_is_not_flooded(
    nothing_there: str, tmp_path: Path
) -> None:
    with RunningRelay.start(tmp_path, nothing_there) as relay:
        before = relay.cpu_seconds()
        await asyncio.sleep(3)
        assert relay.cpu_seconds() - before < 0.6
        tried = len(relay.lines("kafka unavailable"))
        assert 2 <= tried <= 30  # delays are 0.1 s at least, and reach for 5 s
        assert relay.metric("kafka_failures_total") >= 2


async def test_an_idle_relay_uses_next_to_no_processor_time(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, organization="idle") as one:
        shared_topics.write(STATS, [body("idle1", "idle")], key="idle")
        await one.until_event("idle1")
        before = relay.cpu_seconds()
        await asyncio.sleep(3)
        assert relay.cpu_seconds() - before < 0.45


async def test_a_broker_with_tls_and_scram_is_read_and_a_wrong_password_is_said(
    tmp_path: Path, topic_prefix: str
) -> None:
    """The relay may read and describe, no more: that settings are not told it says once."""
    authorizing = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with secured_kafka(tmp_path, "SASL_SSL", authorizing) as secured:
        topics = Topics(secured.broker.internal_servers, topic_prefix)
        topics.create(MEMBERS)
        topics.allow(USER, AclOperation.READ, AclOperation.DESCRIBE)
        settings = {
            **secured.environment("SCRAM-SHA-512"),
            **topics.settings,
            "UNIONFLOW_TOPICS": MEMBERS,
        }
        servers = secured.broker.bootstrap_servers
        with (
            RunningRelay.start(tmp_path, servers, settings) as relay,
            RunningRelay.start(
                tmp_path, servers, {**settings, "KAFKA_SASL_PASSWORD": "wrong"}
            ) as stranger,
        ):
            await relay.until_ready()
            async with client(relay, V1, organization="A") as one:
                topics.write(MEMBERS, events(0, 3), key="A")
                await one.until_event("e2")
                assert one.ids() == ids(3)
            await looked_at_twice(relay)
            (line,) = relay.lines(
                "kafka does not tell topic settings: nobody warns where the guarantee lacks them"
            )
            assert line["topics"] == [topics.prefix + MEMBERS]
            assert line["reason"] == "TopicAuthorizationFailedError"
            assert relay.reasons() == []
            await stranger.until_not_ready_for("uthentication")
            assert "wrong" not in stranger.log.read_text()


def test_the_management_side_answers_and_describes_itself(relay: RunningRelay) -> None:
    base = f"http://127.0.0.1:{relay.management_port}"
    with httpx.Client(base_url=base, trust_env=False) as http:
        assert http.get("/livez").json() == {"live": True, "reasons": []}
        assert http.get("/readyz").json() == {"ready": True, "reasons": []}
        paths = http.get("/openapi.json").json()["paths"]
        assert paths.keys() >= {"/livez", "/readyz", "/metrics"}
        exposition = http.get("/metrics")
        assert exposition.headers["content-type"].startswith("text/plain; version=0.0.4")
        for name in (
            "connections",
            "handshakes_total",
            "deliveries_total",
            "delivery_latency_seconds",
            "kafka_lag_records",
            "replays_total",
            "closes_total",
            "records_skipped_total",
            "ready",
        ):
            assert f"# TYPE unionflow_relay_{name} " in exposition.text
