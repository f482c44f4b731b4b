"""Where records lie, as one number each, and the wire's cursors and positions taken apart.

Clients may not take a cursor apart; who audits them must.
"""

from __future__ import annotations

from collections.abc import Mapping

_OFFSET_BITS = 44
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1


class Lanes:
    """A small number for each partition of each topic ID that the run meets."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []

    def number(self, name: str) -> int:
        """Of a lane by its name, `TOPIC.PARTITION`: the same each time."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def partition(self, lane: int) -> int:
        """A lane's partition."""
        return int(self.names[lane].rpartition(".")[2])

    def place(self, position: str) -> int:
        """A position of the wire as one number. Raises ValueError where it is none."""
        name, _, offset = position.rpartition(".")
        return place(self.number(name), int(offset))

    def cursor(self, text: str) -> Mapping[int, int]:
        """The next offset by lane of a cursor with any positions after it.

        Raises ValueError where it breaks the grammar; `earliest` names no lane.
        """
        if text == "earliest":
            return {}
        version, *parts = text.split("~")
        if version != "1":
            raise ValueError(f"no cursor: {text[:80]}")
        wanted: dict[int, int] = {}
        for part in parts:
            topic, colon, offsets = part.partition(":")
            if colon:
                for partition, offset in enumerate(offsets.split(",")):
                    wanted[self.number(f"{topic}.{partition}")] = int(offset)
            else:
                lane, offset_had = lane_of(self.place(part))
                wanted[lane] = offset_had + 1
        return wanted

    def position(self, place: int) -> str:
        """A place as the wire has it."""
        lane, offset = lane_of(place)
        return f"{self.names[lane]}.{offset}"


def place(lane: int, offset: int) -> int:
    """One number for an offset of a lane; it sorts by lane, then by offset."""
    return lane << _OFFSET_BITS | offset


def lane_of(place: int) -> tuple[int, int]:
    """The lane and the offset of a place."""
    return place >> _OFFSET_BITS, place & _OFFSET_MASK
