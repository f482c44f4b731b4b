"""What the live view of `unionflow dev` knows: counts, rates and the newest events, all bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from unionflow_cli.core.bots import subject_of
from unionflow_cli.core.exposition import RelayFigures
from unionflow_cli.core.latency import LatencyBook, Percentiles

RATE_SECONDS = 10.0
NEWEST = 100
MAX_RATED = 100_000

Event = Mapping[str, Any]


class Board:
    """Fed by one client that sees everything, by the bots and by the relay's metrics.

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
        subject = subject_of(str(event.get("eventType")), event.get("data"))
        if subject is not None:
            self._latency.on_received(subject, at)

    def on_caused(self, subject: str, called_at: float) -> None:
        """A request was answered; it began at `called_at`, and `subject` is its event's."""
        self._latency.on_published(subject, called_at)

    def newest(self, count: int) -> Sequence[Event]:
        """The newest events, the newest last."""
        return list(self._newest)[-count:] if count > 0 else []

    def rate(self, now: float) -> float:
        """Events per second over the last ten seconds, or since the start where that is less."""
        while self._arrivals and self._arrivals[0] < now - RATE_SECONDS:
            self._arrivals.popleft()
        return len(self._arrivals) / max(1.0, min(RATE_SECONDS, now - self.started))

    def latency(self) -> Percentiles | None:
        """From a bot's request to the client, over the newest 200 events: about a minute."""
        return self._latency.percentiles()
