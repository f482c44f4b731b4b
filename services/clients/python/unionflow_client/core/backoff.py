"""How long to wait before the next try, so that ten thousand clients do not come back at once."""

from __future__ import annotations

from collections.abc import Callable

MAX_WAIT_MS = 60_000.0
FIRST_WAIT_MS = 1_000.0
_ENOUGH = 10  # 2^10 s is far beyond the maximum; larger powers are of no use


class Backoff:
    """Counts failures: `random * min(60 s, 2^n s)`, full jitter.

    dice: a number n, 0 <= n < 1, thrown once for each wait.
    """

    __slots__ = ("_dice", "_failures")

    def __init__(self, dice: Callable[[], float]) -> None:
        self._dice = dice
        self._failures = 0

    def wait_ms(self) -> float:
        """The wait after one more failure, 0 <= ms <= 60,000."""
        longest = min(MAX_WAIT_MS, FIRST_WAIT_MS * (1 << min(self._failures, _ENOUGH)))
        self.failed()
        return self._dice() * longest

    def failed(self) -> None:
        """One more failure, with no wait after it."""
        self._failures += 1

    def succeeded(self) -> None:
        """The failures so far no longer count."""
        self._failures = 0
