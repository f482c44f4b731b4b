"""A connection by server-sent events, over asyncio's streams, where WebSockets are cut."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from unionflow_client.adapters.wire import CLOSE_SECONDS, Ear, in_words
from unionflow_client.core.effects import Open
from unionflow_client.core.event_stream import EventStream
from unionflow_client.core.http import Head, chunk_size, parse_head, request
from unionflow_client.errors import BadAnswer, TooLarge

MAX_HEAD_BYTES = 64 * 1024
MAX_REFUSAL_BYTES = 200
LOST = 1006


class EventSourceWire:
    """See `Wire`. It only listens. No proxy is used, and no redirection followed."""

    def __init__(self, opening: Open, tls: ssl.SSLContext | None) -> None:
        self._opening = opening
        self._tls = tls
        self._writer: asyncio.StreamWriter | None = None

    async def run(self, ear: Ear) -> None:
        """Connect and listen until it ends."""
        try:
            reader = await self._ask()
            head = parse_head(await reader.readuntil(b"\r\n\r\n"))
            if not head.is_event_stream:
                ear.failed(head.status, head.retry_after_ms, await _sentence(reader))
                return
        except (OSError, EOFError, BadAnswer, asyncio.LimitOverrunError) as problem:
            ear.failed(None, 0.0, in_words(self._opening.url, problem))
            return
        finally:
            self._hang_up_on_cancel()
        ear.opened(agreed=True)
        await self._listen(reader, head, ear)

    def send(self, text: str) -> None:
        """Nothing can be said here, and a session says nothing."""

    async def close(self, code: int) -> None:  # noqa: ARG002  # Wire's signature; HTTP has no codes
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._writer.wait_closed()

    async def _ask(self) -> asyncio.StreamReader:
        opening = self._opening
        parts = urlsplit(opening.url)
        secure = parts.scheme == "https"
        tls = (self._tls or ssl.create_default_context()) if secure else None
        port = parts.port or (443 if secure else 80)
        reader, self._writer = await asyncio.open_connection(
            parts.hostname, port, ssl=tls, limit=MAX_HEAD_BYTES
        )
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if opening.cursor is not None:
            headers["Last-Event-ID"] = opening.cursor
        if opening.token:
            headers["Authorization"] = f"Bearer {opening.token}"
        self._writer.write(request(opening.url, headers))
        await self._writer.drain()
        return reader

    async def _listen(self, reader: asyncio.StreamReader, head: Head, ear: Ear) -> None:
        stream = EventStream()
        chunked = head.headers.get("transfer-encoding", "").lower() == "chunked"
        said = ""
        try:
            async for data in _chunks(reader) if chunked else _pieces(reader):
                for message in stream.feed(data):
                    await ear.until_wanted()
                    ear.text(message.data, message.id)
        except (OSError, EOFError, BadAnswer, TooLarge, asyncio.LimitOverrunError) as problem:
            said = str(problem)
        finally:
            if self._writer is not None:
                self._writer.close()
        ear.closed(LOST, said)

    def _hang_up_on_cancel(self) -> None:
        task = asyncio.current_task()
        if self._writer is not None and task is not None and task.cancelling():
            self._writer.close()


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(MAX_HEAD_BYTES):
        yield data


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := chunk_size(await reader.readuntil(b"\r\n")):
        while size:
            data = await reader.read(min(size, MAX_HEAD_BYTES))
            if not data:
                return
            size -= len(data)
            yield data
        await reader.readexactly(2)


async def _sentence(reader: asyncio.StreamReader) -> str:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            said = await reader.read(MAX_REFUSAL_BYTES)
            return said.decode(errors="replace").strip().partition("\n")[0]
    return ""
