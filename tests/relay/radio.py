"""A client of server-sent events by the standard's own rule: all it keeps is its last event ID.

What an ID claims to be past must have come, like a phone's cursor. Between two IDs it keeps
nothing, so that it gets again what came after the newest, and never less.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.relay.clients import offsets_in
from tests.relay.event_source import EventStream
from tests.relay.model import Seen
from tests.relay.phone import EARLIEST, Phone
from tests.relay.world import Pod, Socket, World
from unionflow_relay.core.cursor import parse_cursor
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.handshake import Accepted, Resume

MARK_EVENTS = 2
"""Of a replay, for these tests: an ID at least as often."""


class Radio(Phone):
    """One client over its many connections. It never says anything."""

    def __init__(self, world: World, seen: Seen, conflate: frozenset[str] = frozenset()) -> None:
        view = replace(seen.view, dialect=Dialect.SSE)
        super().__init__(world, Seen(view, seen.user), conflate)
        self._stream = EventStream()
        self._last_event_id = ""
        self._since_an_id = 0

    def resume_text(self) -> str:
        """Its last event ID."""
        return self._last_event_id

    def connect(self, pod: Pod, socket: Socket, how: str) -> None:
        """As a phone, but that it cannot send a cursor as a message."""
        assert self.socket is None
        text = self._last_event_id or (EARLIEST if how == EARLIEST else None)
        self.socket = socket
        self._stream, self._since_an_id = EventStream(), 0
        self._events, self._recovered, self._welcomed = 0, text is None, False
        resume = None if text is None else Resume(parse_cursor(text), self._conflate)
        accepted = Accepted(b"", self.seen.view, self.seen.user, resume)
        self.peer = pod.hub.admit(socket.transport, accepted)

    def subscribe(self, pod: Pod, types: frozenset[str] | None) -> None:
        """It cannot."""

    def read(self, size: int) -> None:
        """Take some bytes, and every whole event in them at its word."""
        socket = self.socket
        if socket is None:
            return
        for message in self._stream.feed(socket.read(size)):
            said = json.loads(message.data)
            assert said["type"] == message.event
            if message.event != "close":
                self._hear(said, message.last_event_id)
        if socket.gone:
            self.socket = self.peer = None

    def _hear(self, said: Mapping[str, Any], last_event_id: str) -> None:
        moves = bool(last_event_id) and last_event_id != self._last_event_id
        assert said["type"] != "truncated" or not moves, "who has not loaded yet is told again"
        self._since_an_id = 0 if moves else self._since_an_id + (said["type"] == "event")
        assert self._recovered or self._since_an_id < MARK_EVENTS, "a replay has an ID that often"
        if moves:
            self._last_event_id = last_event_id
        if said["type"] == "welcome" and not self._first:
            self.claim = offsets_in(said["cursor"])  # what came after the newest ID comes again
        self._on_frame(said)
        if moves:
            self._advance_to(offsets_in(last_event_id))
