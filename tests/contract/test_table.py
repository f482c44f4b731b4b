"""The table itself: that it says what its README allows, so that no runner passes over a slip."""

from __future__ import annotations

import json

import pytest

from tests.contract.table import (
    BESIDE_AN_INPUT,
    CASES,
    INPUTS,
    LOOSE_CHANNELS,
    STRICT_CHANNELS,
    Case,
    all_cases,
)

TABLE = all_cases()


def test_there_are_two_hundred_cases_at_least() -> None:
    assert len(TABLE) >= 200


def test_no_two_cases_have_the_same_name() -> None:
    names = [(case.subject, case.name) for case in TABLE]
    assert len(set(names)) == len(names)


def test_a_file_is_named_for_its_subject() -> None:
    for path in CASES.glob("*.json"):
        assert json.loads(path.read_text("utf-8"))["subject"] == path.stem


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case.subject}: {case.name}")
def test_a_case_has_steps_in_order_with_one_input_each_and_known_channels(case: Case) -> None:
    assert bool(case.steps) != case.rejects
    times = [step["at"] for step in case.steps]
    assert times == sorted(times)
    for step in case.steps:
        given = set(step) - BESIDE_AN_INPUT
        assert len(given) <= 1
        assert given <= {*INPUTS}
        assert set(step.get("expect", {})) <= {*STRICT_CHANNELS, *LOOSE_CHANNELS}
    assert any("expect" in step for step in case.steps) != case.rejects
