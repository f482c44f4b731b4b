"""What an audit says: of one client, and of all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

EVIDENCE_KEPT = 3  # of each kind and client


class Wrong(StrEnum):
    """What may not happen, not once."""

    LOSS = "undetected losses"
    LEAK = "seen without right"
    TAKEN = "rights taken without cause"
    STEP_BACK = "steps back in a partition"
    ABORTED = "aborted records seen"
    UNFOUNDED = "events that Kafka has not there"
    UNASKED = "event types not asked for"
    MISDECLARED = "truncated without cause"
    BROKEN = "frames against the wire"
    ABSENT = "clients not live in the end"
    CRASH = "relays that crashed"
    KAFKA = "acknowledged, gone from Kafka"


NOTHING: Mapping[Wrong, int] = MappingProxyType({})


class Evidence(NamedTuple):
    """One case. connection: counted from 1; 0 where it is of no single one."""

    connection: int
    relay: int
    detail: str


@dataclass(slots=True)
class Verdict:
    """Of one client. transport: how it came.

    received: all events that came. delivered: different ones that were due. repeated: those that
    came again. truncated: due ones that were declared gone, and never came. strangers: events
    that were none of its own.
    """

    name: str
    transport: str
    connections: int = 0
    received: int = 0
    delivered: int = 0
    repeated: int = 0
    truncated: int = 0
    strangers: int = 0
    wrongs: Counter[Wrong] = field(default_factory=Counter)
    evidence: dict[Wrong, list[Evidence]] = field(default_factory=dict)

    def accuse(self, wrong: Wrong, evidence: Evidence) -> None:
        """Count a wrong, and keep the first few cases."""
        self.wrongs[wrong] += 1
        kept = self.evidence.setdefault(wrong, [])
        if len(kept) < EVIDENCE_KEPT:
            kept.append(evidence)


@dataclass(slots=True)
class Summary:
    """Of all clients."""

    clients: list[Verdict]
    wrongs: Counter[Wrong]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrongs.total()

    def total(self, transport: str, column: str) -> int:
        """A column's sum over the clients of a transport."""
        return sum(getattr(v, column) for v in self.clients if v.transport == transport)


def sum_up(verdicts: Iterable[Verdict], others: Mapping[Wrong, int] = NOTHING) -> Summary:
    """All clients' verdicts as one. others: what is wrong with no client."""
    clients = list(verdicts)
    wrongs: Counter[Wrong] = Counter()
    for verdict in clients:
        wrongs.update(verdict.wrongs)
    wrongs.update(others)
    return Summary(clients, wrongs)
