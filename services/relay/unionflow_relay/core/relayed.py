"""Records on their way from a fetch to the clients, and the pieces in which they go.

A fetch can bring megabytes. It is sent in slices, so that one write stays well below a client's
buffer and other work gets its turn in between; after each slice every position is exact, so that
a client may join between any two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from unionflow_events import Audience, Event
from unionflow_relay.core import dialects, event_stream
from unionflow_relay.core.dialects import Form, TruncationReason
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.revocation import Ruling


class Relayed:
    """One event, with its frame of each form, built when the first client needs it.

    subject: its CloudEvents subject, if any: what a conflated statistics event is about.
    """

    __slots__ = (
        "_deflated",
        "_plain",
        "_sse",
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
        self._sse: bytes | None = None
        self._deflated: dict[Form, bytes] | None = None

    def frame(self, form: Form) -> bytes:
        """The event as one frame of the form; of server-sent events, one that is not ended."""
        if form is Form.PLAIN:
            if self._plain is None:
                self._plain = dialects.plain_event(self.encoded)
            return self._plain
        if form is Form.V1:
            if self._v1 is None:
                self._v1 = dialects.v1_event(self.encoded, self.lane.position(self.offset))
            return self._v1
        if form is Form.SSE:
            if self._sse is None:
                self._sse = event_stream.open_event(self.encoded, self.lane.position(self.offset))
            return self._sse
        return self._deflated_frame(form)

    def _deflated_frame(self, form: Form) -> bytes:
        built = self._deflated = self._deflated or {}
        if form not in built:
            position = self.lane.position(self.offset)
            built[form] = dialects.deflated_event(form, self.encoded, position)
        return built[form]

    def release_frames(self) -> None:
        """Keep the event alone: frames are cheaper to build again than to hold."""
        self._plain = self._v1 = self._sse = self._deflated = None


@dataclass(slots=True)
class Slice:
    """Some consecutive records of each of some partitions, and how far they reach.

    progress: the next offset of each partition once the slice is delivered. It may move without
    a record: markers, aborted and rejected records are passed over. size: bytes that were read.
    rulings: what its records say of members' rights. causes: the traceparent of those records
    whose trace is kept; empty where this relay tells no traces.
    """

    records: list[Relayed] = field(default_factory=list)
    progress: dict[Lane, int] = field(default_factory=dict)
    size: int = 0
    rulings: list[Ruling] = field(default_factory=list)
    causes: dict[Relayed, str] = field(default_factory=dict)


def portions(piece: Slice, most: int) -> Iterator[Slice]:
    """The same records, at most so many at a time, each part with how far it reaches.

    For replays: size and rulings, which these have no use for, are the last part's.
    """
    last = max(0, len(piece.records) - 1) // most * most
    for start in range(0, last, most):
        records = piece.records[start : start + most]
        yield Slice(records, {record.lane: record.offset + 1 for record in records})
    yield Slice(piece.records[last:], piece.progress, piece.size, piece.rulings)


@dataclass(frozen=True, slots=True)
class Lost:
    """Kafka no longer has what lies before `earliest` of a lane."""

    lane: Lane
    earliest: int
    reason: TruncationReason
