"""What is to be done with events of the outbox once Kafka has answered, and when to try again.

An outbox row leaves for one of two reasons: Kafka has the event, or Kafka will never have it. For
anything else its lane waits, so that nothing overtakes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from unionflow_events import Event, InvalidPayload, PublishedEvent, PublishRejected, new_event
from unionflow_events.ordering import Outcome

MAX_REASON_LENGTH: Final = 500
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 5.0


class Chance(Protocol):
    """The part of random.Random that is needed here."""

    def uniform(self, a: float, b: float) -> float:
        """Between both."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row that waits. number: its place in its lane."""

    id: str
    lane: str
    number: int
    event_type: str
    organization_id: str | None
    user_id: str | None
    data: Mapping[str, Any]
    timestamp_ms: int
    traceparent: str | None = None

    def event(self) -> Event:
        """What is published: the same each time. Raises InvalidPayload."""
        return new_event(
            self.event_type,
            data=self.data,
            organization_id=self.organization_id,
            user_id=self.user_id,
            id=self.id,
            timestamp_ms=self.timestamp_ms,
            traceparent=self.traceparent,
        )


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that Kafka will never take, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to write down after a round.

    tried: of each lane that waits, the row that it waits for. trouble: one of the reasons why
    they wait, "" where none does.
    """

    sent: Sequence[Waiting] = ()
    set_aside: Sequence[SetAside] = ()
    tried: Sequence[Waiting] = ()
    trouble: str = ""


def split_invalid(rows: Sequence[Waiting]) -> tuple[list[Waiting], list[Event], list[SetAside]]:
    """Rows with their events, and apart from them rows that make no event."""
    good: list[Waiting] = []
    events: list[Event] = []
    bad: list[SetAside] = []
    for row in rows:
        try:
            events.append(row.event())
        except InvalidPayload as problem:
            bad.append(SetAside(row.id, str(problem)[:MAX_REASON_LENGTH]))
        else:
            good.append(row)
    return good, events, bad


def settle(
    rows: Sequence[Waiting], outcomes: Sequence[Outcome], invalid: Sequence[SetAside] = ()
) -> Settlement:
    """Decide. outcomes: of each row, in the same order."""
    sent: list[Waiting] = []
    aside = list(invalid)
    heads: dict[str, Waiting] = {}
    trouble = ""
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, PublishedEvent):
            sent.append(row)
        elif isinstance(outcome, PublishRejected) and outcome.of_event:
            aside.append(SetAside(row.id, str(outcome)[:MAX_REASON_LENGTH]))
        else:
            heads.setdefault(row.lane, row)
            trouble = trouble or str(outcome)
    return Settlement(sent, aside, list(heads.values()), trouble)


class Patience:
    """Which lanes are left alone for a while, since Kafka did not take what is next in them.

    Bounded by the lanes that wait: one that moves on is forgotten. Times are of one monotonic
    clock, in seconds.
    """

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._until: dict[str, tuple[int, float]] = {}

    def on_settled(self, lanes: Collection[str], troubled: Collection[str], now: float) -> None:
        """A round is over for `lanes`; those `troubled` wait, the longer the more often."""
        for lane in lanes:
            if lane not in troubled:
                self._until.pop(lane, None)
        for lane in troubled:
            tries = self._until.get(lane, (0, 0.0))[0]
            longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(tries, 16))
            pause = self._chance.uniform(longest / 2, longest)
            self._until[lane] = (tries + 1, now + pause)

    def resting(self, now: float) -> frozenset[str]:
        """The lanes that are not to be tried yet."""
        return frozenset(lane for lane, (_, until) in self._until.items() if until > now)

    def next_try(self, now: float) -> float | None:
        """Seconds until the first of them may be tried again; None where none rests."""
        waits = [until - now for _, until in self._until.values()]
        return max(0.0, min(waits)) if waits else None


def overdue(age_seconds: float, bound_seconds: float) -> str:
    """Why a process is not ready by its outbox; "" while it is. age_seconds: of the oldest row."""
    if age_seconds <= bound_seconds:
        return ""
    return f"the oldest event of the outbox has waited {age_seconds:.0f} s for Kafka"
