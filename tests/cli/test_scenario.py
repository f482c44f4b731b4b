"""The sample traffic: the approval scenario, the ten-second figures, and every type."""

from __future__ import annotations

import random
from itertools import pairwise, takewhile

import pytest

from unionflow_cli.core.samples import SOCIETIES
from unionflow_cli.core.scenario import Step, Traffic
from unionflow_events import EventType, new_event

NOON = "2026-11-24T12:00:00.000Z"


def steps(seconds: float, seed: int = 7) -> list[Step]:
    traffic = Traffic(random.Random(seed), lambda _at: NOON, "test")
    return list(takewhile(lambda step: step.at <= seconds, traffic))


@pytest.fixture(scope="module", name="two_minutes")
def _two_minutes() -> list[Step]:
    return steps(120)


def test_steps_come_in_order_of_time(two_minutes: list[Step]) -> None:
    times = [step.at for step in two_minutes]
    assert times == sorted(times)


def test_two_minutes_show_every_event_type(two_minutes: list[Step]) -> None:
    assert {step.event_type for step in two_minutes} == set(EventType)


def test_the_first_five_seconds_show_every_society() -> None:
    first = {step.organization_id for step in steps(5) if step.organization_id}
    assert first == {society.id for society in SOCIETIES}


def test_every_step_is_an_event_that_may_be_published(two_minutes: list[Step]) -> None:
    for step in two_minutes:
        new_event(
            step.event_type,
            data=step.data,
            organization_id=step.organization_id,
            user_id=step.user_id,
            id="an-id",
            timestamp_ms=0,
        )


@pytest.mark.parametrize("society", [society.id for society in SOCIETIES])
def test_statistics_come_every_ten_seconds(two_minutes: list[Step], society: str) -> None:
    times = [
        step.at
        for step in two_minutes
        if step.event_type is EventType.DASHBOARD_STATS_UPDATED and step.organization_id == society
    ]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) >= 10
    assert gaps == pytest.approx([10.0] * len(gaps))


def test_an_approval_waits_some_seconds_and_is_then_decided_once(two_minutes: list[Step]) -> None:
    asked = {s.data["id"]: s for s in two_minutes if s.event_type is EventType.APPROVAL_PENDING}
    verdicts = (EventType.APPROVAL_APPROVED, EventType.APPROVAL_REJECTED)
    decided = [s for s in two_minutes if s.event_type in verdicts]
    waits = [step.at - asked[step.data["id"]].at for step in decided]
    assert len({step.data["id"] for step in decided}) == len(decided) > 20
    assert min(waits) >= 3
    assert max(waits) <= 7
    assert {step.event_type for step in decided} == set(verdicts)


def test_a_decision_is_told_to_the_society_and_to_the_member(two_minutes: list[Step]) -> None:
    by_time: dict[float, set[EventType]] = {}
    for step in two_minutes:
        by_time.setdefault(step.at, set()).add(step.event_type)
    for step in two_minutes:
        if step.event_type is EventType.APPROVAL_APPROVED:
            told = by_time[step.at]
            assert told >= {EventType.ACTIVITY_CREATED, EventType.USER_NOTIFICATION}


def test_pending_approvals_of_the_figures_are_those_that_wait(two_minutes: list[Step]) -> None:
    waiting = dict.fromkeys((society.id for society in SOCIETIES), 0)
    for step in two_minutes:
        organization = step.organization_id or ""
        if step.event_type is EventType.APPROVAL_PENDING:
            waiting[organization] += 1
        elif step.event_type in (EventType.APPROVAL_APPROVED, EventType.APPROVAL_REJECTED):
            waiting[organization] -= 1
        elif step.event_type is EventType.DASHBOARD_STATS_UPDATED:
            assert step.data["pendingApprovals"] == waiting[organization]


def test_ids_never_repeat(two_minutes: list[Step]) -> None:
    kinds = (EventType.ACTIVITY_CREATED, EventType.CONTRIBUTION_PAID, EventType.APPROVAL_PENDING)
    ids = [step.data["id"] for step in two_minutes if step.event_type in kinds]
    assert len(set(ids)) == len(ids)


def test_it_goes_on_for_hours_at_a_calm_rate() -> None:
    hour = steps(3600)
    assert 2 <= len(hour) / 3600 <= 5
