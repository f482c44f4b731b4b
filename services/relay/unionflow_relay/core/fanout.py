"""What is written to whom for a slice of records: frames joined once for all who get the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from unionflow_relay.core.audience import AudienceIndex
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.relayed import Relayed

M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Write(Generic[M]):
    """The same bytes, whole frames in offset order, for each of some clients.

    indices: which records of the slice they are.
    """

    data: bytes
    members: Sequence[M]
    indices: Sequence[int]


@dataclass(frozen=True, slots=True)
class FanOut(Generic[M]):
    """All writes of a slice: each client is in at most one. `deliveries`: by event type."""

    writes: Sequence[Write[M]]
    deliveries: Counter[str]
    delivered: Sequence[Relayed]


def fan_out(records: Sequence[Relayed], audience: AudienceIndex[M]) -> FanOut[M]:
    """Group the clients by what this slice has for them, and build each group's bytes once."""
    groups: dict[tuple[Dialect, tuple[int, ...]], list[M]] = {}
    reached: dict[Dialect, set[int]] = {}
    for dialect, indices, members in audience.route(records):
        groups.setdefault((dialect, indices), []).extend(members)
        reached.setdefault(dialect, set()).update(indices)
    frames = {
        dialect: {index: records[index].frame(dialect) for index in indices}
        for dialect, indices in reached.items()
    }
    copies = [0] * len(records)
    writes: list[Write[M]] = []
    for (dialect, indices), members in groups.items():
        own = frames[dialect]
        writes.append(Write(b"".join([own[index] for index in indices]), members, indices))
        number = len(members)
        for index in indices:
            copies[index] += number
    deliveries: Counter[str] = Counter()
    delivered: list[Relayed] = []
    for record, number in zip(records, copies, strict=True):
        if number:
            deliveries[record.event_type] += number
            delivered.append(record)
    return FanOut(writes, deliveries, delivered)
