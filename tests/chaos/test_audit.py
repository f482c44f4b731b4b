"""The audit on real brokers and relays: it holds for the relay, and finds one that is faulty."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from tests.chaos.audit import Plan, Report, audit
from tests.chaos.report import render
from tests.chaos.verdict import Wrong
from tests.support.kafka import kafka_tier

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


def run(plan: Plan) -> Report:
    with kafka_tier(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(audit(plan, print))


def test_a_minute_of_chaos_breaks_no_promise() -> None:
    report = run(Plan(seed=1, seconds=60))
    assert report.summary.holds, "\n".join(render(report))
    assert report.summary.total("unionflow.v1", "delivered") > 50_000
    assert report.summary.total("plain", "delivered") > 10_000


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [("drop", Wrong.LOSS), ("repeat", Wrong.STEP_BACK), ("leak", Wrong.LEAK)],
)
def test_a_relay_that_spoils_one_record_in_hundreds_is_found(fault: str, wrong: Wrong) -> None:
    faulty = ("tests.chaos.faulty_relay", fault, "300")
    plan = Plan(1, 8, clients=60, relays=1, brokers=1, calm=True, relay=faulty)
    found = +run(plan).summary.wrongs  # without what was counted as 0
    assert found[wrong] > 0
    assert found.keys() <= {wrong, Wrong.UNASKED}  # a leak reaches also who wants other types
