"""Who is let in: the handshake's rules, held against the state that this pod is in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.acceptor import Acceptor
from unionflow_relay.adapters.websocket.hub import Hub
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.deadlines import Deadlines
from unionflow_relay.core.handshake import Accepted, Refused, Request, Rules, decide

RETRY_AFTER_SECONDS = 2
HANDSHAKE_SECONDS = 10


class RelayDoor:
    """The acceptor's door. `begun`: whether a client's cursor would mean something yet."""

    def __init__(
        self, rules: Rules, hub: Hub, metrics: RelayMetrics, begun: Callable[[], bool]
    ) -> None:
        self._rules = rules
        self._hub = hub
        self._metrics = metrics
        self._begun = begun
        self.waiting: Deadlines[Acceptor] = Deadlines(HANDSHAKE_SECONDS)

    def decide(self, request: Request) -> Accepted | Refused:
        """Judge a request; before the topics were looked at, a good one is sent away for now."""
        verdict = decide(request, self._rules)
        if isinstance(verdict, Accepted) and not self._begun():
            headers = (("Retry-After", str(RETRY_AFTER_SECONDS)),)
            return Refused(503, "this relay has not reached Kafka yet", headers)
        return verdict

    def admit(self, transport: asyncio.Transport, accepted: Accepted) -> Peer:
        """Answer the handshake; the client is the hub's from here on."""
        return self._hub.admit(transport, accepted)

    def refused(self, refused: Refused) -> None:
        """Count a refusal."""
        self._metrics.refused(refused.status)

    def on_second(self) -> None:
        """A second has passed: whoever has said too little for too long is cut off."""
        for acceptor in self.waiting.turn():
            acceptor.abort()
