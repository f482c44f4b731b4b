"""Both scenarios, judged from when each step was over."""

from __future__ import annotations

import pytest

from unionflow_cli.core.scenes import Passage, judge_approval, judge_statistics

GOOD = Passage(0.012, 0.018, 0.021)


def test_an_approval_that_passed_every_step_says_how_long_each_took() -> None:
    asked, decided = judge_approval(GOOD, GOOD)
    assert (asked.kept, decided.kept) == (True, True)
    assert asked.detail == "12, 18, 21 ms"


@pytest.mark.parametrize(
    ("passage", "detail"),
    [
        (Passage(None, None, None), "?, ?, ? ms"),
        (Passage(0.012, None, None), "12, ?, ? ms"),
        (Passage(0.012, 0.018, None), "12, 18, ? ms"),
    ],
)
def test_a_step_that_was_not_seen_breaks_the_scenario(passage: Passage, detail: str) -> None:
    broken = judge_approval(passage, GOOD)[0]
    assert (broken.kept, broken.detail) == (False, detail)


@pytest.mark.parametrize(
    ("seen_at", "kept"),
    [
        ((3.0, 13.1), True),
        ((3.0, 12.0, 22.5), True),
        ((3.0, 16.0), False),
        ((3.0, 4.0), False),
        ((3.0,), False),
        ((), False),
    ],
)
def test_statistics_come_every_ten_seconds_give_or_take_two(
    seen_at: tuple[float, ...], kept: bool
) -> None:
    assert judge_statistics(seen_at).kept is kept


def test_its_lines_fit_80_columns() -> None:
    slow = Passage(4.012, 4.018, 4.021)
    verdicts = [*judge_approval(slow, slow), judge_statistics((1.0, 11.0, 21.0, 31.0, 41.0))]
    assert [v for v in verdicts if len(f"  ✓ {v.promise:<42} {v.detail}") > 80] == []
