"""Holds what a program was handed against what Kafka had.

It began with the earliest, so everything that is due to it is owed, unless a reload was called for
where it lay. Within one life of the program nothing comes twice and no partition steps back; after
a sudden death what was not yet stored may come again.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.chaos.checker import REPLACED
from tests.chaos.history import Range
from tests.chaos.ledger import Due, Outcome, Truth
from tests.chaos.libraries.patrons import Life, Patron
from tests.chaos.places import lane_of
from tests.chaos.verdict import Evidence, Verdict, Wrong


def missing(truth: Truth, patron: Patron) -> set[int]:
    """Records that are due to it, that it was not handed, and that no reload covers."""
    due = truth.due(patron.viewer)
    had = {number for life in patron.lives for number in life.numbers}
    return set(due.numbers.values()) - had - _declared(truth, patron, due)


def judge(truth: Truth, patron: Patron) -> Verdict:
    """What one program was handed, for better and worse."""
    due = truth.due(patron.viewer)
    verdict = Verdict(patron.name, patron.library.value, connections=len(patron.lives))
    owed = set(due.numbers.values())
    had: set[int] = set()
    for count, life in enumerate(patron.lives, start=1):
        verdict.received += len(life.numbers)
        _walk(truth, patron, owed, verdict, life, count)
        had.update(number for number in life.numbers if number in owed)
    declared = _declared(truth, patron, due)
    for number in sorted(owed - had - declared):
        where = truth.lanes.position(truth.place_of[number])
        verdict.accuse(Wrong.LOSS, Evidence(0, -1, f"record {number} at {where} never came"))
    verdict.delivered = len(had)
    verdict.repeated = verdict.received - verdict.strangers - len(had)
    verdict.truncated = len(declared - had)
    for fault in patron.faults:
        verdict.accuse(Wrong.BROKEN, Evidence(0, -1, fault))
    if not patron.arrived:
        verdict.accuse(
            Wrong.ABSENT, Evidence(0, -1, f"never live with everything: {patron.state or 'new'}")
        )
    for gap in patron.ranges:
        if gap.reason != REPLACED or not set(_lanes_meant(truth, gap)):
            verdict.accuse(Wrong.MISDECLARED, Evidence(0, -1, f"nothing is gone: {gap}"))
    return verdict


def _walk(
    truth: Truth, patron: Patron, owed: set[int], verdict: Verdict, life: Life, count: int
) -> None:
    next_of: dict[int, int] = {}
    for number in life.numbers:
        if number not in owed:
            verdict.strangers += 1
            verdict.accuse(_why(truth, patron, number), Evidence(count, -1, f"record {number}"))
            continue
        place = truth.place_of[number]
        lane, offset = lane_of(place)
        if offset < next_of.get(lane, 0):
            detail = f"record {number} at {truth.lanes.position(place)} came late, or twice"
            verdict.accuse(Wrong.STEP_BACK, Evidence(count, -1, detail))
        else:
            next_of[lane] = offset + 1


def _why(truth: Truth, patron: Patron, number: int) -> Wrong:
    """Why a record is none of this program's."""
    if not 0 <= number < len(truth.entries):
        return Wrong.UNFOUNDED
    entry = truth.entries[number]
    if not patron.viewer.may_see(entry.audience):
        return Wrong.LEAK
    if entry.outcome is Outcome.ABORTED:
        return Wrong.ABORTED
    return Wrong.UNASKED if number in truth.place_of else Wrong.UNFOUNDED


def _declared(truth: Truth, patron: Patron, due: Due) -> set[int]:
    gone: dict[int, int] = {}
    for gap in patron.ranges:
        for lane in _lanes_meant(truth, gap):
            gone[lane] = min(gap.requested, gone.get(lane, gap.requested))
    return {
        number
        for place, number in due.numbers.items()
        for lane, offset in [lane_of(place)]
        if offset >= gone.get(lane, offset + 1)
    }


def _lanes_meant(truth: Truth, gap: Range) -> Iterable[int]:
    """Lanes of deleted topics that a range can mean; one without a name, any of its partition."""
    return (
        lane
        for lane, topic in truth.retired.items()
        if truth.lanes.partition(lane) == gap.partition and gap.topic in {topic, None}
    )
