"""Records on their way from a fetch to the clients, and the pieces in which they go.

A fetch can bring megabytes. It is sent in slices, so that one write stays well below a client's
buffer and other work gets its turn in between; after each slice every position is exact, so that
a client may join between any two.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from unionflow_events import Audience, Event
from unionflow_relay.core import dialects
from unionflow_relay.core.dialects import Dialect, TruncationReason
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.revocation import Ruling


class Relayed:
    """One event, with its frame of each dialect, built when the first client needs it.

    subject: its CloudEvents subject, if any: what a conflated statistics event is about.
    """

    __slots__ = (
        "_plain",
        "_v1",
        "audience",
        "encoded",
        "event_type",
        "lane",
        "offset",
        "subject",
        "timestamp_ms",
    )

    def __init__(
        self,
        event: Event,
        lane: Lane,
        offset: int,
        timestamp_ms: int,
        subject: bytes | None = None,
    ) -> None:
        self.audience: Audience = event.audience
        self.event_type: str = event.event_type
        self.encoded: bytes = event.encoded
        self.lane = lane
        self.offset = offset
        self.timestamp_ms = timestamp_ms
        self.subject = subject
        self._plain: bytes | None = None
        self._v1: bytes | None = None

    def frame(self, dialect: Dialect) -> bytes:
        """The event as one frame of the dialect."""
        if dialect is Dialect.PLAIN:
            if self._plain is None:
                self._plain = dialects.plain_event(self.encoded)
            return self._plain
        if self._v1 is None:
            self._v1 = dialects.v1_event(self.encoded, self.lane.position(self.offset))
        return self._v1

    def release_frames(self) -> None:
        """Keep the event alone: frames are cheaper to build again than to hold."""
        self._plain = self._v1 = None


@dataclass(slots=True)
class Slice:
    """Some consecutive records of each of some partitions, and how far they reach.

    progress: the next offset of each partition once the slice is delivered. It may move without
    a record: markers, aborted and rejected records are passed over. size: bytes that were read.
    rulings: what its records say of members' rights.
    """

    records: list[Relayed] = field(default_factory=list)
    progress: dict[Lane, int] = field(default_factory=dict)
    size: int = 0
    rulings: list[Ruling] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lost:
    """Kafka no longer has what lies before `earliest` of a lane."""

    lane: Lane
    earliest: int
    reason: TruncationReason
