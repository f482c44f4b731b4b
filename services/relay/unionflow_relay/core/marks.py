"""What ends each client's events of one piece of a replay, where they are server-sent events."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from unionflow_relay.core.convoy import Convoy
from unionflow_relay.core.event_stream import mark
from unionflow_relay.core.lanes import cursor_text

M = TypeVar("M", bound=Hashable)

MARK_EVENTS = 1_000
"""A client that is cut off gets at most so many events of a replay again."""


class Marks(Generic[M]):
    """The marks of one piece. Clients that are nowhere ahead of their convoy share one."""

    def __init__(self, convoy: Convoy[M]) -> None:
        self._convoy = convoy
        self._shared: bytes | None = None

    def of(self, member: M) -> bytes:
        """The mark of a client that the piece was just written to, and which was served."""
        if self._convoy.is_ahead(member):
            return self._of(member)
        if self._shared is None:
            self._shared = self._of(member)
        return self._shared

    def forget(self) -> None:
        """Others had their turn, and the convoy may have changed."""
        self._shared = None

    def _of(self, member: M) -> bytes:
        return mark(cursor_text(self._convoy.progress_of(member)))
