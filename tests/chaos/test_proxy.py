"""The proxy does to a connection what its name says, and nothing else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.proxy import SLOW_BYTES_PER_SECOND, Pipe, Proxy


class Line:
    """A client and a server, with the proxy between them."""

    def __init__(self, pipe: Pipe, client: asyncio.StreamReader, server: asyncio.StreamWriter):
        self.pipe = pipe
        self.client = client
        self.server = server


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    arrived: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(5) == b"hello"
        arrived.set_result(writer)

    proxy = Proxy(random.Random(1))
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.target = server.sockets[0].getsockname()[1]
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(b"hello")
        async with asyncio.timeout(5):
            served = await arrived
        yield Line(proxy.pipes[writer.get_extra_info("sockname")[1]], reader, served)
    finally:
        writer.close()
        await proxy.stop()
        if arrived.done():
            arrived.result().close()
        server.close()
        await server.wait_closed()


async def received(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.read()


async def test_bytes_pass_and_the_end_of_one_side_is_the_others() -> None:
    async with line() as one:
        one.server.write(b"x" * 500_000)
        one.server.close()
        assert await received(one.client) == b"x" * 500_000


async def test_a_cut_loses_the_end_of_what_was_sent_and_no_more_comes() -> None:
    async with line() as one:
        one.pipe.cut()
        one.server.write(b"x" * 100)
        assert 80 <= len(await received(one.client)) < 100


async def test_a_reset_is_a_reset_for_the_client() -> None:
    async with line() as one:
        one.pipe.reset()
        with pytest.raises(ConnectionResetError):
            await received(one.client)


async def test_what_is_delayed_comes_later_and_in_order_whatever_the_delay_becomes() -> None:
    async with line() as one:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        one.pipe.delay(0.2)
        one.server.write(b"first")
        await asyncio.sleep(0.05)
        one.pipe.delay(0.01)
        one.server.write(b"second")
        assert await one.client.readexactly(11) == b"firstsecond"
        assert loop.time() - begun >= 0.2


async def test_a_cut_does_not_overtake_what_is_delayed() -> None:
    async with line() as one:
        one.pipe.delay(0.2)
        one.server.write(b"earlier")
        await asyncio.sleep(0.05)
        one.pipe.cut()
        one.server.write(b"later" * 10)
        assert (await received(one.client)).startswith(b"earlierlater")


async def test_a_stalled_pipe_takes_nothing_until_its_time_is_over() -> None:
    async with line() as one:
        one.pipe.stall(0.2)
        one.server.write(b"later")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await one.client.readexactly(1)
        assert await one.client.readexactly(5) == b"later"


async def test_a_slow_pipe_keeps_to_its_rate() -> None:
    async with line() as one:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        one.pipe.slow(10)
        for _ in range(2):
            one.server.write(b"x" * (SLOW_BYTES_PER_SECOND // 5))
            await one.client.readexactly(SLOW_BYTES_PER_SECOND // 5)
        assert loop.time() - begun >= 0.15
