"""Clients that catch up together: one read of what they missed, each getting what it has not seen.

A convoy stands at one offset per partition and moves forward only. A client that is ahead of it
in a partition is passed over there until the convoy has come to where the client is.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Generic, TypeVar

from unionflow_relay.core.audience import AudienceIndex, View
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.fanout import Write, fan_out
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Relayed

M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Passenger(Generic[M]):
    """A client that has something to catch up with. `wanted`: its next offset of every lane."""

    member: M
    view: View
    user: str | None
    wanted: Mapping[Lane, int]


def magnitude(wanted: Mapping[Lane, int], live: Mapping[Lane, int]) -> int:
    """How far behind somebody is, all lanes together: one more for each factor of eight."""
    behind = sum(max(0, live.get(lane, at) - at) for lane, at in wanted.items())
    return (behind.bit_length() + 2) // 3


class Convoy(Generic[M]):
    """Some clients on their way from the past to now.

    live: the next offset of every lane that is not yet past; nobody is read to beyond it.
    """

    def __init__(self, passengers: Iterable[Passenger[M]], live: Mapping[Lane, int]) -> None:
        self._changes = 0  # of what is for whom
        self._dealing: Mapping[Lane, int] = {}
        self._served: set[M] = set()
        self.audience: AudienceIndex[M] = AudienceIndex()
        self.reading: dict[Lane, int] = {}
        self._ahead: dict[M, dict[Lane, int]] = {}
        self._meetings: dict[Lane, list[tuple[int, int, M]]] = {}
        self._tie = count()
        boarding = list(passengers)
        for passenger in boarding:
            self.audience.join(passenger.member, passenger.view, passenger.user)
            for lane, offset in passenger.wanted.items():
                known = self.reading.get(lane, live.get(lane, offset))
                self.reading[lane] = min(offset, known)
        for passenger in boarding:
            self._place(passenger.member, passenger.wanted)

    def _place(self, member: M, wanted: Mapping[Lane, int]) -> None:
        ahead = {
            lane: wanted[lane]
            for lane, offset in self.reading.items()
            if lane in wanted and wanted[lane] > offset
        }
        if ahead:
            self._ahead[member] = ahead
            for lane, offset in ahead.items():
                meeting = (offset, next(self._tie), member)
                heapq.heappush(self._meetings.setdefault(lane, []), meeting)

    def __len__(self) -> int:
        return len(self.audience)

    def leave(self, member: M) -> None:
        """Forget a client. One who is not here is no error."""
        self.audience.leave(member)
        self._ahead.pop(member, None)

    def see(self, member: M, view: View, user: str | None) -> None:
        """Change what a client gets, from here on."""
        self.audience.join(member, view, user)
        self._changes += 1

    def progress_of(self, member: M) -> dict[Lane, int]:
        """Everything before these offsets was sent to the client, or was not for it."""
        progress = {**self.reading, **self._ahead.get(member, {})}
        if member in self._served:
            for lane in self._dealing.keys() & progress.keys():
                progress[lane] = max(progress[lane], self._dealing[lane])
        return progress

    def is_ahead(self, member: M) -> bool:
        """Whether it has more of some partition than the convoy has read."""
        return member in self._ahead

    def follow(self, lane: Lane, next_offset: int) -> None:
        """A partition was added: it is new to everyone here."""
        self.reading[lane] = next_offset

    def give_up(self, short_id: str) -> None:
        """A topic is gone; the caller tells the clients."""
        for lane in [lane for lane in self.reading if lane.short_id == short_id]:
            del self.reading[lane]
            self._changes += 1
            for _offset, _tie, member in self._meetings.pop(lane, ()):
                self._met(member, lane)

    def writes(self, records: Sequence[Relayed]) -> Iterator[Write[M]]:
        """What these records, next in their lanes, are for whom; nothing is moved yet.

        Those of a topic that was given up are for nobody. One after the other, because crowds of
        many different cursors share few bytes.
        """
        records = [record for record in records if record.lane in self.reading]
        plan = fan_out(records, self.audience)
        if not self._ahead:
            yield from plan.writes
            return
        for write in plan.writes:
            yield from self._unseen(records, write)

    def deal(
        self, records: Sequence[Relayed], progress: Mapping[Lane, int]
    ) -> Iterator[tuple[M, Write[M]]]:
        """Each client that these records, next in their lanes, have something for, and what.

        The caller may take its time: what is left is planned anew where something has changed
        meanwhile. It calls `serve` for each that it wrote to, and `arrive` at the end.
        """
        self._dealing, self._served = progress, set()
        planned = -1
        while planned != self._changes:
            planned = self._changes
            for write in self.writes(records):
                for member in write.members:
                    if planned != self._changes:
                        break
                    if member not in self._served:
                        yield member, write

    def serve(self, member: M) -> None:
        """What is being dealt was written to the client."""
        self._served.add(member)

    def count(self, records: Sequence[Relayed]) -> Counter[M]:
        """How many of these records are for whom, of which nothing is written."""
        tally: Counter[M] = Counter()
        for write in self.writes(records):
            for member in write.members:
                tally[member] += len(write.indices)
        return tally

    def arrive(self, progress: Mapping[Lane, int]) -> None:
        """Everything before these offsets was written to whom it was for."""
        self._dealing, self._served = {}, set()
        for lane, next_offset in progress.items():
            if lane not in self.reading:
                continue
            self.reading[lane] = max(next_offset, self.reading[lane])
            meetings = self._meetings.get(lane)
            while meetings and meetings[0][0] <= next_offset:
                self._met(heapq.heappop(meetings)[2], lane)

    def lose(
        self, lane: Lane, earliest: int, reason: TruncationReason
    ) -> Sequence[tuple[M, TruncatedRange]]:
        """Kafka no longer has what lies before `earliest`: who is concerned, and what each lost."""
        at = self.reading[lane]
        lost = []
        for member in self.audience:
            requested = max(at, self._ahead.get(member, {}).get(lane, at))
            if requested < earliest:
                gap = TruncatedRange(lane.topic, lane.partition, requested, earliest, reason)
                lost.append((member, gap))
        self.arrive({lane: earliest})
        return lost

    def waited_for(self) -> set[Lane]:
        """Lanes in which somebody is ahead."""
        return {lane for ahead in self._ahead.values() for lane in ahead}

    def set_back(self, ends: Mapping[Lane, int]) -> Sequence[tuple[M, Sequence[TruncatedRange]]]:
        """Partitions end here: who is past an end comes back to it, and what each lost."""
        lost: dict[M, list[TruncatedRange]] = {}
        for lane, end in ends.items():
            at = self.reading.get(lane)
            if at is None:
                continue
            here = self.reading[lane] = min(at, end)
            for member in self.audience:
                requested = self._ahead.get(member, {}).get(lane, at)
                if requested > end:
                    reason = TruncationReason.BEYOND_END
                    gap = TruncatedRange(lane.topic, lane.partition, requested, here, reason)
                    lost.setdefault(member, []).append(gap)
            meetings = self._meetings.get(lane, [])
            for _offset, _tie, member in [m for m in meetings if m[0] > end]:
                self._met(member, lane)
            self._meetings[lane] = [m for m in meetings if m[0] <= end]
            heapq.heapify(self._meetings[lane])
        return list(lost.items())

    def arrived(self) -> Iterator[M]:
        """Members that are nowhere ahead of the convoy: where it is, they are."""
        return (member for member in self.audience if member not in self._ahead)

    def parts(self, size: int) -> Iterator[Sequence[M]]:
        """The members who have arrived, some at a time, without those who left meanwhile."""
        members = iter(list(self.arrived()))
        while chunk := tuple(m for m in islice(members, size)):
            yield tuple(member for member in chunk if member in self.audience)

    def _unseen(self, records: Sequence[Relayed], write: Write[M]) -> Iterator[Write[M]]:
        """One write, split into what each of its members has not seen."""
        ends = {records[index].lane: records[index].offset + 1 for index in write.indices}
        together: list[M] = []
        apart: dict[tuple[int, ...], list[M]] = {}
        for member in write.members:
            ahead = self._ahead.get(member)
            if ahead is None or ends.keys().isdisjoint(ahead):
                together.append(member)
                continue
            seen = tuple(min(ahead.get(lane, 0), end) for lane, end in ends.items())
            apart.setdefault(seen, []).append(member)
        if together:
            yield Write(write.data, together, write.indices, write.form)
        for seen, members in apart.items():
            before = dict(zip(ends, seen, strict=True))
            indices = tuple(
                i for i in write.indices if records[i].offset >= before[records[i].lane]
            )
            if indices:
                frames = [records[i].frame(write.form) for i in indices]
                yield Write(b"".join(frames), members, indices, write.form)

    def _met(self, member: M, lane: Lane) -> None:
        ahead = self._ahead.get(member)
        if ahead is None:
            return
        ahead.pop(lane, None)
        if not ahead:
            del self._ahead[member]
