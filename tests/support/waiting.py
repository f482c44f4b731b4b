"""Waiting for what another process does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS = 30.0
_PAUSE = 0.05


def wait_until(done: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Ask again and again. Raises AssertionError where it is not so in time."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s"
        time.sleep(_PAUSE)
