"""A client as the wire reference describes one, but with shorter waits; it keeps a transcript."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.chaos.history import NO_PLACE, ClientHistory, Connection, Dialect, Range
from tests.chaos.places import Lanes
from tests.chaos.stream import number_of
from tests.chaos.wire import ABNORMAL, Wire, connect, upgrade_request

BACKOFF_SECONDS = 0.2  # the wire's own is 1 s, doubling up to 60 s
BACKOFF_MOST_SECONDS = 3.0
STABLE_SECONDS = 10.0
LONG_RESUME = 4_096
SNAPSHOT_EVERY = 5  # ticks
_RESUME = frozenset({1006, 1012, 4409})
_WITH_BACKOFF = frozenset({1001, 1011, 1013, 4408, 4429})
_EXPECTED = _RESUME | _WITH_BACKOFF | {1000}
_CURSORS = frozenset({"welcome", "heartbeat", "recovered", "truncated", "access"})
_ANSWERS = frozenset({0, 101, 429, 503})
Stored = tuple[str, Mapping[str, str]]


class Client:
    """One client. ports: of the proxies, by relay. It runs until `stop`."""

    def __init__(
        self,
        history: ClientHistory,
        lanes: Lanes,
        ports: Sequence[int],
        rng: random.Random,
        *,
        begins: str | None = None,
        in_message: bool = False,
    ) -> None:
        self.history = history
        self.live = False
        self.cursor: str | None = begins
        self.received = 0
        self.closes: Counter[int] = Counter()
        self.wire: Wire | None = None
        self.relay = -1
        self._lanes = lanes
        self._ports = ports
        self._rng = rng
        self._in_message = in_message
        self._v1 = history.dialect is Dialect.V1
        self._positions: dict[str, str] = {}
        self._stored: deque[Stored] = deque(maxlen=6)
        self._connection: Connection
        self._heartbeat = 25.0
        self._ticks = 0
        self._leave_at: float | None = None
        self._first_message = b""
        self._stopping = False

    # Its life

    async def run(self) -> None:
        """Connect, again and again."""
        loop = asyncio.get_running_loop()
        tries = 0
        while not self._stopping:
            begun = loop.time()
            code = await self._connect_once()
            self.live = False
            self._connection.code = code
            self.closes[code] += 1
            if code not in _EXPECTED:
                self.on_broken(f"closed with {code}")
            tries = 0 if loop.time() - begun >= STABLE_SECONDS else tries + 1
            at_once = code in {1000, 1012} and tries < 3
            most = min(BACKOFF_MOST_SECONDS, BACKOFF_SECONDS * 2 ** min(tries, 8))
            await asyncio.sleep(0.01 if at_once else self._rng.uniform(0.02, most))

    def stop(self) -> None:
        """Say goodbye for good."""
        self._stopping = True
        if self.wire is not None:
            self.wire.close(1000)

    async def _connect_once(self) -> int:
        others = [n for n in range(len(self._ports)) if n != self.relay]
        self.relay = self._rng.choice(others or [0]) if self._rng.random() < 0.7 else self.relay
        self.relay = max(0, self.relay)
        asked = self._resume_text()
        self._connection = Connection(self.relay, asked)
        self._leave_at = None
        in_message = asked is not None and (self._in_message or len(asked) > LONG_RESUME)
        resume = {"type": "resume", "cursor": asked}
        self._first_message = orjson.dumps(resume) if in_message else b""
        request = upgrade_request(self._target("message" if in_message else asked), v1=self._v1)
        wire = await connect(self._ports[self.relay], lambda: Wire(request, self))
        if wire is None:
            return ABNORMAL
        self.wire = wire
        self.history.connections.append(self._connection)
        try:
            code = await wire.ended
        finally:
            self.wire = None
        if wire.status not in _ANSWERS:
            self.on_broken(f"the handshake was answered with {wire.status}")
        return code

    def _target(self, cursor: str | None) -> str:
        viewer = self.history.viewer
        query: list[tuple[str, str]] = [("organization", o) for o in sorted(viewer.organizations)]
        if viewer.user is not None:
            query.append(("user", viewer.user))
        if viewer.event_types is not None:
            query.append(("eventTypes", ",".join(sorted(viewer.event_types))))
        if cursor is not None:
            query.append(("cursor", cursor))
        return f"/ws/dashboard?{urlencode(query)}"

    def _resume_text(self) -> str | None:
        if self.cursor is None or not self._v1:
            return None
        return "~".join([self.cursor, *self._positions.values()])

    # What it is sent

    def on_upgraded(self) -> None:
        """The handshake is over: say where to resume, where the query did not."""
        if self.wire is not None and self._first_message:
            self.wire.send(self._first_message)
        if not self._v1:
            self.live = True

    def on_text(self, text: bytes) -> None:
        """A text frame came."""
        try:
            said = orjson.loads(text)
        except orjson.JSONDecodeError:
            said = None
        if text == b"pong" and not self._v1:
            return
        if not isinstance(said, dict):
            self.on_broken(f"a frame of {len(text)} bytes is no object")
        elif not self._v1:
            if said.get("type") != "pong":
                self._took(NO_PLACE, said)
        elif said.get("type") == "event":
            position = said["position"]
            if self._took(self._lanes.place(position), said["event"]):
                self._positions[position.rpartition(".")[0]] = position
        else:
            self._said(said)

    def on_broken(self, why: str) -> None:
        """The relay broke the wire's rules."""
        self._connection.faults.append(why)

    def _took(self, place: int, event: dict[str, object]) -> bool:
        number = number_of(event)
        if number is None:
            self.on_broken("an event's content is not what was written")
            return False
        self.received += 1
        self._connection.took(place, number)
        return True

    def _said(self, said: dict[str, Any]) -> None:
        kind = said.get("type")
        if kind in _CURSORS:
            ranges = [
                Range(r["topic"], r["partition"], r["requested"], r["earliest"], r["reason"])
                for r in said.get("ranges", ())
            ]
            self._connection.said(said["cursor"], ranges)
            self._keep(kind, said)
        elif kind == "reconnect":
            wait = said["afterMs"] / 1_000
            self._leave_at = asyncio.get_running_loop().time() + wait

    def _keep(self, kind: str, said: dict[str, Any]) -> None:
        if kind == "welcome":
            self._heartbeat = float(said["heartbeatSeconds"])
            self.live = self._connection.asked is None
        elif kind == "recovered":
            self.live = True
        self.cursor = said["cursor"]
        self._positions.clear()

    # What time says, and faults

    def on_second(self) -> None:
        """A second has passed."""
        self._ticks += 1
        wire = self.wire
        if self.cursor is not None and self._ticks % SNAPSHOT_EVERY == 0:
            self._stored.append((self.cursor, dict(self._positions)))
        if wire is None:
            return
        now = asyncio.get_running_loop().time()
        if now - wire.heard > 4 * self._heartbeat or (not wire.status and now - wire.heard > 10):
            wire.abort()
        elif self._leave_at is not None and now >= self._leave_at:
            wire.close(1000)
        elif wire.status == 101 and self._ticks % max(1, int(self._heartbeat)) == 0:
            wire.send(b'{"type":"ping"}' if self._v1 else b"ping")

    def move(self) -> None:
        """Go to another relay, at once."""
        if self.wire is not None:
            self.wire.close(1000)

    def forget(self) -> None:
        """Die, and come back with what was stored some time ago."""
        if self.wire is not None and self._stored:
            self.wire.abort()
            cursor, positions = self._stored[0]
            self.cursor, self._positions = cursor, dict(positions)


def everyone(clients: Sequence[Client], does: Callable[[Client], None]) -> None:
    """Let each of some clients do something."""
    for client in clients:
        does(client)
