"""The demonstration's people: what they ask for, when, and what follows from the answers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

import pytest

from unionflow_cli.core.bots import Act, Bots, subject_of
from unionflow_cli.core.samples import SOCIETIES
from unionflow_events import EventType

NOON = "2026-11-24T12:00:00.000Z"
# Figures are the statistics' own matter, and activity lines come with every change.
OF_BOTS = set(EventType) - {
    EventType.DASHBOARD_STATS_UPDATED,
    EventType.KPI_UPDATED,
    EventType.ACTIVITY_CREATED,
}


def answer_to(act: Act, number: int) -> Mapping[str, Any]:
    """As the business services answer."""
    if act.method == "GET":
        return {"items": [{"id": f"owed-{number}-{n}", "remaining": "2500"} for n in range(3)]}
    return {**(act.body or {}), "id": f"made-{number}"}


def day(seconds: float, seed: int = 7) -> list[Act]:
    acts = []
    bots = Bots(random.Random(seed), lambda _at: NOON, "test")
    for number, act in enumerate(bots):
        if act.at > seconds:
            break
        acts.append(act)
        act.then(answer_to(act, number), act.at + 0.02)
    return acts


@pytest.fixture(scope="module", name="two_minutes")
def _two_minutes() -> list[Act]:
    return day(120)


def test_acts_come_in_order_of_time(two_minutes: list[Act]) -> None:
    times = [act.at for act in two_minutes]
    assert times == sorted(times)


def test_two_minutes_cause_every_event_type_that_people_cause(two_minutes: list[Act]) -> None:
    assert {act.says for act in two_minutes} - {None} == OF_BOTS


def test_the_first_five_seconds_show_every_society() -> None:
    first = {act.organization for act in day(5) if act.says}
    assert first == {society.id for society in SOCIETIES}


def test_the_same_seed_makes_the_same_day() -> None:
    one, two = ([(act.at, act.path, act.body) for act in day(60)] for _ in range(2))
    assert one == two


def test_an_approval_waits_some_seconds_and_is_then_decided_once(two_minutes: list[Act]) -> None:
    asked = [act.at for act in two_minutes if act.says is EventType.APPROVAL_PENDING]
    verdicts = {EventType.APPROVAL_APPROVED, EventType.APPROVAL_REJECTED}
    decided = [act for act in two_minutes if act.says in verdicts]
    assert len(asked) - 4 <= len({act.path for act in decided}) == len(decided) > 20
    assert {act.says for act in decided} == verdicts
    assert min(act.at for act in decided) - min(asked) >= 3


def test_nobody_decides_their_own_request(two_minutes: list[Act]) -> None:
    askers = {act.user for act in two_minutes if act.says is EventType.APPROVAL_PENDING}
    deciders = {act.user for act in two_minutes if act.roles == "treasurer"}
    assert askers & deciders == set()


def test_what_was_refused_is_neither_decided_nor_corrected() -> None:
    acts = []
    for act in itertools.islice(Bots(random.Random(7), lambda _at: NOON, "test"), 60):
        acts.append(act)
        act.then({}, act.at)
    assert {act.says for act in acts} & {EventType.APPROVAL_APPROVED, EventType.MEMBER_UPDATED} == (
        set()
    )


def test_a_request_and_its_event_are_joined_by_type_and_id() -> None:
    assert subject_of("MEMBER_CREATED", {"id": "m-1"}) == "MEMBER_CREATED m-1"
    assert subject_of("MEMBER_CREATED", {}) is None
    assert subject_of("MEMBER_CREATED", None) is None
