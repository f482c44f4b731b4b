"""The report fits a terminal, and says in JSON what it says in words."""

from __future__ import annotations

import json

import pytest

from tests.chaos.audit import Plan, Report
from tests.chaos.report import WIDTH, as_json, command, heading, render
from tests.chaos.verdict import Evidence, Verdict, Wrong, sum_up

PLAN = Plan(seed=7, seconds=600)


def report(*wrongs: Wrong) -> Report:
    verdict = Verdict("client-007", "unionflow.v1", 12, 4_000_000, 3_900_000, 100_000, 1_253)
    for wrong in wrongs:
        verdict.accuse(wrong, Evidence(3, 1, f"record 1234 at q3Zk1PfA.2.1834 {'very ' * 20}"))
    records = {"unknown": 21, "acknowledged": 118_234, "aborted": 1_202}
    closes = dict.fromkeys((1000, 1006, 1012, 1013, 4408, 4409), 1000)
    done = {"memberships ended": 212, "tokens refreshed in place": 1_234, "tokens let expire": 900}
    return Report(PLAN, PLAN.faults(), sum_up([verdict]), records, closes, done, 3.4, 640.2)


@pytest.mark.parametrize("wrongs", [(), tuple(Wrong)], ids=["holds", "broken"])
def test_no_line_is_wider_than_a_terminal(wrongs: tuple[Wrong, ...]) -> None:
    lines = [*heading(PLAN, PLAN.faults()), *render(report(*wrongs))]
    assert [line for line in lines if len(line) > WIDTH] == []


def test_the_seed_and_the_command_to_repeat_it_are_the_last_words() -> None:
    lines = render(report())
    assert "seed 7" in lines[-2]
    assert lines[-1].strip() == command(PLAN)
    assert command(PLAN) == (
        "python -m tests.chaos --seconds 600 --seed 7 --clients 300 --relays 3"
    )


def test_a_wrong_is_shown_with_its_case() -> None:
    text = "\n".join(render(report(Wrong.LOSS)))
    assert "A PROMISE WAS BROKEN" in text
    assert "client-007 (unionflow.v1), connection 3 to relay 2: undetected losses" in text


def test_json_has_every_client_and_the_schedule() -> None:
    said = json.loads(json.dumps(as_json(report(Wrong.LOSS))))
    assert said["holds"] is False
    assert said["wrongs"]["undetected losses"] == 1
    assert len(said["schedule"]) == len(PLAN.faults())
    (client,) = said["clients"]
    assert (client["delivered"], client["undetectedLosses"]) == (3_900_000, 1)
