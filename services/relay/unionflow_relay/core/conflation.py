"""Of events that only tell how things stand, a replay needs the newest: a night's in one.

The range is scanned before it is sent, so that the one that is kept lies at its own place in the
order, and a connection that is cut on the way has lost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unionflow_events import EventType
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed

CONFLATABLE = frozenset({EventType.DASHBOARD_STATS_UPDATED.value, EventType.KPI_UPDATED.value})
"""The types whose older events nobody needs. They are few, and so are the convoys they make."""
MAX_KEYS = 200_000  # kinds that are told apart; beyond them events are sent as they are
_Key = tuple[Lane, str, tuple[str, str], bytes | None]


@dataclass(slots=True)
class Newest:
    """The newest offset per partition, type, audience and subject, of some types."""

    event_types: frozenset[str]
    _offsets: dict[_Key, int] = field(default_factory=dict)

    def scan(self, records: Sequence[Relayed]) -> None:
        """Take note of records, in the order of their partitions."""
        for record in records:
            if record.event_type in self.event_types:
                key = _key(record)
                if key in self._offsets or len(self._offsets) < MAX_KEYS:
                    self._offsets[key] = record.offset

    def split(self, records: Sequence[Relayed]) -> tuple[Sequence[Relayed], Sequence[Relayed]]:
        """(to be sent, left out because a newer one was scanned)."""
        if not self.event_types:
            return records, ()
        kept: list[Relayed] = []
        left_out: list[Relayed] = []
        for record in records:
            (left_out if self._is_outdated(record) else kept).append(record)
        return kept, left_out

    def _is_outdated(self, record: Relayed) -> bool:
        if record.event_type not in self.event_types:
            return False
        return self._offsets.get(_key(record), record.offset) > record.offset


def _key(record: Relayed) -> _Key:
    scope, name = record.audience
    return record.lane, record.event_type, (scope, name), record.subject


def short_of(reading: Mapping[Lane, int], goal: Mapping[Lane, int]) -> dict[Lane, int]:
    """Where a reader still has to read from, in the lanes in which it is short of a goal."""
    return {lane: at for lane, at in reading.items() if at < goal.get(lane, at)}
