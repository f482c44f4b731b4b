"""A relay that is told to end: when its clients are told, when they go, what ends it at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.relay.clients import PLAIN, V1, Client, client, raw_client, request_head
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, Topics, body
from unionflow_cli.kafka import Broker

pytestmark = pytest.mark.kafka

CROWD = 300
SECONDS = 6


def started(folder: Path, topics: Topics, seconds: int) -> RunningRelay:
    settings = {
        **topics.settings,
        "UNIONFLOW_DRAIN_SECONDS": str(seconds),
        "UNIONFLOW_SEND_BUFFER_BYTES": str(1024 * 1024),
    }
    return RunningRelay.start(folder, topics.bootstrap_servers, settings).wait_until_ready()


@pytest.fixture
def drained(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay that drains in SECONDS."""
    topics.create()
    with started(tmp_path, topics, SECONDS) as relay:
        yield relay


@pytest.fixture
def patient(topics: Topics, tmp_path: Path) -> Iterator[RunningRelay]:
    """A relay that takes its time."""
    topics.create()
    with started(tmp_path, topics, 600) as relay:
        yield relay


def told_to_end(relay: RunningRelay) -> float:
    relay.process.signal(signal.SIGTERM)
    return time.monotonic()


async def ended(relay: RunningRelay, within: float) -> None:
    assert await asyncio.to_thread(relay.process.wait, within)
    assert relay.process.exit_code == 0
    assert relay.lines("relay stopped")
    assert "Traceback" not in relay.log.read_text()
    assert "exception" not in relay.log.read_text()


async def test_a_crowd_of_both_dialects_goes_at_an_even_rate_and_is_served_until_then(
    drained: RunningRelay, topics: Topics
) -> None:
    gone: list[float] = []
    late: list[int] = []

    async def leave_as_told(one: Client) -> None:
        after = (await one.until("reconnect"))["afterMs"]
        assert after >= 2_000
        with contextlib.suppress(TimeoutError, ConnectionClosed):  # where this machine is too slow
            async with asyncio.timeout(after / 1000):
                while True:
                    await one.frame()
        late.append(len(one.events))
        await one.connection.close()
        gone.append(time.monotonic())

    async def leave_when_closed(one: Client) -> None:
        assert (await one.closed())[0] == 1012
        late.append(len(one.events))
        gone.append(time.monotonic())

    async with AsyncExitStack() as stack:
        going = []
        for number in range(CROWD):
            dialect = PLAIN if number % 3 == 0 else V1
            one = await stack.enter_async_context(client(drained, dialect, organization="drain"))
            going.append(leave_when_closed(one) if dialect == PLAIN else leave_as_told(one))
        begun = told_to_end(drained)
        leaving = asyncio.gather(*going)
        served = body("while-draining", "drain")
        await asyncio.to_thread(topics.write, MEMBERS, [served], partition=0)
        await leaving
        await ended(drained, within=10)
    assert late == [1] * CROWD
    per_second = Counter(int(moment - begun) for moment in gone)
    # 75 a second over 2 to 6 s; a busy machine may shift some into the next second
    assert all(40 <= per_second[second] <= 115 for second in range(2, SECONDS)), per_second
    assert per_second[0] == per_second[1] == 0
    assert max(gone) - begun < SECONDS + 5


async def test_once_told_it_is_not_ready_and_lets_nobody_in(patient: RunningRelay) -> None:
    async with client(patient, V1) as one, client(patient, PLAIN) as two:
        told_to_end(patient)
        await one.until("reconnect")
        assert patient.get("/livez")[0] == 200
        assert any("draining" in reason for reason in patient.reasons())
        for subprotocols in ([Subprotocol(V1)], None):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(patient.url(), subprotocols=subprotocols, proxy=None):
                    pass
            assert refused.value.response.status_code == 503
            assert int(refused.value.response.headers["Retry-After"]) >= 1
        assert patient.metric("draining") == 1
        assert patient.metric("drained_total", how="told") == 1
        await one.say(type="ping")
        await one.until("pong")
        await two.drained()
        patient.process.signal(signal.SIGTERM)
        assert (await one.closed())[0] == 1012


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once_with_1012_for_all(
    patient: RunningRelay, second: signal.Signals
) -> None:
    async with (
        client(patient, V1) as one,
        client(patient, PLAIN) as two,
        raw_client(patient) as deaf,
    ):
        await deaf.send(request_head())
        await deaf.upgraded()
        told_to_end(patient)
        await one.until("reconnect")
        patient.process.signal(second)
        assert (await one.closed())[0] == 1012
        assert (await two.closed())[0] == 1012
        await ended(patient, within=5)


async def test_who_ignores_reconnect_does_not_read_or_has_sent_no_cursor_goes_too(
    drained: RunningRelay, topics: Topics
) -> None:
    async with (
        client(drained, V1) as stays,
        client(drained, V1, cursor="message") as silent,
        raw_client(drained) as deaf,
        raw_client(drained, receive_buffer=4_096) as stalled,
        raw_client(drained) as half,
    ):
        await deaf.send(request_head(headers={"Sec-WebSocket-Protocol": V1}))
        await deaf.upgraded()
        await stalled.send(request_head("/ws/dashboard?organization=flood"))
        await stalled.upgraded()
        await half.send(request_head()[:20])
        await asyncio.to_thread(
            topics.write, MEMBERS, [body("f", "flood", fill="x" * 100_000)] * 80, partition=0
        )
        begun = told_to_end(drained)
        after = (await stays.until("reconnect"))["afterMs"]
        assert (await stays.closed())[0] == 1012
        assert time.monotonic() - begun >= after / 1000
        assert (await silent.closed())[0] == 1012
        await ended(drained, within=begun + SECONDS + 8 - time.monotonic())
        assert time.monotonic() - begun < SECONDS + 8


async def test_a_client_in_a_replay_is_told_and_goes_on_elsewhere_without_a_gap(
    own_topics: Topics, broker: Broker, tmp_path: Path
) -> None:
    """The broker stands still, so that the replay from Kafka does too while the relay drains."""
    ids = [f"r{n}" for n in range(200)]
    own_topics.write(MEMBERS, [body(id, "replay") for id in ids], partition=0)
    settings = {"UNIONFLOW_HISTORY_BYTES": "0", "UNIONFLOW_DRAIN_SECONDS": str(SECONDS)}
    settings |= own_topics.settings
    with RunningRelay.start(tmp_path, broker.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        broker.pause()
        try:
            async with client(relay, V1, organization="replay", cursor="earliest") as one:
                told_to_end(relay)
                assert (await one.until("reconnect"))["afterMs"] >= 2_000
                assert (await one.closed())[0] == 1012
                assert len(one.ids()) < len(ids)
                cursor = "~".join([one.welcome["cursor"], *one.positions[-1:]])
            await ended(relay, within=15)
        finally:
            broker.resume()
    with RunningRelay.start(tmp_path, broker.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1, organization="replay", cursor=cursor) as two:
            await two.until("recovered")
            assert [*one.ids(), *two.ids()] == ids


async def test_with_nobody_there_it_ends_at_once(patient: RunningRelay) -> None:
    begun = told_to_end(patient)
    await ended(patient, within=10)
    assert time.monotonic() - begun < 10


async def test_when_the_last_client_has_gone_it_does_not_wait_for_the_time_to_pass(
    patient: RunningRelay,
) -> None:
    async with client(patient, V1) as one:
        told_to_end(patient)
        await one.until("reconnect")
    await eventually(lambda: not patient.is_running)
    assert patient.process.exit_code == 0
