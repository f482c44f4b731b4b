"""What a client was sent, connection by connection, in a form that holds millions of events."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tests.chaos.ledger import Viewer

NO_PLACE = -1


class Range(NamedTuple):
    """One range of a `truncated` frame, as the wire has it."""

    topic: str | None
    partition: int
    requested: int
    earliest: int
    reason: str


class Mark(NamedTuple):
    """A frame that carries a cursor. after: how many events of its connection came before it."""

    after: int
    cursor: str
    ranges: Sequence[Range] = ()


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Connection:
    """One connection.

    asked: the resume text as it was sent; None where the client began live. places and numbers:
    of each event in order; a plain client learns no places. code: how it ended, 1006 without a
    close frame. faults: frames that break the wire's rules, in words.
    """

    relay: int
    asked: str | None
    places: array[int] = field(default_factory=_numbers)
    numbers: array[int] = field(default_factory=_numbers)
    marks: list[Mark] = field(default_factory=list)
    code: int = 0
    faults: list[str] = field(default_factory=list)

    def took(self, place: int, number: int) -> None:
        """An event came."""
        self.places.append(place)
        self.numbers.append(number)

    def said(self, cursor: str, ranges: Sequence[Range] = ()) -> None:
        """A frame with a cursor came."""
        self.marks.append(Mark(len(self.numbers), cursor, ranges))

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


@dataclass(slots=True)
class ClientHistory:
    """One client over the whole run. arrived: whether it was live and complete in the end."""

    name: str
    viewer: Viewer
    dialect: Dialect
    connections: list[Connection] = field(default_factory=list)
    arrived: bool = False
