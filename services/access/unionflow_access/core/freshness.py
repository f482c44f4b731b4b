"""When a key set is asked for, and until when the last answer counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds.

    every: the period of refreshes while the endpoint answers.
    at_least: between two requests, however many ask.
    deadline: of one request, from the connection to its last byte.
    keep: how long the known keys stay in use when the endpoint no longer answers.
    """

    every: float = 300.0
    at_least: float = 10.0
    deadline: float = 5.0
    keep: float = 86_400.0


class Freshness:
    """What became of the requests so far. Times are seconds of a monotonic clock."""

    __slots__ = ("_failures", "_succeeded_at", "_timing", "_tried_at")

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._tried_at: float | None = None
        self._succeeded_at: float | None = None
        self._failures = 0

    def may_try(self, now: float) -> bool:
        """Whether the last request is long enough ago."""
        return self._tried_at is None or now - self._tried_at >= self._timing.at_least

    def on_try(self, now: float) -> None:
        """A request is made."""
        self._tried_at = now

    def on_success(self, now: float) -> int:
        """The endpoint answered; returns how many requests before this one failed in a row."""
        self._succeeded_at = now
        failures, self._failures = self._failures, 0
        return failures

    def on_failure(self) -> int:
        """It did not; returns how many requests have now failed in a row."""
        self._failures += 1
        return self._failures

    def counts(self, now: float) -> bool:
        """Whether the last answer may still be used. False where there was none."""
        return self._succeeded_at is not None and now - self._succeeded_at < self._timing.keep

    def next_delay(self, rng: random.Random) -> float:
        """How long to wait for the next periodic request: longer the more have failed."""
        delay = self._timing.every
        if self._failures:
            delay = min(delay, self._timing.at_least * 2.0 ** min(self._failures - 1, 10))
        return delay * rng.uniform(1.0, 1.0 + _JITTER)
