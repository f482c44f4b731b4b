"""Who the programs are, and what each of them was handed."""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.chaos.history import Range
from tests.chaos.ledger import Viewer
from tests.chaos.stream import ORGANIZATIONS

LONG_SECONDS = 3_600
SHORT_SECONDS = (20, 40)
LIFE_SECONDS = (15, 40)


class Library(StrEnum):
    """Which one a program uses."""

    PYTHON = "python"
    TYPESCRIPT = "typescript"


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Life:
    """From a start to a sudden end. numbers: of the events that the program was handed."""

    numbers: array[int] = field(default_factory=_numbers)


@dataclass(slots=True)
class Patron:
    """One program. sse: no WebSocket of its gets through. life: after how many seconds it dies and
    starts again from its store; None: it does not. token: how many seconds each of its lasts.

    ranges: what it was told to reload. faults: what may not happen, in words. state: of its newest
    status. arrived: whether it was live, with everything, after the last fault.
    """

    name: str
    library: Library
    viewer: Viewer
    sse: bool
    life: float | None
    token: int
    lives: list[Life] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    state: str = ""
    arrived: bool = False

    def card(self, number: int) -> Mapping[str, Any]:
        """What its process is told of it."""
        types = self.viewer.event_types
        return {
            "number": number,
            "user": self.viewer.user,
            "organizations": sorted(self.viewer.organizations),
            "eventTypes": sorted(types) if types is not None else [],
            "sse": self.sse,
            "life": self.life,
            "token": self.token,
        }


def patrons(rng: random.Random, library: Library, count: int) -> Sequence[Patron]:
    """So many. Their users are nobody else's: no membership of theirs is taken."""
    return [_patron(rng, library, number) for number in range(count)]


def _patron(rng: random.Random, library: Library, number: int) -> Patron:
    name = f"{library}-{number:03}"
    organizations = frozenset(rng.sample(ORGANIZATIONS, rng.randint(1, 3)))
    types = None
    if number % 10 == 9:
        types = frozenset({"KPI_UPDATED", "CONTRIBUTION_PAID", "BROADCAST_NOTIFICATION"})
    return Patron(
        name,
        library,
        Viewer(organizations, f"user-of-{name}", types),
        sse=number % 4 == 3,
        life=rng.uniform(*LIFE_SECONDS) if number % 5 == 2 else None,
        token=LONG_SECONDS if number % 3 == 0 else rng.randint(*SHORT_SECONDS),
    )
