"""A reader of server-sent events as the WHATWG's HTML standard has it, over a real HTTP client.

Section 9.2.6 (parsing an event stream) and what of 9.2.2 a program has to do itself: keep the last
event ID and the reconnection time, and send `Last-Event-ID` when it comes back.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.relay.clients import PATIENCE_SECONDS, Frame
from tests.relay.live import LOOPBACK, RunningRelay


@dataclass(frozen=True, slots=True)
class Message:
    """One dispatched event. last_event_id: what a client that stops here comes back with."""

    event: str
    data: str
    last_event_id: str


class EventStream:
    """The parser. Bytes in, in any pieces; dispatched events out."""

    def __init__(self) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._event, self._data, self._id = "", "", ""

    def feed(self, data: bytes) -> list[Message]:
        """The events that these bytes complete."""
        self._text += self._decoder.decode(data)
        dispatched = []
        while (line := self._next_line()) is not None:
            if line:
                self._take(line)
            elif (message := self._dispatch()) is not None:
                dispatched.append(message)
        return dispatched

    def _next_line(self) -> str | None:
        ends = [at for end in "\r\n" if (at := self._text.find(end)) >= 0]
        if not ends:
            return None
        end = min(ends)
        if self._text[end] == "\r" and end + 1 == len(self._text):
            return None  # a line feed may follow
        after = end + (2 if self._text[end : end + 2] == "\r\n" else 1)
        line, self._text = self._text[:end], self._text[after:]
        return line

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data += value + "\n"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value)

    def _dispatch(self) -> Message | None:
        self.last_event_id = self._id
        event, data = self._event or "message", self._data
        self._event, self._data = "", ""
        return Message(event, data[:-1], self.last_event_id) if data else None


class Listening:
    """One connection of a client of server-sent events, and all that it was told."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.parser = EventStream()
        self.messages: list[Message] = []
        self.events: list[Frame] = []
        self.positions: list[str] = []
        self._unread: list[Message] = []
        self._chunks = response.aiter_raw()

    async def message(self) -> Message:
        """The next one. Raises StopAsyncIteration at the end of the stream."""
        while not self._unread:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._unread += self.parser.feed(await anext(self._chunks))
        message = self._unread.pop(0)
        said = json.loads(message.data)
        assert said["type"] == message.event
        if message.event == "event":
            self.events.append(said["event"])
            self.positions.append(said["position"])
        self.messages.append(message)
        return message

    async def frame(self) -> Frame:
        """What the next one says."""
        said: Frame = json.loads((await self.message()).data)
        return said

    async def until(self, kind: str) -> Frame:
        """The next of this type, passing over others (which are remembered)."""
        while True:
            said = await self.frame()
            if said["type"] == kind:
                return said

    async def until_event(self, id: str) -> None:
        """Read on until the event with this id has come."""
        while not any(event["id"] == id for event in self.events):
            await self.frame()

    async def until_events(self, count: int) -> list[Frame]:
        """Read on until so many events have come in all."""
        while len(self.events) < count:
            await self.frame()
        return self.events

    async def ended(self) -> Frame:
        """The relay's last word, once the stream is over; empty where it had none."""
        with contextlib.suppress(StopAsyncIteration, httpx.TransportError):
            while True:
                await self.message()
        last = self.messages[-1] if self.messages else None
        said: Frame = json.loads(last.data) if last is not None and last.event == "close" else {}
        return said

    @property
    def last_event_id(self) -> str:
        """What it comes back with."""
        return self.messages[-1].last_event_id

    def ids(self) -> list[str]:
        """The ids of all events so far, in the order of their coming."""
        return [event["id"] for event in self.events]


def stream_url(relay: RunningRelay, **query: object) -> str:
    """Where a relay's server-sent events are; a list in the query is said several times."""
    return f"http://{LOOPBACK}:{relay.port}/sse/dashboard?{urlencode(query, doseq=True)}"


@asynccontextmanager
async def asking(
    relay: RunningRelay,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    **query: Any,
) -> AsyncIterator[httpx.Response]:
    """The answer to a request for events, its body unread."""
    async with (
        httpx.AsyncClient(timeout=None, trust_env=False) as http,  # ours: a read
        http.stream(method, stream_url(relay, **query), headers=headers) as response,
    ):
        yield response


@asynccontextmanager
async def listening(
    relay: RunningRelay,
    *,
    last_event_id: str = "",
    headers: Mapping[str, str] | None = None,
    **query: Any,
) -> AsyncIterator[Listening]:
    """A client that is connected, as a browser's EventSource would be."""
    sent = {"Accept": "text/event-stream", "Cache-Control": "no-store", **(headers or {})}
    if last_event_id:
        sent["Last-Event-ID"] = last_event_id
    async with asking(relay, headers=sent, **query) as response:
        assert response.status_code == 200, await response.aread()
        yield Listening(response)


async def refused(
    relay: RunningRelay,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    **query: Any,
) -> httpx.Response:
    """An answer that is no stream, read whole."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with asking(relay, method, headers=headers, **query) as response:
            assert response.status_code != 200
            await response.aread()
            return response
