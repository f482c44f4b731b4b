"""A client as the wire reference describes one, but with shorter waits; it keeps a transcript."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.chaos.history import NO_PLACE, Connection, Dialect, Range, Told
from tests.chaos.memory import Memory
from tests.chaos.places import Lanes
from tests.chaos.roles import Role
from tests.chaos.stream import number_of
from tests.chaos.tokens import Token, ends_as
from tests.chaos.wire import (
    ABNORMAL,
    StreamWire,
    WebSocketWire,
    Wire,
    connect,
    stream_request,
    upgrade_request,
)

BACKOFF_SECONDS = 0.2  # the wire's own is 1 s, doubling up to 60 s
BACKOFF_MOST_SECONDS = 3.0
STABLE_SECONDS = 10.0
LONG_RESUME = 4_096
SNAPSHOT_EVERY = 5  # ticks
REFRESH_SPARE_SECONDS = 4.0
_RESUME = frozenset({1006, 1012, 4409})
_WITH_BACKOFF = frozenset({1001, 1011, 1013, 4408, 4429})
_EXPIRED = 4401
_EXPECTED = _RESUME | _WITH_BACKOFF | {1000}
_CURSORS = frozenset(Told) - {Told.EVENTS}
_ANSWERS = frozenset({0, 429, 503})
_ID_IS_CURSOR = frozenset({Told.WELCOME, Told.HEARTBEAT, Told.RECOVERED})


class Client:
    """One client. ports: of the proxies, by relay. It runs until `stop`.

    done: what it did about its tokens, how often.
    """

    def __init__(self, role: Role, lanes: Lanes, ports: Sequence[int], rng: random.Random) -> None:
        self.history = role.history
        self.memory = Memory(role.begins)
        self.live = False
        self.received = 0
        self.inflated = 0
        self.closes: Counter[int] = Counter()
        self.done: Counter[str] = Counter()
        self.wire: Wire | None = None
        self.relay = -1
        self._role = role
        self._wallet = role.wallet
        self._lanes = lanes
        self._ports = ports
        self._rng = rng
        self._dialect = role.history.dialect
        self._v1 = self._dialect is Dialect.V1
        self._served_by = role.wallet.token  # which need not be the one to come back with
        self._sent: list[Token] = []  # by `refresh`, and not answered yet
        self._refresh_at: float | None = None
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
            self._connection.ended = time.time()
            self.closes[code] += 1
            if code not in _EXPECTED and not self._is_expiry(code):
                self.on_broken(f"closed with {code}")
            tries = 0 if loop.time() - begun >= STABLE_SECONDS else tries + 1
            at_once = code in {1000, 1012, _EXPIRED} and tries < 3
            most = min(BACKOFF_MOST_SECONDS, BACKOFF_SECONDS * 2 ** min(tries, 8))
            await asyncio.sleep(0.01 if at_once else self._rng.uniform(0.02, most))

    def stop(self) -> None:
        """Say goodbye for good."""
        self._stopping = True
        if self.wire is not None:
            self.wire.close(1000)

    def _is_expiry(self, code: int) -> bool:
        """Whether it is turned out because its token has ended. Nobody else's clock is asked."""
        expired = code == _EXPIRED and time.time() >= self._served_by.expires_at
        self.done["expired"] += expired
        return expired

    async def _connect_once(self) -> int:
        others = [n for n in range(len(self._ports)) if n != self.relay]
        self.relay = self._rng.choice(others or [0]) if self._rng.random() < 0.7 else self.relay
        self.relay = max(0, self.relay)
        asked = None if self._dialect is Dialect.PLAIN else self.memory.resume_text()
        if self._sent:  # and perhaps never read by anybody
            self._wallet.token = self._sent[-1]
        token = self._served_by = self._wallet.to_connect()
        self._sent, self._refresh_at, self._leave_at = [], None, None
        self._connection = Connection(self.relay, asked, token.issued_at, time.time())
        wire = await connect(self._ports[self.relay], lambda: self._wire(asked, token))
        if wire is None:
            return ABNORMAL
        self.wire = wire
        self.history.connections.append(self._connection)
        try:
            code = await wire.ended
        finally:
            self.wire = None
        self.inflated += wire.inflated
        if wire.status not in _ANSWERS and not wire.is_open:
            self.on_broken(f"the handshake was answered with {wire.status}")
        return code

    # What it asks

    def _wire(self, asked: str | None, token: Token) -> Wire:
        role = self._role
        headers = [f"Authorization: Bearer {token.text}"] if role.token_in == "header" else []
        self._first_message = b""
        if self._dialect is Dialect.SSE:  # the URL stays that of the first request, as a browser's
            target = self._target("/sse/dashboard", role.begins, token)
            last = None if asked == role.begins else asked
            return StreamWire(stream_request(target, last_event_id=last, headers=headers), self)
        if asked is not None and (role.in_message or len(asked) > LONG_RESUME):
            self._first_message = orjson.dumps({"type": "resume", "cursor": asked})
        cursor = "message" if self._first_message else asked
        request = upgrade_request(
            self._target("/ws/dashboard", cursor, token),
            v1=self._v1,
            deflate=self.history.deflate,
            headers=headers,
            bearer=token.text if role.token_in == "subprotocol" else "",
        )
        return WebSocketWire(request, self, deflate=self.history.deflate)

    def _target(self, path: str, cursor: str | None, token: Token) -> str:
        viewer = self.history.viewer
        query: list[tuple[str, str]] = []
        if self._role.narrowed:
            query += [("organization", name) for name in sorted(viewer.organizations)]
        if viewer.event_types is not None:
            query.append(("eventTypes", ",".join(sorted(viewer.event_types))))
        if cursor is not None:
            query.append(("cursor", cursor))
        if self._role.token_in == "query":
            query.append(("access_token", token.text))
        return f"{path}?{urlencode(query)}"

    # What it is sent

    def on_upgraded(self) -> None:
        """The handshake is over: say where to resume, where the query did not."""
        if self.wire is not None and self._first_message:
            self.wire.send(self._first_message)
        if self._dialect is Dialect.PLAIN:
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
        else:
            self._frame(said)

    def on_block(self, kind: bytes, data: bytes, id: bytes | None) -> None:
        """A server-sent event came."""
        try:
            said = orjson.loads(data)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict) or said.get("type") != kind.decode():
            self.on_broken(f"a block of {len(data)} bytes is no frame")
            return
        if kind == b"close" and isinstance(self.wire, StreamWire):
            self.wire.told(said["code"])
            return
        self._frame(said)
        mark = None if id is None else id.decode()
        if said["type"] in _ID_IS_CURSOR and mark != said["cursor"]:
            self.on_broken(f"{said['type']} has another id than its cursor")
        if mark is not None:
            self.memory.said(mark)
            if kind == b"event":
                self._connection.said(mark, Told.EVENTS)

    def on_broken(self, why: str) -> None:
        """The relay broke the wire's rules."""
        self._connection.faults.append(why)

    def _frame(self, said: dict[str, Any]) -> None:
        kind = said.get("type")
        if kind == "event":
            position = said["position"]
            if self._took(self._lanes.place(position), said["event"]) and self._v1:
                self.memory.took(position)
        elif kind in _CURSORS:
            self._said(Told(kind), said)
        elif kind == "token_expiring":
            left = self._served_by.expires_at - time.time() - REFRESH_SPARE_SECONDS
            loop = asyncio.get_running_loop()
            self._refresh_at = loop.time() + self._rng.uniform(0, max(0.0, left))
        elif kind == "reconnect":
            wait = said["afterMs"] / 1_000
            self._leave_at = asyncio.get_running_loop().time() + wait
        elif kind == "error":
            self.on_broken(f"what it sent was not taken: {said.get('code')}")

    def _took(self, place: int, event: dict[str, object]) -> bool:
        number = number_of(event)
        if number is None:
            self.on_broken("an event's content is not what was written")
            return False
        self.received += 1
        self._connection.took(place, number)
        return True

    def _said(self, told: Told, said: dict[str, Any]) -> None:
        listed = said["ranges"] if told is Told.TRUNCATED else ()
        ranges = [
            Range(r["topic"], r["partition"], r["requested"], r["earliest"], r["reason"])
            for r in listed
        ]
        self._connection.said(
            said["cursor"],
            told,
            time.time(),
            ranges=ranges,
            organizations=said.get("organizations"),
            issued_at=self._issue_time(said) if told is Told.ACCESS else None,
        )
        if told is Told.WELCOME:
            self._welcomed(said)
        elif told is Told.RECOVERED:
            self.live = True
        if self._v1:
            self.memory.said(said["cursor"])

    def _welcomed(self, said: Mapping[str, Any]) -> None:
        self._heartbeat = float(said["heartbeatSeconds"])
        self._connection.process = said["session"].rpartition("-")[0]
        self.live = self._connection.asked is None
        if said["user"] != self.history.viewer.user:
            self.on_broken(f"taken for {said['user']}")

    def _issue_time(self, said: Mapping[str, Any]) -> float:
        """When the token was issued that `access` is about; it is served by this one from here."""
        for token in [sent for sent in self._sent if ends_as(sent, said["expiresAt"])]:
            self._served_by = self._wallet.token = token
            self._sent.remove(token)
            self.done["refreshed"] += 1
        if not ends_as(self._served_by, said["expiresAt"]):
            self.on_broken(f"access by a token that ends at {said['expiresAt']}")
        return self._served_by.issued_at

    # What time says, and faults

    def on_second(self) -> None:
        """A second has passed."""
        self._ticks += 1
        wire = self.wire
        if self._ticks % SNAPSHOT_EVERY == 0:
            self.memory.snapshot()
        if wire is None:
            return
        self._connection.tick(time.time())
        now = asyncio.get_running_loop().time()
        if now - wire.heard > 4 * self._heartbeat or (not wire.status and now - wire.heard > 10):
            wire.abort()
        elif self._leave_at is not None and now >= self._leave_at:
            wire.close(1000)
        elif wire.is_open and self._dialect is not Dialect.SSE:
            if self._ticks % max(1, int(self._heartbeat)) == 0:
                wire.send(b'{"type":"ping"}' if self._v1 else b"ping")
            if self._refresh_at is not None and now >= self._refresh_at:
                self._refresh_at = None
                if self._v1 and not self._served_by.doomed:
                    self.renew()

    def move(self) -> None:
        """Go to another relay, at once."""
        if self.wire is not None:
            self.wire.close(1000)

    def forget(self) -> None:
        """Die, and come back with what was stored some time ago."""
        if self.wire is not None and self.memory.go_back():
            self.wire.abort()

    def renew(self, seconds: float | None = None) -> None:
        """Go on with a new token. seconds: its life, after which it is let end; else as usual."""
        token = self._wallet.issue(seconds)
        if self._v1 and self.wire is not None and self._connection.process:
            self._sent.append(token)
            self.wire.send(orjson.dumps({"type": "refresh", "token": token.text}))
        else:
            self._wallet.token = token
            self.move()


def everyone(clients: Sequence[Client], does: Callable[[Client], None]) -> None:
    """Let each of some clients do something."""
    for client in clients:
        does(client)
