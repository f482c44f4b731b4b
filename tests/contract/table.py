"""The table of cases, read from its files: see README.md beside this."""

from __future__ import annotations

import json
from pathlib import Path

from unionflow_cli.conformance.core.cases import (
    INPUTS,
    LOOSE_CHANNELS,
    STRICT_CHANNELS,
    Case,
    cases_of,
)

__all__ = ["BESIDE_AN_INPUT", "INPUTS", "LOOSE_CHANNELS", "STRICT_CHANNELS", "Case", "all_cases"]

CASES = Path(__file__).parent / "cases"
BESIDE_AN_INPUT = frozenset({"at", "expect", "id", "repeat"})


def all_cases() -> list[Case]:
    """Every case of every file, in the order of the files."""
    paths = sorted(CASES.glob("*.json"))
    return [case for path in paths for case in cases_of(json.loads(path.read_text("utf-8")))]
