"""What the operator would do is what the files say."""

from __future__ import annotations

import pytest

from tests.operator.core.golden_plans import CASES, FOLDER, golden


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_as_the_file_says(name: str) -> None:
    expected = (FOLDER / f"{name}.json").read_text()
    assert golden(CASES[name]()) == expected, "python -m tests.operator.core.golden_plans"


def test_no_file_is_left_of_a_case_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES)
