"""Holds handshakes against this pod's limits, and knows the pod's own probe, which has none."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.probe import HEADER
from unionflow_relay.adapters.websocket.crowd import Crowd
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.access import Grant, Headers, Query
from unionflow_relay.core.addresses import Network, Site, client_site
from unionflow_relay.core.handshake import Accepted, Gate, Request
from unionflow_relay.core.limits import Limit, Limits
from unionflow_relay.errors import Limited


class Turnstile:
    """Every handshake goes through it once. clock: seconds, monotonic.

    half_open: how many connections may have said nothing yet.
    """

    def __init__(
        self,
        limits: Limits[Peer],
        crowd: Crowd,
        proxies: Sequence[Network],
        half_open: int,
        probe_secret: str,
        metrics: RelayMetrics,
        clock: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._crowd = crowd
        self._proxies = proxies
        self._probe_secret = probe_secret.encode()
        self._metrics = metrics
        self._clock = clock
        self.half_open = half_open

    def is_probe(self, request: Request) -> bool:
        """Whether the request is this process's own."""
        said = request.headers.get(HEADER)
        return said is not None and secrets.compare_digest(
            said.encode("latin-1"), self._probe_secret
        )

    def site(self, request: Request) -> Site | None:
        """Whom the request is counted for; None where nothing is counted by address."""
        if not self._limits.policy.minds_addresses:
            return None
        forwarded_for = request.headers.get("x-forwarded-for", "")
        return client_site(request.address, forwarded_for, self._proxies)

    def gate(self, inner: Gate, site: Site | None, *, counted: bool) -> Gate:
        """A gate that has the limits before the inner one, so that no flood has tokens checked.

        counted: whether the handshake was let through before. The gate raises OverCapacity and
        TooMany, beside what the inner one raises.
        """

        def limited(headers: Headers, query: Query) -> Grant:
            try:
                if not counted:
                    self._limits.take_handshake(len(self._crowd), site, self._clock())
                grant = inner(headers, query)
                self._limits.check_user(grant.user)
            except Limited as reached:
                self._metrics.limited.labels(reached.limit).inc()
                raise
            return grant

        return limited

    def half_open_cut(self) -> None:
        """A connection without a request made way for a newer one."""
        self._metrics.limited.labels(Limit.HALF_OPEN.value).inc()

    def enter(self, peer: Peer, accepted: Accepted) -> None:
        """A client was let in; the crowd says when it is gone."""
        self._limits.enter(peer, accepted.site, accepted.user)
