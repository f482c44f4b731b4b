"""Whether something that should go round still does, told by turns and not by a clock.

A process that was stopped (SIGSTOP, a frozen container) and goes on has not hung. Its clock jumped,
but whoever watches it stood still as well: only turns in which the watcher was awake are counted.
"""

from __future__ import annotations


class Pulse:
    """Beats are heard by a watcher that comes round at a steady pace."""

    __slots__ = ("_beats", "_heard", "_patience", "_silent")

    def __init__(self, patience: int) -> None:
        """patience: turns of the watcher without a beat that are one too many."""
        self._patience = patience
        self._beats = 0
        self._heard = 0
        self._silent = 0

    def beat(self) -> None:
        """It went round. May be called from another thread than the watcher's."""
        self._beats += 1

    def on_turn(self) -> bool:
        """The watcher came round: True while what it watches is taken for alive."""
        if self._beats != self._heard:
            self._heard = self._beats
            self._silent = 0
        else:
            self._silent += 1
        return self.alive

    @property
    def alive(self) -> bool:
        """Whether a beat was heard within `patience` turns."""
        return self._silent < self._patience
