"""What goes wrong and when: worked out from a seed before anything starts, so that it can be
printed, and be had again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

QUIET_BEGIN = 0.06  # of the run: everybody connects
QUIET_END = 0.88  # of the run: what is broken heals


class Kind(StrEnum):
    """What is done. The value is how the schedule names it."""

    BROKER_KILL = "broker {target} killed (-9), back after {seconds:.1f} s"
    BROKER_STOP = "broker {target} stopped (SIGTERM), back after {seconds:.1f} s"
    BROKER_PAUSE = "broker {target} paused for {seconds:.1f} s"
    RELAY_KILL = "relay {target} killed (-9), back after {seconds:.1f} s"
    RELAY_TERM = "relay {target} ended (SIGTERM), back after {seconds:.1f} s"
    RELAY_PAUSE = "relay {target} paused for {seconds:.1f} s"
    GROW = "two partitions added to topic {target}"
    REMAKE = "topic {target} deleted and made again"
    STALL = "{clients} clients read nothing for {seconds:.1f} s"
    SLOW = "{clients} clients read 16 KB/s for {seconds:.1f} s"
    CUT = "{clients} connections cut in mid-frame"
    RESET = "{clients} connections reset"
    DELAY = "{clients} connections delayed by {seconds:.2f} s"
    MOVE = "{clients} clients move to another relay"
    FORGET = "{clients} clients come back with what they had stored earlier"
    EXPIRE = "{clients} clients get tokens of {seconds:.0f} s, and let them end"
    RENEW = "{clients} clients go on with new tokens"
    REVOKE = "{clients} members lose an organisation, and have it again after {seconds:.1f} s"


class Room(StrEnum):
    """Whose faults come one after the other: two brokers are never away at once.

    Topics are made and deleted while all brokers are there.
    """

    BROKERS = "brokers"
    RELAYS = "relays"
    TOPICS = "topics"
    CLIENTS = "clients"
    MEMBERS = "members"


_ROOMS = {
    Room.BROKERS: (Kind.BROKER_KILL, Kind.BROKER_PAUSE, Kind.BROKER_STOP),
    Room.RELAYS: (Kind.RELAY_KILL, Kind.RELAY_TERM, Kind.RELAY_PAUSE),
    Room.CLIENTS: (
        Kind.STALL,
        Kind.CUT,
        Kind.MOVE,
        Kind.FORGET,
        Kind.RESET,
        Kind.SLOW,
        Kind.DELAY,
        Kind.EXPIRE,
        Kind.RENEW,
    ),
    Room.MEMBERS: (Kind.REVOKE,),
}
_OF_CLIENTS = frozenset({Room.CLIENTS, Room.MEMBERS})
# Seconds between two: each needs its time to heal.
_PACE = {
    Room.BROKERS: (14.0, 30.0),
    Room.RELAYS: (7.0, 18.0),
    Room.CLIENTS: (1.5, 4.0),
    Room.MEMBERS: (2.0, 6.0),
}
_LASTING = {
    Kind.BROKER_KILL: (2.0, 8.0),
    Kind.BROKER_STOP: (1.0, 6.0),
    Kind.BROKER_PAUSE: (3.0, 12.0),
    Kind.RELAY_KILL: (0.0, 3.0),
    Kind.RELAY_TERM: (0.0, 3.0),
    Kind.RELAY_PAUSE: (2.0, 8.0),
    Kind.STALL: (10.0, 30.0),
    Kind.SLOW: (5.0, 20.0),
    Kind.DELAY: (0.02, 0.6),
    Kind.EXPIRE: (6.0, 12.0),
    Kind.REVOKE: (4.0, 10.0),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. at: seconds from the beginning. target: of brokers, relays or topics, from 0.
    clients: their numbers.
    """

    at: float
    room: Room
    kind: Kind
    target: int = 0
    seconds: float = 0.0
    clients: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.kind.format(
            target=self.target + 1, seconds=self.seconds, clients=len(self.clients)
        )


@dataclass(frozen=True, slots=True)
class Cast:
    """Who there is to suffer. heavy: the clients that get most, who are slow first.

    kept: topics that are not deleted.
    """

    clients: int
    relays: int
    brokers: int
    topics: int
    heavy: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()


def plan(seed: int, seconds: float, cast: Cast) -> Sequence[Fault]:
    """The faults of a run, in order of time. The same seed and cast give the same."""
    rng = random.Random(seed)
    first, last = QUIET_BEGIN * seconds, QUIET_END * seconds
    faults: list[Fault] = []
    for room, kinds in _ROOMS.items():
        if room is Room.BROKERS and cast.brokers < 3:
            continue  # without a majority nothing is acknowledged, and nothing to be learnt
        shortest, longest = _PACE[room]
        deck: list[Kind] = []
        at = first + rng.uniform(0, shortest)
        while at < last:
            deck = deck or rng.sample(kinds, len(kinds))
            fault = _fault(rng, at, room, deck.pop(), cast)
            faults.append(fault)
            lasts = fault.seconds if room is not Room.CLIENTS else 0.0
            at += lasts + rng.uniform(shortest, min(longest, max(shortest, seconds / 8)))
    grown, remade = rng.sample(range(cast.topics), 2)
    if remade in cast.kept:
        grown, remade = remade, grown
    faults.append(Fault(rng.uniform(0.2, 0.4) * seconds, Room.TOPICS, Kind.GROW, grown))
    faults.append(Fault(rng.uniform(0.45, 0.65) * seconds, Room.TOPICS, Kind.REMAKE, remade))
    return sorted(faults, key=lambda fault: fault.at)


def _fault(rng: random.Random, at: float, room: Room, kind: Kind, cast: Cast) -> Fault:
    least, most = _LASTING.get(kind, (0.0, 0.0))
    lasting = rng.uniform(least, most)
    if room in _OF_CLIENTS:
        most = cast.clients // (10 if room is Room.CLIENTS else 30)
        some = rng.randint(1, max(1, most))
        chosen = set(rng.sample(range(cast.clients), some))
        if kind in {Kind.STALL, Kind.SLOW}:
            chosen |= set(rng.sample(cast.heavy, len(cast.heavy) // 2))
        return Fault(at, room, kind, seconds=lasting, clients=tuple(sorted(chosen)))
    among = cast.brokers if room is Room.BROKERS else cast.relays
    return Fault(at, room, kind, target=rng.randrange(among), seconds=lasting)
