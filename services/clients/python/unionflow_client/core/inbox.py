"""What waits for the program, in order: events, gaps to reload for, and how far it has come.

The store follows this and not what came in: an event that only waits would be lost with the
process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from unionflow_client.core.bookmark import Bookmark
from unionflow_client.core.effects import Range
from unionflow_client.events import Event


@dataclass(frozen=True, slots=True)
class Gap:
    """A reload that is owed. cursor: where the program is once it succeeded."""

    ranges: Sequence[Range]
    cursor: str | None


class Inbox:
    """Bounded by its reader: at `bound` events it is full, until half of them are done with.

    What is in the line: (event, position) of an event, a text for a cursor, a Gap.
    """

    def __init__(self, bound: int) -> None:
        self.done = Bookmark()
        self.waiting = 0
        self.is_full = False
        self._bound = bound
        self._line: deque[tuple[Event, str | None] | str | Gap] = deque()
        self._handed = 0  # entries at the front that the program has, cursors between them too

    def put_event(self, event: Event, position: str | None) -> None:
        """One more event waits."""
        self._line.append((event, position))
        self.waiting += 1
        if self.waiting >= self._bound:
            self.is_full = True

    def put_cursor(self, cursor: str) -> bool:
        """Everything before this place is covered by the cursor. Whether `done` moved."""
        if not self._line:
            self.done.on_cursor(cursor)
            return True
        self._line.append(cursor)
        return False

    def put_gap(self, gap: Gap) -> None:
        """Nothing after this place is handed out before its reload succeeded."""
        self._line.append(gap)

    def take(self) -> Event | None:
        """The next event for the program; None: none now."""
        line = self._line
        while self._handed < len(line):
            entry = line[self._handed]
            if type(entry) is tuple:
                self._handed += 1
                return entry[0]
            if type(entry) is Gap:
                return None
            self._handed += 1
        return None

    def finish(self) -> bool:
        """The program is done with the oldest event that it has. Whether a cursor was reached."""
        entry = self._line.popleft()
        if type(entry) is not tuple:
            raise TypeError("finish() without take()")
        self._handed -= 1
        self.waiting -= 1
        if self.is_full and self.waiting <= self._bound // 2:
            self.is_full = False
        if entry[1] is not None:
            self.done.on_position(entry[1])
        return self._pass_cursors()

    def owed(self) -> Gap | None:
        """The reload that is to be called now: all before it is done with."""
        head = self._line[0] if self._line else None
        return head if type(head) is Gap else None

    def reloaded(self) -> bool:
        """The owed reload succeeded. Whether a cursor was reached."""
        gap = self._line.popleft()
        if type(gap) is not Gap:
            raise TypeError("reloaded() without owed()")
        if gap.cursor is not None:
            self.done.on_cursor(gap.cursor)
        return self._pass_cursors() or gap.cursor is not None

    def forget_cursors(self) -> None:
        """The relay cannot read them: what waits stays, but leads to no cursor."""
        self.done.forget()
        line = self._line
        handed = sum(type(entry) is tuple for entry in islice(line, self._handed))
        kept = [Gap(e.ranges, None) if type(e) is Gap else e for e in line if type(e) is not str]
        line.clear()
        line.extend(kept)
        self._handed = handed

    def _pass_cursors(self) -> bool:
        line, reached = self._line, False
        while line and type(line[0]) is str:
            self.done.on_cursor(line.popleft())  # type: ignore[arg-type]  # mypy narrows no line[0]
            self._handed -= self._handed > 0
            reached = True
        return reached
