"""What `unionflow dev` does before there is something to see: a line per step, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from unionflow_cli import terminal


class Step:
    """One step in progress. `say` may be called from any thread; `result` is shown at its end."""

    def __init__(self, what: str, console: Console, status: Status | None) -> None:
        self.result = ""
        self._what = what
        self._console = console
        self._status = status

    def say(self, text: str) -> None:
        """What takes so long: in place at a terminal, else a line of its own."""
        if self._status is not None:
            self._status.update(f"{self._what}: {text}")
        else:
            terminal.line(self._console, f"  {self._what}: {text}")


class Steps:
    """Progress on standard error: a spinner while a step lasts, then its line."""

    def __init__(self) -> None:
        self._console = terminal.messages()

    @contextmanager
    def step(self, what: str, doing: str) -> Iterator[Step]:
        """Show `doing` while the block runs, then `what`, its result and its seconds."""
        began = time.monotonic()
        if terminal.is_terminal(self._console):
            with self._console.status(f"{what}: {doing}", spinner="dots") as status:
                step = Step(what, self._console, status)
                yield step
        else:
            step = Step(what, self._console, None)
            yield step
        took = f"{time.monotonic() - began:.1f} s"
        done = Text.assemble(("  ✓ ", "good"), f"{what:<8}{step.result:<58}", (took, "quiet"))
        terminal.line(self._console, done)
