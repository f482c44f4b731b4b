"""Nobody is shown an organisation without right to it: the hub with tokens, against a naive model.

Slices of records and rulings in any order, tokens of any age, refreshes and expiries in between.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from tests.relay.event_source import EventStream
from tests.relay.model import relayed
from tests.relay.test_frames import read_back
from tests.relay.virtual_time import VirtualTimeLoop
from tests.relay.world import Pod, World
from unionflow_access import Identity, InvalidToken, Refusal
from unionflow_events import Audience, Scope
from unionflow_relay.adapters.websocket.keys import KeyWaiters
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.adapters.websocket.rights import Rights
from unionflow_relay.core.audience import View
from unionflow_relay.core.desk import TokenDesk
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.handshake import Accepted
from unionflow_relay.core.relayed import Slice
from unionflow_relay.core.revocation import Revocations, Ruling

ORGANIZATIONS = ("dakar", "abidjan")
USERS = ("awa", "awa", "awa", "binta")  # so that words meet who they are about
LIFE = 1_000.0
PONG = Frame(Opcode.PONG, b"").serialize(mask=True)


class Socket:
    """Keeps what is written to it."""

    def __init__(self, dialect: Dialect) -> None:
        self.written = bytearray()
        self.closing = False
        self._stream = EventStream() if dialect is Dialect.SSE else None

    def write(self, data: bytes) -> None:
        self.written += data

    def take(self) -> list[dict[str, Any]]:
        """What was said since the last time, close frames as their code."""
        data, self.written = bytes(self.written), bytearray()
        said: list[dict[str, Any]] = []
        if self._stream is not None:
            for message in self._stream.feed(data):
                frame = json.loads(message.data)
                said.append({"closed": frame["code"]} if message.event == "close" else frame)
            return said
        for frame in read_back(data):
            if frame.opcode == 8:
                said.append({"closed": int.from_bytes(frame.data[:2], "big")})
            elif frame.opcode == 1:
                said.append(json.loads(bytes(frame.data)))
        return said

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    abort = close

    def set_write_buffer_limits(self, high: int) -> None:
        assert high > 0

    def set_protocol(self, protocol: object) -> None:
        assert isinstance(protocol, Peer)

    def get_write_buffer_size(self) -> int:
        return 0


class Tokens:
    """A token is `user|issued at|expires at|organisations`, and nobody forges one."""

    def check(self, token: str, now: float) -> Identity:
        user, issued_at, expires_at, names = token.split("|")
        if now >= float(expires_at):
            raise InvalidToken(Refusal.EXPIRED)
        organizations = frozenset(name for name in names.split(",") if name)
        return Identity(user, organizations, frozenset(), float(issued_at), float(expires_at))


@dataclass(slots=True)
class Client:
    """One client as the model has it."""

    socket: Socket
    peer: Peer
    user: str
    organizations: frozenset[str]
    issued_at: float
    expires_at: float
    closed: bool = False


@dataclass(slots=True)
class Model:
    """What everybody may see, by going through every word that was ever said."""

    rulings: list[Ruling] = field(default_factory=list)

    def sees(self, client: Client) -> frozenset[str]:
        return frozenset(
            organization
            for organization in client.organizations
            if not self._is_revoked(client, organization)
        )

    def _is_revoked(self, client: Client, organization: str) -> bool:
        about = [
            ruling
            for ruling in self.rulings
            if (ruling.user, ruling.organization) == (client.user, organization)
        ]
        newest = max(about, key=lambda ruling: ruling.moment, default=None)
        return newest is not None and newest.suspended and client.issued_at <= newest.moment


class Stage:
    """A pod with tokens, its clients and the model."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self.loop = loop
        world = World()
        world.make("members", 1)
        self.pod = Pod(world, loop, 10_000, 10**6)
        self.lane = next(iter(self.pod.following))
        self.revocations = Revocations(LIFE)
        self.desk = TokenDesk(Tokens(), self.revocations)
        self.pod.hub.join_rights(
            Rights(
                self.pod.hub,
                self.desk,
                self.revocations,
                KeyWaiters(self._never),
                self.pod.metrics,
                ("members",),
                lambda: loop.now,
            )
        )
        self.model = Model()
        self.clients: list[Client] = []
        self.offset = 0

    async def _never(self) -> None:
        raise AssertionError("every key is known")

    def come(self, dialect: Dialect, token: str) -> None:
        granted = self.desk.grant({}, {"access_token": [token]}, self.loop.now)
        assert granted.badge is not None
        view = View(dialect, granted.organizations)
        accepted = Accepted(b"", view, granted.user, badge=granted.badge)
        socket = Socket(dialect)
        peer = self.pod.hub.admit(cast("asyncio.Transport", socket), accepted)
        badge = granted.badge
        client = Client(
            socket, peer, badge.user, badge.organizations, badge.issued_at, badge.expires_at
        )
        assert granted.organizations == self.model.sees(client)
        socket.take()
        self.clients.append(client)

    def refresh(self, client: Client, token: str) -> None:
        if client.peer.dialect is not Dialect.V1:
            return  # it has no way to say it
        self.pod.hub.on_refresh(client.peer, token)
        said = client.socket.take()
        identity = Tokens().check(token, self.loop.now)
        if client.closed:
            assert said == []
        elif identity.user != client.user:
            assert [frame["code"] for frame in said] == ["other_user"]
        else:
            client.organizations = identity.organizations
            client.issued_at, client.expires_at = identity.issued_at, identity.expires_at
            (frame,) = said
            assert frame["organizations"] == sorted(self.model.sees(client))

    def deliver(self, parts: list[str | Ruling]) -> None:
        """One slice: records of organisations, and rulings."""
        records, rulings = [], []
        for part in parts:
            if isinstance(part, Ruling):
                rulings.append(part)
            organization = part.organization if isinstance(part, Ruling) else part
            audience = Audience(Scope.ORGANIZATION, organization)
            records.append(relayed(audience, "MEMBER_UPDATED", self.offset, lane=self.lane))
            self.offset += 1
        before = {id(client): self.model.sees(client) for client in self.clients}
        piece = Slice(records, {self.lane: self.offset}, 1, rulings)
        self.pod.hub.deliver(piece)
        self.model.rulings += [ruling for ruling in rulings if ruling.suspended]
        during = {id(client): self.model.sees(client) for client in self.clients}
        self.model.rulings += [ruling for ruling in rulings if not ruling.suspended]
        for client in self.clients:
            said = client.socket.take()
            # What is lost is lost for the whole slice, and what is given back comes after it.
            sees = before[id(client)] & during[id(client)]
            wanted = [str(r.offset) for r in records if r.audience.id in sees]
            events = [frame.get("event", frame) for frame in said]
            got = [event["id"] for event in events if "id" in event]
            assert got == ([] if client.closed else wanted)
            told = [f["organizations"] for f in said if f.get("type") == "access"]
            if told:
                assert told[-1] == sorted(self.model.sees(client))

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.loop.now += 1
            for client in self.clients:
                if not client.peer.closing:
                    client.peer.data_received(PONG)  # it is alive
            self.pod.hub.on_second()
        for client in self.clients:
            said = client.socket.take()
            codes = [frame["closed"] for frame in said if "closed" in frame]
            over = client.expires_at <= self.loop.now and not client.closed
            assert codes == ([4401] if over else [])
            client.closed |= over


users = st.sampled_from(USERS)
names = st.just(frozenset(ORGANIZATIONS)) | st.frozensets(st.sampled_from(ORGANIZATIONS))
moments = st.integers(1, 400)
tokens = st.tuples(users, st.sampled_from([1, 200, 400]), st.integers(401, 700), names).map(
    lambda t: f"{t[0]}|{t[1]}|{t[2]}|{','.join(sorted(t[3]))}"
)
rulings = st.builds(
    Ruling,
    user=users,
    organization=st.sampled_from(ORGANIZATIONS),
    moment=moments.map(float),
    suspended=st.booleans(),
)
steps = st.one_of(
    st.tuples(st.just("come"), st.sampled_from(Dialect), tokens),
    st.tuples(st.just("refresh"), st.integers(0, 9), tokens),
    st.tuples(
        st.just("deliver"),
        st.lists(st.one_of(st.sampled_from(ORGANIZATIONS), rulings), min_size=1, max_size=8),
        st.none(),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 70]), st.none()),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=25))
def test_each_client_is_shown_what_the_newest_word_gives_it_and_nothing_else(
    todo: list[tuple[Any, Any, Any]],
) -> None:
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(play(loop, todo))
    finally:
        loop.close()


async def play(loop: VirtualTimeLoop, todo: list[tuple[Any, Any, Any]]) -> None:
    loop.now = 400.0
    stage = Stage(loop)
    for dialect in Dialect:
        stage.come(dialect, f"awa|1|690|{','.join(ORGANIZATIONS)}")
    said: set[tuple[str, str, float]] = set()
    for kind, one, other in todo:
        if kind == "deliver":
            stage.deliver([part for part in one if is_news(part, said)])
        elif kind == "wait":
            stage.pass_time(one)
        elif float(other.split("|")[2]) > loop.now:
            if kind == "come":
                stage.come(one, other)
            else:
                stage.refresh(stage.clients[one % len(stage.clients)], other)


def is_news(part: str | Ruling, said: set[tuple[str, str, float]]) -> bool:
    """Two words of one moment have no newest (the last read wins): only the first is said."""
    if isinstance(part, str):
        return True
    word = (part.user, part.organization, part.moment)
    known = word in said
    said.add(word)
    return not known
