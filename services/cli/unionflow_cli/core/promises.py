"""The promises of an installation, judged from what clients of it received: pure functions.

Each verdict is one line of `unionflow dev --check`: the promise, whether it is kept, and the
figures that show it, or the first thing that breaks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unionflow_cli.core.latency import milliseconds, percentiles
from unionflow_cli.core.testimony import Testimony
from unionflow_cli.core.trial import Dialect, Published
from unionflow_events import EventType

MAX_P99_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise. detail: a few words, figures first."""

    promise: str
    kept: bool
    detail: str


def judge(published: Sequence[Published], testimonies: Sequence[Testimony]) -> list[Verdict]:
    """Every promise, in the order in which a reader would doubt them."""
    return [
        every_type(published),
        *(audience(published, pair) for pair in _by_audience(testimonies)),
        order(published, testimonies),
        same_in_both_dialects(testimonies),
        positions(published, testimonies),
        pings(testimonies),
        heartbeats(testimonies),
        in_time(published, testimonies),
    ]


def every_type(published: Sequence[Published]) -> Verdict:
    """Kafka acknowledged one event of every type of the catalogue at least."""
    types = {event.event_type for event in published}
    topics = {event.topic for event in published}
    detail = f"{len(types)} types on {len(topics)} topics, {len(published)} events"
    return Verdict("Kafka takes every event type", types >= set(EventType), detail)


def audience(published: Sequence[Published], testimonies: Sequence[Testimony]) -> Verdict:
    """Clients of one audience have exactly its events, each once, and nobody else's."""
    name = testimonies[0].witness.name
    promise = f"{name}: its events, nobody else's"
    if testimonies[0].witness.sees_everything:
        promise = "a client of everything: all events"
    for testimony in testimonies:
        fault = _audience_fault(published, testimony)
        if fault:
            return Verdict(promise, kept=False, detail=f"{testimony.witness.dialect}: {fault}")
    expected = sum(_expects(event, testimonies[0]) for event in published)
    return Verdict(promise, kept=True, detail=f"{expected} of {len(published)}, in both dialects")


def order(published: Sequence[Published], testimonies: Iterable[Testimony]) -> Verdict:
    """Within a partition every client has the events as they lie there."""
    promise = "an organisation's events keep their order"
    place = {event.id: event for event in published}
    partitions = 0
    for testimony in testimonies:
        last: dict[tuple[str, int], Published] = {}
        for seen in testimony.seen:
            event = place.get(seen.id)
            if event is None:
                continue
            before = last.get((event.topic, event.partition))
            if before is not None and before.offset > event.offset:
                where = f"{event.topic}-{event.partition}"
                detail = f"{where}: offset {event.offset} came after {before.offset}"
                return Verdict(promise, kept=False, detail=detail)
            last[event.topic, event.partition] = event
        partitions = max(partitions, len(last))
    if not partitions:
        return Verdict(promise, kept=False, detail="nothing arrived")
    return Verdict(promise, kept=True, detail=f"offset order, {partitions} partitions")


def same_in_both_dialects(testimonies: Sequence[Testimony]) -> Verdict:
    """The event inside a `unionflow.v1` frame is the plain dialect's event, field for field."""
    promise = "both dialects carry the same event"
    compared = 0
    for plain, v1 in _by_audience(testimonies):
        events = {seen.id: seen.event for seen in plain.seen}
        for seen in v1.seen:
            if seen.id not in events:
                continue
            compared += 1
            if events[seen.id] != seen.event:
                field = _first_difference(events[seen.id], seen.event)
                return Verdict(promise, kept=False, detail=f"{field} differs in {seen.id}")
    return Verdict(promise, bool(compared), f"{compared} events compared")


def positions(published: Sequence[Published], testimonies: Iterable[Testimony]) -> Verdict:
    """A `unionflow.v1` event's position is where Kafka said that the event lies."""
    promise = "every v1 event says where it lies"
    place = {event.id: f"{event.partition}.{event.offset}" for event in published}
    count = 0
    for testimony in testimonies:
        if testimony.witness.dialect is not Dialect.V1:
            continue
        for seen in testimony.seen:
            topic, _, where = (seen.position or "").partition(".")
            if not topic or where != place.get(seen.id, where):
                expected = place.get(seen.id, "a position")
                detail = f"{seen.position or 'nothing'} instead of …{expected}"
                return Verdict(promise, kept=False, detail=detail)
            count += 1
    return Verdict(promise, bool(count), f"{count} positions as Kafka gave them")


def pings(testimonies: Iterable[Testimony]) -> Verdict:
    """A ping is answered in the form in which it was asked."""
    promise = "a ping is answered in its own form"
    forms: set[str] = set()
    for testimony in testimonies:
        missing = [form for form in testimony.pings if form not in testimony.pongs]
        if missing:
            detail = f"no {missing[0]} answer, {testimony.witness.dialect}"
            return Verdict(promise, kept=False, detail=detail)
        forms |= {f"{testimony.witness.dialect} {form}" for form in testimony.pings}
    return Verdict(promise, bool(forms), f"in {len(forms)} forms")


def heartbeats(testimonies: Iterable[Testimony]) -> Verdict:
    """`unionflow.v1` clients are welcomed with a cursor, and hear a heartbeat with one in time."""
    promise = "a heartbeat comes, with a cursor"
    welcomed = [t for t in testimonies if t.witness.dialect is Dialect.V1]
    for testimony in welcomed:
        if testimony.welcome_cursor is None:
            detail = f"no welcome with a cursor: {testimony.witness.name}"
            return Verdict(promise, kept=False, detail=detail)
        if not testimony.heartbeat_cursors or not all(testimony.heartbeat_cursors):
            detail = f"none in {1.5 * testimony.heartbeat_seconds:g} s: {testimony.witness.name}"
            return Verdict(promise, kept=False, detail=detail)
    if not welcomed:
        return Verdict(promise, kept=False, detail="no client")
    return Verdict(promise, kept=True, detail=f"every {welcomed[0].heartbeat_seconds:g} s")


def in_time(published: Sequence[Published], testimonies: Iterable[Testimony]) -> Verdict:
    """From the publisher's call to the client, 99 of 100 deliveries within a second."""
    called = {event.id: event.called_at for event in published}
    measured = percentiles(
        seen.at - called[seen.id] for t in testimonies for seen in t.seen if seen.id in called
    )
    promise = f"99 of 100 arrive within {milliseconds(MAX_P99_SECONDS)}"
    if measured is None:
        return Verdict(promise, kept=False, detail="nothing arrived")
    return Verdict(
        promise,
        measured.p99 <= MAX_P99_SECONDS,
        f"p50 {milliseconds(measured.p50)}, p99 {milliseconds(measured.p99)} of {measured.count:,}",
    )


def is_complete(published: Sequence[Published], testimony: Testimony) -> bool:
    """Whether this client has every event that it is to get."""
    have = {seen.id for seen in testimony.seen}
    return all(event.id in have for event in published if _expects(event, testimony))


def _expects(event: Published, testimony: Testimony) -> bool:
    return testimony.witness.may_see(event.organization_id, event.user_id)


def _audience_fault(published: Sequence[Published], testimony: Testimony) -> str:
    for seen in testimony.seen:
        if not testimony.witness.may_see(seen.organization_id, seen.user_id):
            owner = seen.user_id or seen.organization_id
            return f"got {seen.event_type} of {owner}"
    times = Counter(seen.id for seen in testimony.seen)
    expected = [event for event in published if _expects(event, testimony)]
    missing = [event for event in expected if not times[event.id]]
    if missing:
        first = f", {missing[0].event_type} first" if len(missing) < len(expected) else ""
        return f"{len(missing)} of {len(expected)} missing{first}"
    repeated = [event for event in expected if times[event.id] > 1]
    return f"{repeated[0].event_type} came {times[repeated[0].id]} times" if repeated else ""


def _by_audience(testimonies: Sequence[Testimony]) -> list[tuple[Testimony, ...]]:
    """Testimonies of one audience together, the plain dialect's first."""
    groups: dict[str, list[Testimony]] = {}
    for testimony in testimonies:
        groups.setdefault(testimony.witness.name, []).append(testimony)
    return [tuple(sorted(group, key=lambda t: t.witness.dialect)) for group in groups.values()]


def _first_difference(plain: Mapping[str, Any], v1: Mapping[str, Any]) -> str:
    return next(name for name in [*plain, *v1] if plain.get(name) != v1.get(name))
