"""From frames to the program: what is new, in which order, and where a client would resume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unionflow_client.core import frames
from unionflow_client.core.backoff import Backoff
from unionflow_client.core.bookmark import Bookmark
from unionflow_client.core.effects import Effect, Lost, Reading, Reload, Slow, Store
from unionflow_client.core.inbox import Gap, Inbox
from unionflow_client.core.keeper import Keeper
from unionflow_client.core.options import Options
from unionflow_client.core.repeats import Repeats
from unionflow_client.events import Event, make_event


class Intake:
    """The part of a session that outlives its connections.

    effects: the session's list, appended to. reading: whether the program keeps up.
    """

    def __init__(
        self,
        options: Options,
        dice: Callable[[], float],
        stored: str | None,
        effects: list[Effect],
    ) -> None:
        self.reading = True
        self._can_reload = options.can_reload
        self._effects = effects
        self._bookmark = Bookmark()
        self._inbox = Inbox(options.queue)
        self._keeper = Keeper(self._inbox.done, stored)
        self._repeats = Repeats(options.remember)
        self._backoff = Backoff(dice)
        self._owes_reload = False
        self._reloading = False
        self._reload_at: float | None = None
        if stored:
            self._bookmark.on_cursor(stored)
            self._inbox.done.on_cursor(stored)

    @property
    def store_due(self) -> float | None:
        """When what is done is to be stored."""
        return self._keeper.due

    def resume_text(self) -> str | None:
        """What the next connection asks with: all that came, also what still waits here."""
        return self._bookmark.text()

    # What comes

    def on_event(self, frame: Mapping[str, Any], id: str | None) -> bool:
        """An `event` frame. Whether the program has fallen behind with it."""
        raw = frame.get("event")
        event = make_event(raw) if type(raw) is dict else None
        if event is None:
            return False
        position = frame.get("position")
        if type(position) is not str:
            position = None
        else:
            self._bookmark.on_position(position)
        if self._repeats.is_new(event.id):
            self._inbox.put_event(event, position)
        if id is not None:
            self.on_cursor(id)
        if not self.reading or not self._inbox.is_full:
            return False
        self.reading = False
        self._effects += [Reading(wanted=False), Slow(self._inbox.waiting)]
        return True

    def on_cursor(self, cursor: str | None) -> None:
        """A frame's cursor: it covers everything before it."""
        if cursor is None:
            return
        self._bookmark.on_cursor(cursor)
        if self._inbox.put_cursor(cursor):
            self.store()

    def on_welcome(self, cursor: str | None) -> None:
        """A connection begins here."""
        if self._owes_reload:
            self._owes_reload = False
            self._put_gap(Gap((), cursor))
        self.on_cursor(cursor)

    def on_truncated(self, frame: Mapping[str, Any]) -> None:
        """Something is gone: a reload is owed here, before what follows."""
        cursor = frames.cursor_of(frame)
        if cursor is not None:
            self._bookmark.on_cursor(cursor)
        self._put_gap(Gap(frames.ranges_of(frame), cursor))

    def drop_cursor(self) -> None:
        """The relay cannot read it. A reload is owed at the next welcome."""
        self._owes_reload = True
        self._bookmark.forget()
        self._inbox.forget_cursors()
        if self._keeper.forget():
            self._effects.append(Store(None))

    # What the program does

    def take(self) -> Event | None:
        """The next event; None: none now."""
        return self._inbox.take()

    def finish(self, now: float) -> bool:
        """The oldest event taken is done with. Whether reading can go on again."""
        if self._inbox.finish():
            self.store()
        elif self._keeper.due is None:
            self._keeper.soon(now)
        self._reload_if_owed()
        return self._keeps_up_again()

    def on_reloaded(self, now: float, *, succeeded: bool) -> bool:
        """The reload has ended. Whether reading can go on again."""
        self._reloading = False
        if not succeeded:
            self._reload_at = now + self._backoff.wait_ms()
            return False
        self._backoff.succeeded()
        if self._inbox.reloaded():
            self.store()
        self._reload_if_owed()
        return self._keeps_up_again()

    # Time

    def deadline(self) -> float | None:
        """When `on_time` is wanted."""
        due, again = self._keeper.due, self._reload_at
        return min(due, again) if due is not None and again is not None else due or again

    def on_time(self, now: float) -> None:
        """Do what is due."""
        if self._keeper.due is not None and self._keeper.due <= now:
            self.store()
        if self._reload_at is not None and self._reload_at <= now:
            self._reload_at = None
            self._reload_if_owed()

    def store(self) -> None:
        """Keep how far the program is, if that is not kept yet."""
        text = self._keeper.take()
        if text is not None:
            self._effects.append(Store(text))

    # Inside

    def _put_gap(self, gap: Gap) -> None:
        if self._can_reload:
            self._inbox.put_gap(gap)
            self._reload_if_owed()
            return
        self._effects.append(Lost(gap.ranges))
        if gap.cursor is not None and self._inbox.put_cursor(gap.cursor):
            self.store()

    def _reload_if_owed(self) -> None:
        gap = self._inbox.owed()
        if gap is not None and not self._reloading and self._reload_at is None:
            self._reloading = True
            self._effects.append(Reload(gap.ranges))

    def _keeps_up_again(self) -> bool:
        if self.reading or self._inbox.is_full:
            return False
        self.reading = True
        self._effects.append(Reading(wanted=True))
        return True
