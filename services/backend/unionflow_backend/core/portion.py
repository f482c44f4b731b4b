"""How many rows of the outbox make a round: as many as go to Kafka and are marked in a moment.

Whoever is killed between Kafka's answer and the mark leaves the rows of that round to be published
again. So a round is short by its time, whatever the speed of Kafka and the database, and a process
that has just begun takes few: one that is killed again and again repeats little.
"""

from __future__ import annotations

from typing import Final

LEAST: Final = 50
MOST: Final = 1_000
SHORT_SECONDS: Final = 0.1
LONG_SECONDS: Final = 0.3


class Portion:
    """The rows of the next round: LEAST to MOST."""

    def __init__(self) -> None:
        self.rows = LEAST

    def on_round(self, rows: int, seconds: float) -> None:
        """A round has moved so many rows in this time."""
        if seconds > LONG_SECONDS:
            self.rows = max(LEAST, self.rows // 2)
        elif seconds < SHORT_SECONDS and rows >= self.rows:
            self.rows = min(MOST, self.rows * 2)
