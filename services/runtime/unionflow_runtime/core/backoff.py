"""How long to wait before the next try: doubling, capped, with full jitter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

FIRST_SECONDS = 0.2
CAP_SECONDS = 5.0


class Backoff:
    """Delays for tries in a row; a success starts them anew. Chance is passed in."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._tries = 0

    def next_delay(self) -> float:
        """Seconds to wait, at least FIRST_SECONDS / 2 so that no loop is busy."""
        ceiling = min(CAP_SECONDS, FIRST_SECONDS * 2**self._tries)
        self._tries = min(self._tries + 1, 16)
        return max(FIRST_SECONDS / 2, self._rng.uniform(0, ceiling))

    def reset(self) -> None:
        """A try succeeded."""
        self._tries = 0
