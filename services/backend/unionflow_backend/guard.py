"""Joins what tells who calls: keys and rules where callers come with tokens."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import structlog

from unionflow_access import JwksCache, TokenVerifier
from unionflow_backend.adapters.metrics import BackendMetrics
from unionflow_backend.adapters.rest.callers import Callers, HeaderCallers, TokenCallers
from unionflow_backend.settings import Settings
from unionflow_runtime.access import AuthMode
from unionflow_runtime.core.readiness import Readiness

SECRET_BYTES = 32  # RFC 7518 section 3.2: a shorter one can be guessed from one token
log = structlog.get_logger("backend")


class Guard:
    """Who calls. `run` keeps the keys fresh, `on_second` says whether there are any."""

    def __init__(
        self,
        settings: Settings,
        metrics: BackendMetrics,
        readiness: Readiness,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._readiness = readiness
        self._jwks: JwksCache | None = None
        self._needs_key_set = False
        self.callers: Callers = HeaderCallers()
        if settings.auth is AuthMode.NONE:
            return
        if settings.jwks_url is not None:
            fetches = metrics.key_set_fetches
            self._jwks = JwksCache(
                settings.jwks_url,
                random.Random(),  # noqa: S311  # spreads retries; guards nothing
                on_fetch=lambda outcome: fetches.labels(outcome).inc(),
            )
        secret = settings.jwt_secret.get_secret_value().encode() if settings.jwt_secret else None
        if secret is not None and len(secret) < SECRET_BYTES:
            log.warning("UNIONFLOW_JWT_SECRET is short enough to be guessed", needs=SECRET_BYTES)
        self._needs_key_set = secret is None
        verifier = TokenVerifier(settings.token_rules(), keys=self._jwks, secret=secret)
        self.callers = TokenCallers(verifier, self._jwks, clock, metrics.on_token)
        self.on_second()

    async def run(self) -> None:
        """Keep the keys fresh until cancelled; at once over where there are none to keep."""
        if self._jwks is None:
            return
        try:
            await self._jwks.run()
        finally:
            await self._jwks.close()

    def on_second(self) -> None:
        """A second has passed: `/readyz` says whether there is a key to check tokens with."""
        if self._jwks is not None and self._needs_key_set:
            self._readiness.judge("keys", self._jwks.trouble)
