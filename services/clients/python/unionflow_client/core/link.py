"""One connection's clocks: is there a welcome, is anybody there, and when to leave."""

from __future__ import annotations

from unionflow_client.core.ways import Way

WELCOME_MS = 30_000.0
PING_MS = 30_000.0
ANSWER_MS = 10_000.0
MISSED_HEARTBEATS = 3


class Link:
    """From the try to its end. Every time is of the session's clock; None: not set.

    with_cursor: it asked to resume, so that its welcome begins a replay.
    leave_at: when a `reconnect` asked it to come back.
    """

    __slots__ = (
        "_answer_due",
        "_heartbeat_ms",
        "_ping_at",
        "_reading",
        "_silent_at",
        "_welcome_due",
        "can_refresh",
        "leave_at",
        "opened",
        "way",
        "welcomed_at",
        "with_cursor",
    )

    def __init__(self, way: Way, now: float, *, with_cursor: bool, reading: bool) -> None:
        self.way = way
        self.with_cursor = with_cursor
        self.opened = False
        self.can_refresh = False
        self.welcomed_at: float | None = None
        self.leave_at: float | None = None
        self._reading = reading
        self._heartbeat_ms = 0.0
        self._welcome_due: float | None = now + WELCOME_MS
        self._ping_at: float | None = None
        self._answer_due: float | None = None
        self._silent_at: float | None = None

    def on_opened(self, now: float) -> None:
        """The handshake is through."""
        self.opened = True
        if self.way is Way.WEBSOCKET:
            self._ping_at = now + PING_MS

    def on_welcome(self, now: float, heartbeat_ms: float) -> None:
        """The relay's first frame."""
        self.welcomed_at = now
        self._welcome_due = None
        self._heartbeat_ms = heartbeat_ms
        self.on_heard(now)

    def on_heard(self, now: float) -> None:
        """Anything came."""
        self._answer_due = None
        if self.way is Way.EVENT_STREAM and self.welcomed_at is not None:
            self._silent_at = now + MISSED_HEARTBEATS * self._heartbeat_ms

    def on_reading(self, now: float, *, reading: bool) -> None:
        """Whether it is read from; what is not read is not missed."""
        self._reading = reading
        if reading and self._answer_due is not None:
            self._answer_due = now + ANSWER_MS
        if reading and self._silent_at is not None:
            self.on_heard(now)

    def probe(self, now: float) -> bool:
        """Whether to send a ping out of turn: none is unanswered."""
        if self.way is not Way.WEBSOCKET or self.welcomed_at is None:
            return False
        if self._answer_due is not None:
            return False
        self._answer_due = now + ANSWER_MS
        return True

    def ping_is_due(self, now: float) -> bool:
        """Whether to send the regular ping; the next one is set."""
        if self._ping_at is None or now < self._ping_at:
            return False
        self._ping_at += PING_MS
        if self._answer_due is None:
            self._answer_due = now + ANSWER_MS
        return True

    def is_dead(self, now: float) -> bool:
        """Whether an answer, the welcome or the heartbeats were missed."""
        return any(due is not None and due <= now for due in self._deaths())

    def deadline(self) -> float | None:
        """When to look again."""
        times = [*self._deaths(), self._ping_at, self.leave_at]
        return min((at for at in times if at is not None), default=None)

    def _deaths(self) -> tuple[float | None, ...]:
        if not self._reading:
            return (self._welcome_due,)
        return self._welcome_due, self._answer_due, self._silent_at
