"""A relay with one fault, for the audit to find: `python -m tests.chaos.faulty_relay drop 500`.

The fault befalls one in so many: records that somebody gets, or memberships that end.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from unionflow_access.core.identity import Identity
from unionflow_events import Audience, Scope
from unionflow_relay.adapters.websocket import hub
from unionflow_relay.adapters.websocket.rights import Rights
from unionflow_relay.core import convoy, desk
from unionflow_relay.core.audience import AudienceIndex
from unionflow_relay.core.dialects import Form
from unionflow_relay.core.fanout import FanOut, Write, fan_out
from unionflow_relay.core.relayed import Relayed
from unionflow_relay.core.revocation import Ruling
from unionflow_relay.main import main

Spoil = Callable[[list[Relayed], int], list[Relayed]]


class Count:
    """Says of one in so many that it is its turn."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._passed = 0

    def strikes(self) -> bool:
        """One more has passed."""
        self._passed += 1
        return self._passed % self._every == 0


class Faulty:
    """In place of fan_out: spoils records before it."""

    def __init__(self, spoil: Spoil, every: int) -> None:
        self._spoil = spoil
        self._count = Count(every)

    def __call__(
        self, records: Sequence[Relayed], audience: AudienceIndex[Any], *rest: Any
    ) -> FanOut[Any]:
        spoilt = list(records)
        for index, record in enumerate(records):
            if any(True for _ in audience.route([record])) and self._count.strikes():
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


class DropOverStreams:
    """In place of fan_out: a record is lost, but only over server-sent events."""

    def __init__(self, every: int) -> None:
        self._count = Count(every)

    def __call__(
        self, records: Sequence[Relayed], audience: AudienceIndex[Any], *rest: Any
    ) -> FanOut[Any]:
        plan = fan_out(records, audience, *rest)
        writes = [self._short(records, write) for write in plan.writes]
        return replace(plan, writes=[write for write in writes if write.indices])

    def _short(self, records: Sequence[Relayed], write: Write[Any]) -> Write[Any]:
        if write.form is not Form.SSE:
            return write
        indices = [index for index in write.indices if not self._count.strikes()]
        if len(indices) == len(write.indices):
            return write
        frames = [records[index].frame(write.form) for index in indices]
        return replace(write, data=b"".join(frames), indices=indices)


def _fan_out_by(faulty: Callable[..., FanOut[Any]]) -> None:
    """Put the fault where live delivery and replays look for fan_out."""
    hub.fan_out = faulty  # type: ignore[attr-defined]  # the fault is put in its place
    convoy.fan_out = faulty  # type: ignore[attr-defined]  # the fault is put in its place


def _overlook(every: int) -> None:
    """A membership that ends is not noticed."""
    suspend, count = Rights.suspend, Count(every)

    def suspend_some(rights: Rights, rulings: Iterable[Ruling]) -> None:
        suspend(rights, [ruling for ruling in rulings if not count.strikes()])

    Rights.suspend = suspend_some  # type: ignore[method-assign, assignment]  # the fault is put in its place


def _forgive(every: int) -> None:
    """Who comes back has again what was taken, whatever the token's time: one in so many."""
    badge_of, count = desk._badge, Count(every)

    def badge(identity: Identity, chosen: frozenset[str] | None) -> Any:
        forgiven = replace(identity, issued_at=identity.expires_at) if count.strikes() else identity
        return badge_of(forgiven, chosen)

    desk._badge = badge


FAULTS: dict[str, Callable[[int], None]] = {
    "drop": lambda every: _fan_out_by(Faulty(drop, every)),
    "repeat": lambda every: _fan_out_by(Faulty(Repeat(), every)),
    "leak": lambda every: _fan_out_by(Faulty(leak, every)),
    "drop-sse": lambda every: _fan_out_by(DropOverStreams(every)),
    "overlook": _overlook,
    "forgive": _forgive,
}


if __name__ == "__main__":
    FAULTS[sys.argv[1]](int(sys.argv[2]))
    sys.exit(main([]))
