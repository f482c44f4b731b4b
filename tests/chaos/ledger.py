"""What was written, who may see it, and where it came to lie in Kafka.

Rights are worked out here anew and not with the relay's own code: a fault in that must not hide
itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from tests.chaos.places import Lanes, lane_of

NOTHING: Mapping[int, str] = MappingProxyType({})


class Outcome(StrEnum):
    """What the producer knows of a record."""

    UNKNOWN = "unknown"  # may lie in Kafka or not
    ACKNOWLEDGED = "acknowledged"  # acks=all, and committed where it was in a transaction
    ABORTED = "aborted"


class Scope(StrEnum):
    """Kinds of audience. Nobody may see a poison record."""

    ORGANIZATION = "organization"
    USER = "user"
    EVERYONE = "everyone"
    NOBODY = "nobody"


class Audience(NamedTuple):
    """Who may see a record."""

    scope: Scope
    id: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a record says of a member's right. moment: its time, seconds since the epoch."""

    user: str
    organization: str
    moment: float
    suspended: bool


@dataclass(slots=True)
class Entry:
    """One record of the stream; its number is its place in the ledger."""

    audience: Audience
    event_type: str
    topic: str
    outcome: Outcome = Outcome.UNKNOWN
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a client's token gives it, and which types it asked for."""

    organizations: frozenset[str] = frozenset()
    user: str | None = None
    event_types: frozenset[str] | None = None

    def may_see(self, audience: Audience) -> bool:
        """Whether it has the right to see such a record, as long as no membership has ended."""
        match audience.scope:
            case Scope.NOBODY:
                return False
            case Scope.EVERYONE:
                return True
            case Scope.ORGANIZATION:
                return audience.id in self.organizations
            case Scope.USER:
                return audience.id == self.user

    def asked_for(self, event_type: str) -> bool:
        """Whether it wants such a record."""
        return self.event_types is None or event_type in self.event_types


class Due(NamedTuple):
    """What one viewer gets if it is there all the time.

    numbers: by place. offsets: by lane, ascending.
    """

    numbers: Mapping[int, int]
    offsets: Mapping[int, Sequence[int]]


class Truth:
    """Kafka's own account, read by the audit itself (read_committed), beside the ledger.

    found: the record's number by place, of every record that is there or was there when its
    topic was deleted. retired: the lanes of deleted topics, with the topic's name in Kafka.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        lanes: Lanes,
        found: Mapping[int, int],
        retired: Mapping[int, str] = NOTHING,
    ) -> None:
        self.entries = entries
        self.lanes = lanes
        self.found = found
        self.retired = retired
        self.place_of: dict[int, int] = {}
        self._by_audience: dict[Audience, list[int]] = {}
        for place in sorted(found):
            number = found[place]
            self.place_of.setdefault(number, place)
            self._by_audience.setdefault(entries[number].audience, []).append(place)

    def due(self, viewer: Viewer) -> Due:
        """Everything that this viewer may see and asked for."""
        places = sorted(
            place
            for audience, places in self._by_audience.items()
            if viewer.may_see(audience)
            for place in places
            if viewer.asked_for(self.entries[self.found[place]].event_type)
        )
        offsets: dict[int, list[int]] = {}
        for place in places:
            lane, offset = lane_of(place)
            offsets.setdefault(lane, []).append(offset)
        return Due({place: self.found[place] for place in places}, offsets)

    def gone_from_kafka(self) -> Sequence[int]:
        """Acknowledged records that Kafka itself no longer has: the relays cannot be blamed."""
        return [
            number
            for number, entry in enumerate(self.entries)
            if entry.outcome is Outcome.ACKNOWLEDGED and number not in self.place_of
        ]

    def ends(self) -> Mapping[int, int]:
        """The offset after the last record of each lane that still exists."""
        ends: dict[int, int] = {}
        for place in self.found:
            lane, offset = lane_of(place)
            if lane not in self.retired:
                ends[lane] = max(ends.get(lane, 0), offset + 1)
        return ends
