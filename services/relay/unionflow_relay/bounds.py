"""Joins what bounds a relay: its share of memory, its limits, and who keeps to them."""

from __future__ import annotations

import time

import structlog

from unionflow_relay.adapters.machine import container_memory, most_open_files, physical_memory
from unionflow_relay.adapters.metrics import RelayMetrics
from unionflow_relay.adapters.websocket.crowd import Crowd
from unionflow_relay.adapters.websocket.ledger import UnsentCeiling
from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.adapters.websocket.turnstile import Turnstile
from unionflow_relay.core.addresses import trusted_networks
from unionflow_relay.core.limits import Limits, Policy, pace_of
from unionflow_relay.core.memory import share_out
from unionflow_relay.settings import Settings

log = structlog.get_logger("relay")


class Bounds:
    """Made once, before anything that grows. `probe_secret`: what the pod's own probe says."""

    def __init__(self, settings: Settings, metrics: RelayMetrics, probe_secret: str) -> None:
        limit = settings.memory_bytes or container_memory() or physical_memory()
        files = most_open_files()
        shares = share_out(limit, settings.history_bytes, files, settings.max_connections)
        self._limit, self._shares = limit, shares
        self._ample = share_out(limit, settings.history_bytes, files).connections
        policy = Policy(
            shares.connections,
            settings.max_handshakes_per_second,
            settings.max_connections_per_address,
            settings.max_handshakes_per_address,
            settings.max_connections_per_user,
        )
        limits: Limits[Peer] = Limits(policy)
        self.history_bytes = shares.history_bytes
        self.replay_bytes = shares.replay_bytes
        self.message_pace = pace_of(settings.max_messages_per_second)
        self.crowd = Crowd(metrics, limits)
        self.unsent = UnsentCeiling(shares.unsent_bytes, self.crowd, metrics)
        self.turnstile = Turnstile(
            limits,
            self.crowd,
            trusted_networks(settings.trusted_proxies),
            shares.half_open,
            probe_secret,
            metrics,
            time.monotonic,
        )
        metrics.replay_limit_bytes.set(shares.replay_bytes)
        metrics.unsent_ceiling_bytes.set(shares.unsent_bytes)
        metrics.connections_limit.set(shares.connections)
        metrics.memory_limit_bytes.set(limit)
        self._wanted_history = settings.history_bytes

    def say(self) -> None:
        """Log who has how much, and warn where it is less than was asked for."""
        log.info(
            "memory shared out",
            limit=self._limit,
            history=self.history_bytes,
            replays=self.replay_bytes,
            unsent=self._shares.unsent_bytes,
            connections=self._shares.connections,
        )
        if self.history_bytes < self._wanted_history:
            log.warning(
                "history is smaller than UNIONFLOW_HISTORY_BYTES",
                wanted=self._wanted_history,
                given=self.history_bytes,
            )
        if self._shares.connections > self._ample:
            log.warning(
                "UNIONFLOW_MAX_CONNECTIONS is more than memory and file descriptors are ample for",
                ample_for=self._ample,
            )
