"""What the live view of `unionflow dev` knows: counts, rates and the newest events, all bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from unionflow_cli.core.exposition import RelayFigures
from unionflow_cli.core.latency import LatencyBook, Percentiles

RATE_SECONDS = 10.0
NEWEST = 100
MAX_RATED = 100_000

Event = Mapping[str, Any]


class Board:
    """Fed by one client that sees everything, by the publisher and by the relay's metrics.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, now: float) -> None:
        self.started = now
        self.events = 0
        self.figures: RelayFigures | None = None
        self.trouble = ""
        self._newest: deque[Event] = deque(maxlen=NEWEST)
        self._arrivals: deque[float] = deque(maxlen=MAX_RATED)
        self._latency = LatencyBook()

    def on_event(self, event: Event, at: float) -> None:
        """The client that sees everything got an event."""
        self.events += 1
        self._newest.append(event)
        self._arrivals.append(at)
        self._latency.on_received(str(event.get("id")), at)

    def on_published(self, event_id: str, called_at: float) -> None:
        """Kafka acknowledged an event; the call that published it began at `called_at`."""
        self._latency.on_published(event_id, called_at)

    def newest(self, count: int) -> Sequence[Event]:
        """The newest events, the newest last."""
        return list(self._newest)[-count:] if count > 0 else []

    def rate(self, now: float) -> float:
        """Events per second over the last ten seconds, or since the start where that is less."""
        while self._arrivals and self._arrivals[0] < now - RATE_SECONDS:
            self._arrivals.popleft()
        return len(self._arrivals) / max(1.0, min(RATE_SECONDS, now - self.started))

    def latency(self) -> Percentiles | None:
        """From the publisher's call to the client, over the newest 200 events: about a minute."""
        return self._latency.percentiles()
