"""The audit on real brokers and relays: it holds for the relay, and finds one that is faulty."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
import uvloop

from tests.chaos.audit import Plan, Report, audit
from tests.chaos.libraries.company import available
from tests.chaos.report import render
from tests.chaos.schedule import Room
from tests.chaos.verdict import Wrong
from tests.support.kafka import kafka_tier

ALL = {"unionflow.v1", "v1 deflate", "sse", "plain"}
LEAST_OF_A_LIBRARY = 1_500
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


def run(plan: Plan) -> Report:
    with kafka_tier(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(audit(plan, print))


def test_a_minute_of_chaos_breaks_no_promise() -> None:
    report = run(Plan(seed=1, seconds=60, libraries=6))
    said = "\n".join(render(report))
    assert report.summary.holds, said
    for transport, least in {
        "unionflow.v1": 40_000,
        "v1 deflate": 10_000,
        "sse": 15_000,
        "plain": 10_000,
    }.items():
        assert report.summary.total(transport, "delivered") > least, said
    for library in available():
        assert report.summary.total(library.value, "delivered") > LEAST_OF_A_LIBRARY, said
    assert report.done.keys() == (+Counter(report.done)).keys(), said


@pytest.mark.parametrize(
    ("fault", "wrong", "transports"),
    [
        ("drop", Wrong.LOSS, {"unionflow.v1", "v1 deflate", "sse"}),
        ("drop-sse", Wrong.LOSS, {"sse"}),
        ("repeat", Wrong.STEP_BACK, ALL),
        ("leak", Wrong.LEAK, ALL),
    ],
)
def test_a_relay_that_spoils_one_record_in_hundreds_is_found(
    fault: str, wrong: Wrong, transports: set[str]
) -> None:
    faulty = ("tests.chaos.faulty_relay", fault, "300")
    plan = Plan(1, 5, clients=60, relays=1, brokers=1, rooms=(), relay=faulty)
    summary = run(plan).summary
    found = +summary.wrongs  # without what was counted as 0
    assert found[wrong] > 0
    assert found.keys() <= {wrong, Wrong.UNASKED}  # a leak reaches also who wants other types
    assert {v.transport for v in summary.clients if v.wrongs[wrong]} <= transports


def test_programs_that_lose_one_event_in_twenty_are_found() -> None:
    plan = Plan(1, 5, clients=5, relays=1, brokers=1, rooms=(), libraries=4, lose=20)
    summary = run(plan).summary
    found = +summary.wrongs
    assert found.keys() == {Wrong.LOSS}
    losers = {verdict.transport for verdict in summary.clients if verdict.wrongs[Wrong.LOSS]}
    assert losers == {library.value for library in available()}


@pytest.mark.parametrize("fault", ["overlook", "forgive"])
def test_a_relay_that_goes_on_showing_what_was_taken_is_found(fault: str) -> None:
    faulty = ("tests.chaos.faulty_relay", fault, "1")
    plan = Plan(1, 6, clients=60, relays=1, brokers=1, rooms=(Room.MEMBERS,), relay=faulty)
    found = +run(plan).summary.wrongs
    assert found.keys() == {Wrong.LEAK}
