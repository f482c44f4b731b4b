"""How long events take from the call that publishes them to a client's screen, as percentiles."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

UNMATCHED = 10_000


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds: what half, and what 99 of 100 deliveries stayed within."""

    p50: float
    p99: float
    count: int

    def __str__(self) -> str:
        return f"p50 {milliseconds(self.p50)}, p99 {milliseconds(self.p99)}"


def milliseconds(seconds: float) -> str:
    """A duration as people read it: 0.8 ms, 12 ms, 1.4 s."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    value = seconds * 1000
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """By nearest rank; None where nothing was measured."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Percentiles(_rank(ordered, 0.50), _rank(ordered, 0.99), len(ordered))


def _rank(ordered: list[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class LatencyBook:
    """Joins when an event was published with when it was received, whichever is known first.

    A publisher learns an event's id only with the broker's acknowledgement, and a client may have
    the event before that. Both waiting lists are bounded (the oldest is dropped), and the newest
    `keep` latencies are kept.
    """

    def __init__(self, keep: int = 200) -> None:
        self._sent: OrderedDict[str, float] = OrderedDict()
        self._received: OrderedDict[str, float] = OrderedDict()
        self._latencies: deque[float] = deque(maxlen=keep)

    def on_published(self, event_id: str, called_at: float) -> None:
        """The publisher's call began at `called_at` (monotonic seconds)."""
        received = self._received.pop(event_id, None)
        if received is None:
            _remember(self._sent, event_id, called_at)
        else:
            self._latencies.append(received - called_at)

    def on_received(self, event_id: str, at: float) -> None:
        """A client had the event at `at` (the same clock)."""
        sent = self._sent.pop(event_id, None)
        if sent is None:
            _remember(self._received, event_id, at)
        else:
            self._latencies.append(at - sent)

    def percentiles(self) -> Percentiles | None:
        """Of the newest latencies."""
        return percentiles(self._latencies)


def _remember(book: OrderedDict[str, float], event_id: str, at: float) -> None:
    book[event_id] = at
    if len(book) > UNMATCHED:
        book.popitem(last=False)
