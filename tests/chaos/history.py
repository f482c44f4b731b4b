"""What a client was sent, connection by connection, in a form that holds millions of events."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tests.chaos.ledger import Viewer

NO_PLACE = -1
DEFLATED = "v1 deflate"


class Range(NamedTuple):
    """One range of a `truncated` frame, as the wire has it."""

    topic: str | None
    partition: int
    requested: int
    earliest: int
    reason: str


class Told(StrEnum):
    """In which frame a cursor came."""

    WELCOME = "welcome"
    HEARTBEAT = "heartbeat"
    RECOVERED = "recovered"
    TRUNCATED = "truncated"
    ACCESS = "access"
    EVENTS = "events"  # the `id:` after some events of a stream


class Mark(NamedTuple):
    """A frame that carries a cursor. after: how many events of its connection came before it.

    at: when it came, seconds since the epoch. organizations: what the relay says the client sees
    from here on, and issued_at: by a token of when; both None where the frame says nothing of it.
    """

    after: int
    cursor: str
    told: Told = Told.HEARTBEAT
    at: float = 0.0
    ranges: Sequence[Range] = ()
    organizations: frozenset[str] | None = None
    issued_at: float | None = None


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Connection:
    """One connection.

    asked: the resume text as it was sent; None where the client began live. places and numbers:
    of each event in order; a plain client learns no places. code: how it ended, 1006 without a
    close frame. faults: frames that break the wire's rules, in words. process: the relay's name for
    itself. issued_at: of the token that was brought. began, ended: seconds since the epoch.
    moments, counts: when it was looked at the time, and how many events had come by then.
    """

    relay: int
    asked: str | None
    issued_at: float = 0.0
    began: float = 0.0
    ended: float = math.inf
    process: str = ""
    places: array[int] = field(default_factory=_numbers)
    numbers: array[int] = field(default_factory=_numbers)
    marks: list[Mark] = field(default_factory=list)
    code: int = 0
    faults: list[str] = field(default_factory=list)
    moments: array[float] = field(default_factory=lambda: array("d"))
    counts: array[int] = field(default_factory=_numbers)

    def tick(self, now: float) -> None:
        """Time has passed."""
        self.moments.append(now)
        self.counts.append(len(self.numbers))

    def latest(self, index: int) -> float:
        """The time by which the event at an index had come, and what was written before it."""
        at = bisect_right(self.counts, index)
        return self.moments[at] if at < len(self.moments) else self.ended

    def took(self, place: int, number: int) -> None:
        """An event came."""
        self.places.append(place)
        self.numbers.append(number)

    def said(
        self,
        cursor: str,
        told: Told = Told.HEARTBEAT,
        at: float = 0.0,
        *,
        ranges: Sequence[Range] = (),
        organizations: Iterable[str] | None = None,
        issued_at: float | None = None,
    ) -> None:
        """A frame with a cursor came."""
        listed = None if organizations is None else frozenset(organizations)
        self.marks.append(Mark(len(self.numbers), cursor, told, at, ranges, listed, issued_at))

    def stretches(self) -> Iterator[tuple[int, int, Mark | None]]:
        """From, to: the events before each mark; what follows the last one has None."""
        begin = 0
        for mark in self.marks:
            yield begin, mark.after, mark
            begin = mark.after
        yield begin, len(self.numbers), None


class Dialect(StrEnum):
    """What a client speaks."""

    PLAIN = "plain"
    V1 = "unionflow.v1"
    SSE = "sse"


@dataclass(slots=True)
class ClientHistory:
    """One client over the whole run. arrived: whether it was live and complete in the end.

    deflate: whether it offers permessage-deflate.
    """

    name: str
    viewer: Viewer
    dialect: Dialect
    deflate: bool = False
    connections: list[Connection] = field(default_factory=list)
    arrived: bool = False

    @property
    def transport(self) -> str:
        """How it comes, as the report names it."""
        return DEFLATED if self.deflate else self.dialect.value
