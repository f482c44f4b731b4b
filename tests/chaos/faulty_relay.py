"""A relay with one fault, for the audit to find: `python -m tests.chaos.faulty_relay drop 500`.

The fault befalls one record in so many that somebody gets.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from typing import Any

from unionflow_events import Audience, Scope
from unionflow_relay.adapters.websocket import hub
from unionflow_relay.core import convoy
from unionflow_relay.core.audience import AudienceIndex
from unionflow_relay.core.fanout import FanOut, fan_out
from unionflow_relay.core.relayed import Relayed
from unionflow_relay.main import main

Spoil = Callable[[list[Relayed], int], list[Relayed]]


class Faulty:
    """In place of fan_out. every: one record in so many is spoilt."""

    def __init__(self, spoil: Spoil, every: int) -> None:
        self._spoil = spoil
        self._every = every
        self._passed = 0

    def __call__(
        self, records: Sequence[Relayed], audience: AudienceIndex[Any], *rest: Any
    ) -> FanOut[Any]:
        spoilt = list(records)
        for index, record in enumerate(records):
            if not any(True for _ in audience.route([record])):
                continue
            self._passed += 1
            if self._passed % self._every == 0:
                spoilt = self._spoil(spoilt, min(index, len(spoilt) - 1))
        return fan_out(spoilt, audience, *rest)


def drop(records: list[Relayed], index: int) -> list[Relayed]:
    """A record reaches nobody."""
    return records[:index] + records[index + 1 :]


class Repeat:
    """A record of an audience comes again after a later one of its partition."""

    def __init__(self) -> None:
        self._earlier: dict[object, Relayed] = {}

    def __call__(self, records: list[Relayed], index: int) -> list[Relayed]:
        record = records[index]
        earlier = self._earlier.setdefault((record.lane, record.audience), record)
        return [*records[: index + 1], earlier, *records[index + 1 :]]


def leak(records: list[Relayed], index: int) -> list[Relayed]:
    """A record reaches everyone besides whom it is for."""
    leaked = copy.copy(records[index])
    leaked.audience = Audience(Scope.EVERYONE)
    return [*records[:index], leaked, *records[index + 1 :]]


SPOILS: dict[str, Callable[[], Spoil]] = {
    "drop": lambda: drop,
    "repeat": Repeat,
    "leak": lambda: leak,
}


def break_relay(fault: str, every: int) -> None:
    """Put the fault where live delivery and replays look for fan_out."""
    faulty = Faulty(SPOILS[fault](), every)
    hub.fan_out = faulty  # type: ignore[attr-defined]  # the fault is put in its place
    convoy.fan_out = faulty  # type: ignore[attr-defined]  # the fault is put in its place


if __name__ == "__main__":
    break_relay(sys.argv[1], int(sys.argv[2]))
    sys.exit(main([]))
