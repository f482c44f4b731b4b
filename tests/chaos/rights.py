"""Who lost an organisation and who had it back, as protocol and records say it, not as relays do.

A relay applies a ruling when it reads it, and nobody outside knows when exactly that is. So there
are two questions: what it must have read already (it showed as much), and what it may have read by
then (it was written). An event is without right where every answer between the two says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.history import ClientHistory, Told
from tests.chaos.ledger import Entry, Truth
from tests.chaos.places import lane_of


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ruling that lies in Kafka. moment: seconds since the epoch; it was written no earlier."""

    moment: float
    place: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """What a relay has read when it writes something.

    proven: the next offset by lane, at least. known: places that it has passed, besides. latest:
    until when this was written, so that what is younger cannot be meant.
    """

    proven: Mapping[int, int]
    known: Collection[int]
    latest: float

    def surely(self, ruled: Ruled) -> bool:
        """Whether it must have read this."""
        lane, offset = lane_of(ruled.place)
        return self.proven.get(lane, 0) > offset or ruled.place in self.known

    def perhaps(self, ruled: Ruled) -> bool:
        """Whether it may have read this."""
        return ruled.moment <= self.latest


class Rights:
    """Every ruling, by user and organisation."""

    def __init__(self, entries: Sequence[Entry], place_of: Mapping[int, int]) -> None:
        self._rulings: dict[str, dict[str, list[Ruled]]] = {}
        self.places: list[int] = []
        """Where they lie."""
        for number, entry in enumerate(entries):
            ruling, place = entry.ruling, place_of.get(number)
            if ruling is None or place is None:
                continue
            mine = self._rulings.setdefault(ruling.user, {}).setdefault(ruling.organization, [])
            mine.append(Ruled(ruling.moment, place, ruling.suspended))
            self.places.append(place)

    def ruled(self, user: str | None) -> Collection[str]:
        """The organisations that something was ever said about for this user."""
        return self._rulings.get(user or "", {}).keys()

    def surely_ended(
        self, user: str | None, organization: str, issued_at: float, reach: Reach
    ) -> bool:
        """Whether no token issued then can still give it, whatever the relay has read."""
        rulings = self._of(user, organization)
        return any(
            ruled.suspended and reach.surely(ruled) and issued_at <= ruled.moment
            for ruled in rulings
            if not any(
                not later.suspended and later.moment > ruled.moment and reach.perhaps(later)
                for later in rulings
            )
        )

    def perhaps_ended(
        self, user: str | None, organization: str, issued_at: float, reach: Reach
    ) -> bool:
        """Whether a token issued then need not give it."""
        rulings = self._of(user, organization)
        return any(
            ruled.suspended and reach.perhaps(ruled) and issued_at <= ruled.moment
            for ruled in rulings
            if not any(
                not later.suspended and later.moment > ruled.moment and reach.surely(later)
                for later in rulings
            )
        )

    def _of(self, user: str | None, organization: str) -> Sequence[Ruled]:
        return self._rulings.get(user or "", {}).get(organization, ())


class Knowledge:
    """When each relay process had shown, to whomever, that it had passed each ruling."""

    def __init__(self, truth: Truth, clients: Iterable[ClientHistory]) -> None:
        self.rights = Rights(truth.entries, truth.place_of)
        self._places = self.rights.places
        self._since: dict[str, dict[int, float]] = {}
        for client in clients:
            for connection in client.connections if self._places else ():
                live = connection.asked is None
                for mark in connection.marks:
                    live = live or mark.told is Told.RECOVERED
                    if live and mark.told is not Told.EVENTS:  # of which there are too many
                        self._note(connection.process, truth.lanes.cursor(mark.cursor), mark.at)

    def of(self, process: str, moment: float) -> frozenset[int]:
        """The rulings that a relay process knows for whoever connects to it at a moment."""
        since = self._since.get(process, {})
        return frozenset(place for place, shown in since.items() if shown < moment)

    def _note(self, process: str, cursor: Mapping[int, int], at: float) -> None:
        since = self._since.setdefault(process, {})
        for place in self._places:
            lane, offset = lane_of(place)
            if cursor.get(lane, 0) > offset and at < since.get(place, float("inf")):
                since[place] = at
