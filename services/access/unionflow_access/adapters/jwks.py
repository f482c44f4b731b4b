"""The issuer's published keys, kept at hand so that a token is checked without a request.

The endpoint is another system's: it may be away, slow or wrong. It is asked in bounded time for a
bounded answer, not more often than every few seconds whoever asks, and what it last said well
stays in use for a stated time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
import structlog

from unionflow_access.adapters.keys import KeySet, read_key_set
from unionflow_access.core.freshness import Freshness, Timing
from unionflow_access.errors import InvalidRules, KeySetUnavailable

MAX_DOCUMENT_BYTES = 262_144
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_NO_KEYS = KeySet()
_NO_ADDRESS = "a key set's address is https://host/path"
log = structlog.get_logger("access")


class JwksCache:
    """One issuer's key set. Not to be used by two loops.

    on_fetch: told `ok` or `failed` after each request, for a metric.

    Raises:
        InvalidRules: `url` is no http(s) address, or carries a password.
    """

    def __init__(
        self,
        url: str,
        rng: random.Random,
        *,
        timing: Timing | None = None,
        on_fetch: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = checked_host(url)
        if url.startswith("http:") and not _is_loopback(self._host):
            # Whoever is on the way could answer with keys of their own.
            log.warning("key set over plain http: the network can forge it", host=self._host)
        self._url = url
        self._rng = rng
        self._timing = timing or Timing()
        self._freshness = Freshness(self._timing)
        self._on_fetch = on_fetch
        self._clock = clock
        self._keys = _NO_KEYS
        self._document: bytes | None = None
        self._fetching: asyncio.Task[None] | None = None
        # One for all requests: making one reads the authorities' certificates, 30 ms.
        self._client = httpx.AsyncClient(timeout=None, headers=_HEADERS)  # noqa: S113  # `deadline` is for the whole
        self._problem = "it was not asked yet"

    @property
    def keys(self) -> KeySet:
        """The keys in use: none before the first answer, and none once the last is too old."""
        return self._keys if self._freshness.counts(self._clock()) else _NO_KEYS

    @property
    def refreshable(self) -> bool:
        """Whether a refresh would ask the endpoint, or is doing so already."""
        return self._fetching is not None or self._freshness.may_try(self._clock())

    @property
    def trouble(self) -> str:
        """Why no token can be checked now, in one sentence; empty while keys are in use."""
        if self.keys.keys:
            return ""
        return f"no key of {self._host} to check tokens with: {self._problem}"

    async def refresh(self) -> None:
        """Ask the endpoint, unless that was done within the last seconds; share what is under way.

        It raises nothing: look at the keys again. It takes no longer than the deadline.
        """
        if self._fetching is None:
            now = self._clock()
            if not self._freshness.may_try(now):
                return
            self._freshness.on_try(now)
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.shield(self._fetching)

    async def run(self) -> None:
        """Refresh for ever. Only cancellation ends it."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._freshness.next_delay(self._rng))

    async def close(self) -> None:
        """Give up the request that is under way, and the connection."""
        if self._fetching is not None:
            self._fetching.cancel()
        await self._client.aclose()

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._timing.deadline):
                document = await _get(self._client, self._url)
            self._take(document)
        except (httpx.HTTPError, OSError, TimeoutError, KeySetUnavailable) as error:
            self._on_failure(error)
        finally:
            self._fetching = None

    def _take(self, document: bytes) -> None:
        if document != self._document:
            self._keys = read_key_set(document)
            self._document = document
            ids = [key.key_id for key in self._keys.keys]
            log.info("key set read", host=self._host, keys=ids, skipped=self._keys.skipped)
        self._problem = "" if self._keys.keys else "its key set has none that can be used"
        if self._freshness.on_success(self._clock()):
            log.info("key set answers again", host=self._host)
        self._say("ok")

    def _on_failure(self, error: Exception) -> None:
        told = isinstance(error, KeySetUnavailable)
        self._problem = str(error) if told else f"it does not answer ({type(error).__name__})"
        if self._freshness.on_failure() == 1:
            keeps = int(self._timing.keep) if self.keys.keys else 0
            log.warning(
                "key set not read", host=self._host, error=self._problem, keeps_keys_seconds=keeps
            )
        self._say("failed")

    def _say(self, outcome: str) -> None:
        if self._on_fetch is not None:
            self._on_fetch(outcome)


def checked_host(url: str) -> str:
    """The host of a key set's address, which is fit for logs.

    Raises:
        InvalidRules: the address is no http(s) one, or carries a user or password.
    """
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except (ValueError, httpx.InvalidURL):
        raise InvalidRules(_NO_ADDRESS) from None
    if not host or parts.scheme not in ("https", "http"):
        raise InvalidRules(_NO_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise InvalidRules("a key set's address carries no user and no password")
    return host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _get(client: httpx.AsyncClient, url: str) -> bytes:
    """The document, without following redirects: the address that was configured is the trust.

    Raises:
        KeySetUnavailable: the answer is no 200, is compressed, or is too large.
        httpx.HTTPError: there is none.
    """
    document = bytearray()
    async with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise KeySetUnavailable(f"it answers with HTTP {answer.status_code}")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise KeySetUnavailable("the answer is compressed, unasked")
        async for piece in answer.aiter_raw():
            document += piece
            if len(document) > MAX_DOCUMENT_BYTES:
                raise KeySetUnavailable(f"the answer is larger than {MAX_DOCUMENT_BYTES} bytes")
    return bytes(document)
