"""The table of cases from its files: in a wheel beside this package, else in the checkout."""

from __future__ import annotations

import json
from pathlib import Path

from unionflow_cli.conformance.core.cases import Case, cases_of
from unionflow_cli.errors import Unavailable

_PACKAGED = Path(__file__).parents[1] / "cases"
_IN_THE_CHECKOUT = Path(__file__).parents[5] / "tests" / "contract" / "cases"


def all_cases() -> list[Case]:
    """Every case of every file, in the order of the files.

    Raises:
        Unavailable: this installation came without them.
    """
    folder = _PACKAGED if _PACKAGED.is_dir() else _IN_THE_CHECKOUT
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise Unavailable(f"the table of cases is not at {folder}", "install the package anew")
    return [case for path in paths for case in cases_of(json.loads(path.read_text("utf-8")))]
