"""What a connection tells its client, whichever way it was made."""

from __future__ import annotations

import ipaddress
from typing import Protocol
from urllib.parse import urlsplit

MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # Kafka's limit of 1 MB, escaped and wrapped
CLOSE_SECONDS = 2.0
UNSENT_MESSAGES = 64  # a live connection never holds more than a few


class Ear(Protocol):
    """Told by a connection, in order. Nothing is said after `failed` or `closed`."""

    def opened(self, *, agreed: bool) -> None:
        """The handshake is through. agreed: on `unionflow.v1`."""

    def failed(self, status: int | None, retry_after_ms: float, detail: str) -> None:
        """No connection came about."""

    def text(self, text: str, id: str | None) -> None:
        """A message."""

    def binary(self) -> None:
        """A binary message."""

    def closed(self, code: int, reason: str) -> None:
        """It has ended."""

    async def until_wanted(self) -> None:
        """Return when another message may be read."""


class Wire(Protocol):
    """One connection."""

    async def run(self, ear: Ear) -> None:
        """Connect and listen until it ends."""

    def send(self, text: str) -> None:
        """Send soon; dropped where the connection takes nothing any more."""

    async def close(self, code: int) -> None:
        """Say goodbye, for 2 s at most."""


def is_loopback(url: str) -> bool:
    """Whether an address is this machine's own, where no proxy belongs between."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def in_words(url: str, problem: BaseException) -> str:
    """Why there is no connection, for people."""
    place = urlsplit(url).netloc.rpartition("@")[2]
    if isinstance(problem, ConnectionRefusedError):
        return f"nobody listens at {place}"
    if isinstance(problem, TimeoutError):
        return f"{place} does not answer"
    if isinstance(problem, OSError):
        return f"{place} cannot be reached: {problem.strerror or problem}"
    return f"{place} does not answer as it should: {problem}"
