"""How connections end and are refused at a running relay, and what is counted of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Origin

from tests.relay.clients import (
    PLAIN,
    V1,
    client,
    raw_client,
    relayed,
    request_head,
    until_closes,
)
from tests.relay.live import RunningRelay, eventually
from tests.relay.topics import MEMBERS, Topics, body

pytestmark = pytest.mark.kafka

# Closing


async def test_a_goodbye_is_answered_and_counted(relay: RunningRelay) -> None:
    before = relay.metric("closes_total", code="1000")
    async with client(relay) as one:
        await one.connection.close(1000, "bye")
        assert one.connection.close_code == 1000
    await until_closes(relay, 1000, before + 1)


BREAKS = {
    "a binary message": (1003, Frame(Opcode.BINARY, b"x").serialize(mask=True)),
    "a text that is no UTF-8": (1007, Frame(Opcode.TEXT, b"\xff").serialize(mask=True)),
    "a message of 64 KiB and one byte": (
        1009,
        Frame(Opcode.TEXT, b"x" * 65_537).serialize(mask=True),
    ),
    "an unmasked frame": (1002, Frame(Opcode.TEXT, b"ping").serialize(mask=False)),
    "a continuation of nothing": (1002, Frame(Opcode.CONT, b"x").serialize(mask=True)),
    "no JSON": (4400, Frame(Opcode.TEXT, b"ping").serialize(mask=True)),
}


@pytest.mark.parametrize(("code", "frame"), BREAKS.values(), ids=BREAKS.keys())
async def test_a_client_is_closed_with_the_right_code_for(
    relay: RunningRelay, code: int, frame: bytes
) -> None:
    before = relay.metric("closes_total", code=str(code))
    async with raw_client(relay) as one:
        await one.send(request_head(headers={"Sec-WebSocket-Protocol": V1}))
        await one.upgraded()
        await one.send(frame)
        data = b""
        while code.to_bytes(2, "big") not in data:
            more = await one.receive()
            assert more, data
            data += more
    await until_closes(relay, code, before + 1)


# Refusals, as HTTP


REFUSED = {
    "another path": (404, "/ws/other", {}),
    "no upgrade": (426, "/ws/dashboard", {"Upgrade": "", "Connection": ""}),
    "an old version": (426, "/ws/dashboard", {"Sec-WebSocket-Version": "8"}),
    "a broken key": (400, "/ws/dashboard", {"Sec-WebSocket-Key": "x"}),
    "a query that is wrong": (400, "/ws/dashboard?user=", {}),
    "a target that is no URL": (404, "//[/ws/dashboard", {}),
}


@pytest.mark.parametrize(("status", "target", "headers"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_refusal_is_an_http_answer_for(
    relay: RunningRelay, status: int, target: str, headers: dict[str, str]
) -> None:
    before = relay.metric("handshakes_total", outcome=str(status))
    async with raw_client(relay) as one:
        await one.send(request_head(target, headers))
        head, _, said = (await one.until_closed()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert said.endswith(b"\n")
    assert b"content-length: %d" % len(said) in head.lower()
    assert relay.metric("handshakes_total", outcome=str(status)) == before + 1


@pytest.fixture(scope="module")
def origins_relay(
    shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay under a path, for the browsers of one origin."""
    settings = {
        **shared_topics.settings,
        "UNIONFLOW_BASE_PATH": "/unionflow",
        "UNIONFLOW_ALLOWED_ORIGINS": "https://app.example",
    }
    folder = tmp_path_factory.mktemp("origins-relay")
    with RunningRelay.start(folder, shared_topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


async def test_connections_are_counted_by_dialect_while_they_last(relay: RunningRelay) -> None:
    def counted() -> tuple[float, float]:
        return (
            relay.metric("connections", dialect="plain"),
            relay.metric("connections", dialect=V1),
        )

    await eventually(lambda: counted() == (0, 0), counted)
    async with client(relay, PLAIN), client(relay, V1), client(relay, V1):
        assert counted() == (1, 2)
    await eventually(lambda: counted() == (0, 0), counted)


async def test_deliveries_and_latency_are_counted_once_per_client_and_record(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    def counted() -> tuple[float, ...]:
        return (
            relay.metric("deliveries_total", event_type="KPI_UPDATED"),
            relay.metric("deliveries_total", event_type="other"),
            relay.metric("delivery_latency_seconds_count"),
        )

    before = counted()
    async with (
        client(relay, organization="m") as one,
        client(relay, PLAIN, organization="m") as two,
    ):
        values = [
            body("m1", "m", "KPI_UPDATED"),
            body("m2", "m", "HOME_MADE"),
            body("m3", "nobody"),
        ]
        written = shared_topics.write(MEMBERS, values, partition=0)
        await relayed(relay, shared_topics, written)
        assert len(await one.drained()) == len(await two.drained()) == 2
    assert [a - b for a, b in zip(counted(), before, strict=True)] == [2, 2, 2]


async def test_no_log_line_has_a_payload_though_each_record_has_one(
    second_relay: RunningRelay, shared_topics: Topics
) -> None:
    secret = "a-treasurer-s-secret"
    async with client(second_relay, organization="logged") as one:
        (lies,) = shared_topics.write(
            MEMBERS, [body("logged1", "logged", amount=secret)], partition=2
        )
        await one.until_event("logged1")
    (line,) = [line for line in second_relay.lines("record") if line["id"] == "logged1"]
    assert (line["topic"], line["partition"], line["offset"]) == (lies.topic, 2, lies.offset)
    assert (line["type"], line["organization"]) == ("MEMBER_CREATED", "logged")
    assert secret not in second_relay.log.read_text()


async def test_an_origin_that_is_not_listed_is_refused_with_403(
    origins_relay: RunningRelay,
) -> None:
    url = origins_relay.url().replace("/ws/", "/unionflow/ws/")
    async with connect(url, origin=Origin("https://app.example"), proxy=None) as connection:
        await connection.send("ping")
        assert await connection.recv() == "pong"
    for wrong, status in ((Origin("https://evil.example"), 403), (Origin("null"), 403)):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, origin=wrong, proxy=None):
                pass
        assert refused.value.response.status_code == status


async def test_under_a_base_path_nothing_else_is_served(origins_relay: RunningRelay) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(origins_relay.url(), proxy=None):
            pass
    assert refused.value.response.status_code == 404
