"""A tier of tests whose tools are missing: skipped on a person's machine, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def tier_is_missing(why: str) -> NoReturn:
    """Skip with one line that says what to install; with CI=true fail with it."""
    line = "; ".join(why.splitlines())
    if os.environ.get("CI") == "true":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)
