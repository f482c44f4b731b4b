"""Joins what a relay needs whose clients come with tokens (`UNIONFLOW_AUTH=jwt`)."""

from __future__ import annotations

import asyncio
import random
import time

import structlog

from unionflow_access import LEEWAY_SECONDS, JwksCache, TokenVerifier
from unionflow_relay.adapters.kafka.learning import Learning
from unionflow_relay.adapters.kafka.sink import Surroundings
from unionflow_relay.adapters.kafka.source import KafkaSource
from unionflow_relay.adapters.websocket.door import Tokens
from unionflow_relay.adapters.websocket.hub import Hub
from unionflow_relay.adapters.websocket.keys import KeyWaiters
from unionflow_relay.adapters.websocket.rights import Rights
from unionflow_relay.core.desk import TokenDesk
from unionflow_relay.core.revocation import MEMBERS_TOPIC, Revocations
from unionflow_relay.settings import Configuration

SECRET_BYTES = 32  # RFC 7518 section 3.2: a shorter one can be guessed from one token
log = structlog.get_logger("relay")


class Guard:
    """Keys, rights, and what was revoked. `run` and `on_second` keep it going."""

    def __init__(
        self, configuration: Configuration, hub: Hub, source: KafkaSource, around: Surroundings
    ) -> None:
        settings = configuration.settings
        self._readiness = around.readiness
        self._metrics = around.metrics
        self._jwks = self._key_set(settings.jwks_url, around.rng)
        secret = settings.jwt_secret.get_secret_value().encode() if settings.jwt_secret else None
        if secret is not None and len(secret) < SECRET_BYTES:
            log.warning("UNIONFLOW_JWT_SECRET is short enough to be guessed", needs=SECRET_BYTES)
        self._needs_key_set = secret is None
        verifier = TokenVerifier(settings.token_rules(), keys=self._jwks, secret=secret)
        lifetime = float(settings.jwt_max_age_seconds + LEEWAY_SECONDS)
        self._revocations = Revocations(lifetime)
        self._waiters = KeyWaiters(self._refresh)
        names = configuration.topics
        rights = Rights(
            hub,
            TokenDesk(verifier, self._revocations),
            self._revocations,
            self._waiters,
            around.metrics,
            [real for real in names.real if names.catalogue_name(real) == MEMBERS_TOPIC],
            time.time,
        )
        hub.join_rights(rights)
        self.tokens = Tokens(rights, self._waiters)
        self._learning = Learning(
            configuration.kafka, source.following, around, self._revocations, lifetime, time.time
        )
        around.metrics.key_waiters.set_function(lambda: float(len(self._waiters)))
        around.metrics.rulings.set_function(lambda: float(len(self._revocations)))
        self.on_second()

    def _key_set(self, url: str | None, rng: random.Random) -> JwksCache | None:
        if url is None:
            return None
        fetches = self._metrics.key_set_fetches
        return JwksCache(url, rng, on_fetch=lambda outcome: fetches.labels(outcome).inc())

    @property
    def ready(self) -> bool:
        """True once it is known which memberships have ended."""
        return self._learning.done

    async def run(self) -> None:
        """Keep the keys fresh, and learn what was revoked."""
        try:
            async with asyncio.TaskGroup() as group:
                if self._jwks is not None:
                    group.create_task(self._jwks.run())
                group.create_task(self._waiters.run())
                group.create_task(self._learning.run())
        finally:
            if self._jwks is not None:
                await self._jwks.close()

    def on_second(self) -> None:
        """A second has passed: `/readyz` says whether there is a key to check tokens with."""
        if self._jwks is not None and self._needs_key_set:
            self._readiness.judge("keys", self._jwks.trouble)

    async def _refresh(self) -> None:
        if self._jwks is not None:
            await self._jwks.refresh()
