"""Judges a run: committed changes against the events in Kafka."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Committed:
    """An event of a committed transaction, as the outbox has it at the end.

    sent: whether it says so. One that came after all had been sent may wait for the next start.
    """

    id: str
    lane: str
    number: int
    event_type: str
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run has shown. Each of the first five must be empty."""

    lost: Sequence[str]
    """Committed and said to be sent, and not in Kafka."""
    invented: Sequence[str]
    """In Kafka, and never committed."""
    disordered: Sequence[str]
    """First copies of one organisation on one topic that lie against the order of commits."""
    altered: Sequence[str]
    """Repeats with the same id that are not the same event."""
    unsaid: Sequence[str]
    """Answered by REST with success, and not committed."""
    committed: int
    repeats: int

    @property
    def faults(self) -> Sequence[str]:
        """Every one, in words; empty when all is well."""
        named = {
            "lost": self.lost,
            "invented": self.invented,
            "disordered": self.disordered,
            "altered": self.altered,
            "answered and not committed": self.unsaid,
        }
        return [f"{name}: {one}" for name, every in named.items() for one in every]


def audit(
    committed: Sequence[Committed],
    topics: Mapping[str, Sequence[Event]],
    answered: Mapping[str, str],
    subjects: Mapping[str, str],
) -> Finding:
    """Compare.

    topics: by partition of a topic, its events in the order in which they lie. answered: what
    REST said was done, the id of the thing by its event type's. subjects: by a committed event's
    id, what it is about.
    """
    place = {one.id: one for one in committed}
    found: dict[str, Event] = {}
    altered: list[str] = []
    invented: list[str] = []
    disordered: list[str] = []
    repeats = 0
    for where, events in topics.items():
        last: defaultdict[str, int] = defaultdict(int)
        for event in events:
            id = event["id"]
            if id in found:
                repeats += 1
                if found[id] != event:
                    altered.append(id)
                continue
            found[id] = event
            if id not in place:
                invented.append(id)
                continue
            lane, number = place[id].lane, place[id].number
            if number < last[lane]:
                disordered.append(f"{where}: {lane} {number} after {last[lane]}")
            last[lane] = max(last[lane], number)
    said = {(one.event_type, subjects[one.id]) for one in committed}
    unsaid = [f"{kind} {id}" for id, kind in answered.items() if (kind, id) not in said]
    lost = [f"{one.lane} {one.number}" for one in committed if one.sent and one.id not in found]
    return Finding(lost, invented, disordered, altered, unsaid, len(committed), repeats)
