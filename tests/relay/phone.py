"""A client by the wire's own rule, which holds the relay to its word with every frame.

What its cursor and positions claim to be past must have come, or have been declared gone, or not
have been for it. It knows the logs, which no client does, and so sees what it was not given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from websockets.frames import Frame, Opcode

from tests.relay.clients import offsets_in
from tests.relay.model import Seen
from tests.relay.world import Pod, Row, Socket, World, events_of, take_frames
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.audience import View
from unionflow_relay.core.cursor import parse_cursor
from unionflow_relay.core.handshake import Accepted, Resume

PONG = Frame(Opcode.PONG, b"").serialize(mask=True)
Key = tuple[str, int]
EARLIEST = "earliest"


class Phone:
    """One client over its many connections. `conflate`: what it wants the newest of, alone."""

    def __init__(self, world: World, seen: Seen, conflate: frozenset[str] = frozenset()) -> None:
        self._world = world
        self.seen = seen
        self._conflate = conflate
        self.cursor = ""
        self.positions: dict[str, str] = {}
        self.claim: dict[Key, int] = {}
        self.got: set[tuple[Key, int]] = set()
        self._gone: dict[Key, list[tuple[int, int]]] = {}
        self.socket: Socket | None = None
        self.peer: Peer | None = None
        self._unparsed = b""
        self._events = 0
        self._recovered = False
        self._first = True
        self._welcomed = False

    # Its connections

    def resume_text(self) -> str:
        """The newest cursor, and the newest position of each partition since."""
        return "~".join([self.cursor, *self.positions.values()])

    def connect(self, pod: Pod, socket: Socket, how: str) -> None:
        """`how`: `live` or `earliest` (at first), then `query` or `message`."""
        assert self.socket is None
        text = (EARLIEST if how == EARLIEST else None) if self._first else self.resume_text()
        in_message = how == "message" and text is not None
        self.socket = socket
        self._unparsed, self._events, self._recovered = b"", 0, text is None
        self._welcomed = False
        resume = None
        if text is not None:
            cursor = parse_cursor(text)
            resume = Resume(None if in_message else cursor, self._conflate)
        accepted = Accepted(b"", self.seen.view, self.seen.user, resume)
        self.peer = pod.hub.admit(socket.transport, accepted)
        if in_message and text is not None:
            pod.hub.on_resume(self.peer, parse_cursor(text))

    def cut(self) -> None:
        """The connection breaks; what was not read is lost."""
        if self.socket is not None:
            self.socket.cut()
            self.socket = self.peer = None

    def subscribe(self, pod: Pod, types: frozenset[str] | None) -> None:
        """Ask for other types; `access` will say from where, or it is all from `welcome` on."""
        if self.peer is None or self.socket is None or self.peer.closing:
            return
        pod.hub.on_subscribe(self.peer, types)
        if not self._welcomed and b'"welcome"' not in self._unparsed + self.socket.unread:
            self._ask_for(types)

    def read(self, size: int) -> None:
        """Take some bytes, and every whole frame in them at its word."""
        socket = self.socket
        if socket is None:
            return
        frames, self._unparsed = take_frames(self._unparsed + socket.read(size))
        for opcode, payload in frames:
            if opcode == 9 and self.peer is not None:
                self.peer.data_received(PONG)
            elif opcode == 1:
                self._on_frame(json.loads(payload))
        if socket.gone:
            self.socket = self.peer = None

    # What it is told

    def _on_frame(self, said: Mapping[str, Any]) -> None:
        kind = said["type"]
        if kind == "event":
            self._on_event(said["position"])
        elif kind == "welcome":
            self._on_welcome(offsets_in(said["cursor"]))
            self._keep(said["cursor"])
        else:
            if kind == "truncated":
                self._on_truncated(said)
            elif kind == "recovered":
                assert not self._recovered
                self._recovered = True
                assert said["replayed"] == self._events, "replayed is what came"
            self._advance_to(offsets_in(said["cursor"]))
            self._keep(said["cursor"])
            if kind == "access":
                types = said["eventTypes"]
                self._ask_for(None if types is None else frozenset(types))

    def _keep(self, cursor: str) -> None:
        self.cursor = cursor
        self.positions.clear()

    def _ask_for(self, types: frozenset[str] | None) -> None:
        view = self.seen.view
        view = View(view.dialect, view.organizations, types, view.everything)
        self.seen = Seen(view, self.seen.user)

    def _on_welcome(self, said: Mapping[Key, int]) -> None:
        self._welcomed = True
        if self._first:
            self._first = False
            self.claim = dict(said)
            return
        asked = parse_cursor(self.resume_text())
        assert said == {key: asked.wanted(*key) for key in said}, "welcome is what was asked"
        assert {topic for topic, _ in said} >= asked.topics, "welcome skips no gap"

    def _on_event(self, position: str) -> None:
        prefix, _, number = position.rpartition(".")
        topic, _, partition = prefix.rpartition(".")
        key, offset = (topic, int(partition)), int(number)
        row = self._world.ever[key].rows[offset]
        assert self._is_mine(row), f"{position} is not for it"
        assert offset >= self.claim.get(key, 0), f"{position}: a step back"
        self.got.add((key, offset))
        self._events += 1
        self._advance(key, offset + 1)
        self.positions[prefix] = position

    def _on_truncated(self, said: Mapping[str, Any]) -> None:
        still = offsets_in(said["cursor"])
        replaced: set[tuple[str | None, int, int]] = set()
        for gap in said["ranges"]:
            if gap["reason"] == "topic-replaced":
                replaced.add((gap["topic"], gap["partition"], gap["requested"]))
                continue
            assert gap["reason"] == "retention", gap
            (key,) = [
                key
                for key in still
                if self._world.ever[key].lane.topic == gap["topic"] and key[1] == gap["partition"]
            ]
            self._advance(key, gap["requested"])  # a range begins where it is
            assert gap["earliest"] <= self._world.ever[key].earliest, "what is there is not gone"
            self._gone.setdefault(key, []).append((gap["requested"], gap["earliest"]))
        topics = {topic for topic, _ in still}
        for key in [key for key in self.claim if key[0] not in topics]:
            names = {None, self._world.ever[key].lane.topic}
            claim = self.claim[key]
            told = [r for name, n, r in replaced if (name in names, n) == (True, key[1])]
            assert any(r >= claim for r in told), f"{key} from {claim} on is not among {told}"
            self._advance(key, min(r for r in told if r >= claim))
            del self.claim[key]

    def _advance_to(self, cursor: Mapping[Key, int]) -> None:
        assert {topic for topic, _ in cursor} >= {topic for topic, _ in self.claim}
        for key, next_offset in cursor.items():
            self._advance(key, next_offset)

    def _advance(self, key: Key, next_offset: int) -> None:
        """Its claim moves on: nothing that was for it may have been passed over."""
        start = self.claim.get(key, 0)
        assert next_offset >= start, f"the cursor of {key} goes back from {start} to {next_offset}"
        for offset, row in events_of(self._world.ever[key], start, next_offset):
            if self._is_mine(row) and (key, offset) not in self.got:
                assert self._is_excused(key, offset, row), f"{key}: {offset} is missing"
        self.claim[key] = next_offset

    def _is_mine(self, row: Row) -> bool:
        return row.audience is not None and self.seen.gets(row.audience, row.event_type)

    def _is_excused(self, key: Key, offset: int, row: Row) -> bool:
        if any(start <= offset < end for start, end in self._gone.get(key, ())):
            return True
        if row.event_type not in self._conflate or self._recovered:
            return False
        later = self._world.ever[key].rows[offset + 1 :]
        return row in later  # the same kind: type, audience and subject
