"""A handshake as a client makes it, with a real relay at the other end."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from tests.operator.adapters.waiting import eventually
from tests.relay.live import RunningRelay
from tests.support.kafka import Kafka
from unionflow_cli.kafka import apply_topics
from unionflow_cli.kafka.adapters.ports import free_ports
from unionflow_events import TopicNames
from unionflow_operator.adapters import probe
from unionflow_operator.adapters.clients import count_clients
from unionflow_operator.adapters.probe import Target, shake_hands
from unionflow_operator.core.observed import Answer

PATH = "/ws/dashboard"


@pytest.mark.parametrize(
    "access",
    [
        {"UNIONFLOW_AUTH": "none"},
        {"UNIONFLOW_AUTH": "jwt", "UNIONFLOW_JWT_SECRET": "a" * 40},
    ],
    ids=["a welcome", "4401, where tokens are wanted"],
)
async def test_a_relay_that_serves_answers_and_counts_its_clients(
    kafka: Kafka, topic_prefix: str, tmp_path: Path, access: dict[str, str]
) -> None:
    names = [topic_prefix + name for name in TopicNames.from_entries().real]
    await asyncio.to_thread(apply_topics, kafka.bootstrap_servers, names, 1)
    settings = {**access, "UNIONFLOW_TOPIC_PREFIX": topic_prefix}
    relay = await asyncio.to_thread(RunningRelay.start, tmp_path, kafka.bootstrap_servers, settings)
    with relay:
        target = Target("127.0.0.1", relay.port, PATH)

        async def is_answered() -> bool:
            heard = await shake_hands(target, outside=False)
            return (heard.answer, heard.message[:15]) == (Answer.ANSWERED, "a relay answers")

        await eventually("a relay answers", is_answered)
        elsewhere = Target("127.0.0.1", relay.port, "/elsewhere")
        refused = await shake_hands(elsewhere, outside=False)
        assert (refused.answer, "404" in refused.message) == (Answer.REFUSED, True)


@pytest.mark.parametrize(
    ("outside", "answer"), [(False, Answer.UNREACHABLE), (True, Answer.OUTSIDE)]
)
async def test_nobody_at_the_service_is_blamed_on_the_relay_only_inside_of_the_cluster(
    outside: bool, answer: Answer
) -> None:
    target = Target("127.0.0.1", free_ports(1)[0], PATH)
    assert (await shake_hands(target, outside=outside)).answer is answer


@pytest.mark.parametrize(("outside", "answer"), [(False, Answer.REFUSED), (True, Answer.OUTSIDE)])
@pytest.mark.parametrize(
    "greeting",
    [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
    ids=["a mail server", "a proxy that answers for every address"],
)
async def test_what_is_no_relay_says_something_only_inside_of_the_cluster(
    greeting: bytes, outside: bool, answer: Answer
) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        heard = await shake_hands(Target("127.0.0.1", port, PATH), outside=outside)
    assert heard.answer is answer


async def test_who_takes_the_connection_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Target("127.0.0.1", silent.getsockname()[1], PATH)
        heard = await shake_hands(target, outside=False)
    assert (heard.answer, "no answer" in heard.message) == (Answer.UNREACHABLE, True)


async def metrics_of(body: str, status: str = "200 OK") -> int | None:

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession() as session:
            return await count_clients(session, [f"127.0.0.1:{port}", f"127.0.0.1:{port}"])


async def test_clients_are_summed_over_dialects_and_relays() -> None:
    body = (
        'unionflow_relay_connections{dialect="plain"} 3.0\n'
        'unionflow_relay_connections{dialect="unionflow.v1"} 1.2e+01\n'
        "unionflow_relay_connections_limit 1000.0\n"
    )
    assert await metrics_of(body) == 30


@pytest.mark.parametrize(("body", "status"), [("", "200 OK"), ("x 1\n", "503 Busy")])
async def test_where_a_relay_does_not_tell_there_is_no_number(body: str, status: str) -> None:
    assert await metrics_of(body, status) is None
