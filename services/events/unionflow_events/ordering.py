"""Many events published at once, each topic's in order: what to send next, and what came of each.

Kafka refuses a batch as a whole, though one event in it may be all that is wrong. So where it
refuses something, that topic's events go one at a time until the one to blame is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unionflow_events.errors import PublishRejected, PublishTimeout
from unionflow_events.event import Event
from unionflow_events.methods import PublishedEvent

Outcome = PublishedEvent | PublishRejected | PublishTimeout
"""What came of an event; with `PublishTimeout` it may still arrive."""


class OrderedRun:
    """Events in the order in which they are to lie, and how far they have come.

    It goes in passes: `due` says what to send, in that order, and each is then answered by `took`,
    `refused` or, where it is to be sent again, by nothing.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._outcomes: dict[int, PublishedEvent | PublishRejected] = {}
        self._one_at_a_time: set[str] = set()
        self._alone: set[int] = set()

    def due(self) -> Sequence[tuple[int, Event]]:
        """Places and events to send in this pass; empty when each has its outcome."""
        self._alone = set()
        due: list[tuple[int, Event]] = []
        begun: set[str] = set()
        for place, event in enumerate(self._events):
            if place in self._outcomes:
                continue
            if event.topic in self._one_at_a_time:
                if event.topic in begun:
                    continue
                self._alone.add(place)
            begun.add(event.topic)
            due.append((place, event))
        return due

    @property
    def has_begun(self) -> bool:
        """Whether any event has its outcome."""
        return bool(self._outcomes)

    def took(self, place: int, lies: PublishedEvent) -> None:
        """Kafka acknowledged it."""
        self._outcomes[place] = lies

    def refused(self, place: int, error: PublishRejected) -> None:
        """Kafka refused the batch in which it was."""
        topic = self._events[place].topic
        if place not in self._alone and error.of_event:
            self._one_at_a_time.add(topic)
        else:
            self._outcomes[place] = error
            self._one_at_a_time.discard(topic)

    def outcomes(self, late: Callable[[Event], PublishTimeout]) -> Sequence[Outcome]:
        """Of each event, in order. late: makes the error of those that have no outcome yet."""
        return [
            self._outcomes.get(place) or late(event) for place, event in enumerate(self._events)
        ]
