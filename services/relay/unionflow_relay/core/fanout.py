"""What is written to whom for a slice of records: frames joined once for all who get the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from unionflow_relay.core.audience import AudienceIndex
from unionflow_relay.core.dialects import Form
from unionflow_relay.core.relayed import Relayed

M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Write(Generic[M]):
    """The same bytes, frames in offset order, for each of some clients of one form.

    indices: which records of the slice they are. Server-sent events need a mark after them.
    """

    data: bytes
    members: Sequence[M]
    indices: Sequence[int]
    form: Form


@dataclass(frozen=True, slots=True)
class FanOut(Generic[M]):
    """All writes of a slice: each client is in at most one. `deliveries`: by event type."""

    writes: Sequence[Write[M]]
    deliveries: Counter[str]
    delivered: Sequence[Relayed]


def fan_out(records: Sequence[Relayed], audience: AudienceIndex[M]) -> FanOut[M]:
    """Group the clients by what this slice has for them, and build each group's bytes once."""
    groups: dict[tuple[Form, tuple[int, ...]], list[M]] = {}
    reached: dict[Form, set[int]] = {}
    for form, indices, members in audience.route(records):
        groups.setdefault((form, indices), []).extend(members)
        reached.setdefault(form, set()).update(indices)
    frames = {
        form: {index: records[index].frame(form) for index in indices}
        for form, indices in reached.items()
    }
    copies = [0] * len(records)
    writes: list[Write[M]] = []
    for (form, indices), members in groups.items():
        own = frames[form]
        data = b"".join([own[index] for index in indices])
        writes.append(Write(data, members, indices, form))
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
