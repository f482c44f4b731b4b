"""Who is let in: the handshake's rules, held against the state that this pod is in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.acceptor import Acceptor
from unionflow_relay.adapters.websocket.hub import Hub
from unionflow_relay.adapters.websocket.keys import KeyWaiters
from unionflow_relay.adapters.websocket.rights import Rights
from unionflow_relay.adapters.websocket.turnstile import Turnstile
from unionflow_relay.core import frames
from unionflow_relay.core.access import Grant, Headers, Query
from unionflow_relay.core.deadlines import Deadlines
from unionflow_relay.core.handshake import (
    Accepted,
    Gate,
    Refused,
    Request,
    Rules,
    decide,
    without_tokens,
)
from unionflow_relay.core.stream_handshake import decide_stream, is_for_stream, shared

RETRY_AFTER_SECONDS = 2
Judge = Callable[[Request, Rules, Gate], Accepted | Refused]
HANDSHAKE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the door needs where clients come with tokens."""

    rights: Rights
    keys: KeyWaiters


class RelayDoor:
    """The acceptor's door. `begun`: whether a client's cursor would mean something yet.

    shut: set when nobody is to be let in any more.
    """

    shut = False

    def __init__(
        self,
        rules: Rules,
        hub: Hub,
        metrics: RelayMetrics,
        begun: Callable[[], bool],
        turnstile: Turnstile,
        tokens: Tokens | None = None,
    ) -> None:
        self._rules = rules
        self._tokens = tokens
        self._hub = hub
        self._metrics = metrics
        self._begun = begun
        self._turnstile = turnstile
        self.waiting: Deadlines[Acceptor] = Deadlines(HANDSHAKE_SECONDS)

    def decide(self, request: Request, *, waited: bool = False) -> Accepted | Refused:
        """Judge a request; before the topics were looked at, a good one is sent away for now.

        waited: whether the keys were fetched for it.

        Raises:
            UnknownKey: the token's key is not known: let it `wait`.
        """
        if not is_for_stream(request, self._rules):
            return self._decide(request, decide, waited=waited)
        verdict = self._decide(request, decide_stream, waited=waited)
        return shared(verdict, request, self._rules) if isinstance(verdict, Refused) else verdict

    def _decide(self, request: Request, decide: Judge, *, waited: bool) -> Accepted | Refused:
        if self._turnstile.is_probe(request):
            return replace(decide(request, self._rules, _nothing_to_see), probe=True)
        if self.shut or not self._begun():
            return self._judge_unseen(request, decide)
        site = self._turnstile.site(request)
        gate = self._turnstile.gate(self._gate(waited=waited), site, counted=waited)
        verdict = decide(request, self._rules, gate)
        if site is not None and isinstance(verdict, Accepted):
            return replace(verdict, site=site)
        return verdict

    def _judge_unseen(self, request: Request, decide: Judge) -> Accepted | Refused:
        """Judge without looking at who it is, since nobody is let in now."""
        verdict = decide(request, self._rules, _nothing_to_see)
        if isinstance(verdict, Refused):
            return verdict
        return _later(
            "this relay is restarting" if self.shut else "this relay has not reached Kafka yet"
        )

    def _gate(self, *, waited: bool) -> Gate:
        if self._tokens is None:
            return without_tokens
        rights = self._tokens.rights
        return rights.grant_at_last if waited else rights.grant

    def wait(self, then: Callable[[], None]) -> Refused | None:
        """Call `then` once the keys were fetched; a refusal where too many wait already."""
        if self._tokens is not None and self._tokens.keys.wait(then):
            return None
        return _later("too many clients wait for keys")

    def arrived(self, acceptor: Acceptor) -> None:
        """Somebody connected. Where too many say nothing, who has done so longest makes way."""
        if len(self.waiting) >= self._turnstile.half_open:
            oldest = self.waiting.oldest()
            if oldest is not None:
                self._turnstile.half_open_cut()
                self.waiting.discard(oldest)
                oldest.abort()
        self.waiting.add(acceptor)

    def admit(self, transport: asyncio.Transport, accepted: Accepted) -> asyncio.Protocol:
        """Answer the handshake; the client is the hub's from here on."""
        if accepted.probe:
            transport.write(accepted.response + frames.close(1000, "the door is open"))
            transport.close()
            return asyncio.Protocol()
        peer = self._hub.admit(transport, accepted)
        if accepted.close is None:
            self._turnstile.enter(peer, accepted)
        return peer

    def refused(self, refused: Refused) -> None:
        """Count a refusal, which the answer to a browser's question beforehand is none of."""
        if not refused.probe and refused.status >= HTTPStatus.BAD_REQUEST:
            self._metrics.refused(refused.status)

    def on_second(self) -> None:
        """A second has passed: whoever has said too little for too long is cut off."""
        for acceptor in self.waiting.turn():
            acceptor.abort()


def _nothing_to_see(_headers: Headers, _query: Query) -> Grant:
    return Grant(frozenset(), None)


def _later(message: str) -> Refused:
    return Refused(503, message, (("Retry-After", str(RETRY_AFTER_SECONDS)),))
