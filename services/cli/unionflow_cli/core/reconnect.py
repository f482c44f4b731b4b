"""What a client does when its connection ends: come back, when, with which cursor, or stop.

The rules are those of the wire reference: what each close code asks, full jitter, and a cursor
that is kept word for word and never taken apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_DELAY_SECONDS = 60.0
STABLE_SECONDS = 60.0
MAX_QUERY_CURSOR_BYTES = 4096
CURSOR_IN_MESSAGE = "message"

_STOP = {
    1000: "the relay said goodbye",
    1002: "the relay says that this client broke the WebSocket protocol",
    1003: "the relay takes no binary messages",
    1007: "the relay says that this client sent invalid UTF-8",
    1009: "the relay says that this client's message is too big",
    4401: "the relay wants a token, and this one is missing, invalid or expired",
    4403: "the relay does not allow this organisation",
}
_AGAIN = {
    1012: "the relay restarts",
    1013: "the relay is full",
    4408: "this client read too slowly",
    4409: "the relay heard nothing from this client",
    4429: "too many messages or connections from here",
}
_REFUSALS_THAT_PASS = frozenset({429, 500, 502, 503, 504})
_MALFORMED = 4400


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait before the try after `attempt` failed ones: min(60, 2^n), full jitter.

    chance: 0 <= chance < 1, drawn by the caller.
    """
    return chance * min(MAX_DELAY_SECONDS, 2.0 ** min(attempt, 10))


@dataclass(frozen=True, slots=True)
class Again:
    """Connect again after `delay` seconds; `why` completes "offline: …"."""

    delay: float
    why: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Do not connect again. `clean`: a goodbye, not a refusal."""

    why: str
    clean: bool = False


Decision = Again | Stop


@dataclass(slots=True)
class Bookmark:
    """Where to resume: the newest cursor, and the newest position per partition since it.

    The positions are bounded by the number of partitions, and a new cursor empties them.
    """

    _cursor: str | None = None
    _positions: dict[str, str] = field(default_factory=dict)

    def on_cursor(self, cursor: str) -> None:
        """A frame carried a cursor: it covers everything before it."""
        self._cursor = cursor
        self._positions.clear()

    def on_position(self, position: str) -> None:
        """An event came; its position's part before the last dot names its partition."""
        self._positions[position.rpartition(".")[0]] = position

    def forget(self) -> None:
        """The relay could not read it: start from now."""
        self._cursor = None
        self._positions.clear()

    def text(self) -> str | None:
        """What to resume with, or None for live from now."""
        return "~".join([self._cursor, *self._positions.values()]) if self._cursor else None

    def query(self) -> str | None:
        """The value of `?cursor=`: a text over 4 KB goes as the first message instead."""
        text = self.text()
        return CURSOR_IN_MESSAGE if text and len(text) > MAX_QUERY_CURSOR_BYTES else text


@dataclass(slots=True)
class Reconnect:
    """Counts tries and remembers what the relay announced. Times are of one monotonic clock."""

    bookmark: Bookmark
    _attempt: int = 0
    _connected_at: float | None = None
    _announced: bool = False
    _malformed_before: bool = False

    def on_connected(self, now: float) -> None:
        """The handshake is through."""
        self._connected_at = now
        self._announced = False

    def on_announced(self) -> None:
        """A `reconnect` frame: its delay is served by staying connected, and not waited again."""
        self._announced = True

    def on_closed(self, code: int, reason: str, now: float, chance: float) -> Decision:
        """The connection ended with this close code; 1006 where there was none."""
        if self._connected_at is not None and now - self._connected_at >= STABLE_SECONDS:
            self._attempt = 0
            self._malformed_before = False
        self._connected_at = None
        said = f" ({reason})" if reason else ""
        if self._announced and code in (1000, 1012):
            return Again(0.0, "the relay hands over to another")
        if code == _MALFORMED:
            return self._on_malformed(said, chance)
        if code in _STOP:
            return Stop(_STOP[code] + said, clean=code == 1000)
        if 4500 <= code <= 4999:
            return Stop(f"the relay closed with code {code}{said}")
        return self._again(_AGAIN.get(code, f"the connection was lost, code {code}") + said, chance)

    def on_refused(self, status: int, retry_after: float, chance: float) -> Decision:
        """An HTTP answer instead of an upgrade. retry_after: seconds, 0 where there is none."""
        if status not in _REFUSALS_THAT_PASS:
            return Stop(f"the relay answered HTTP {status}")
        again = self._again(f"the relay answered HTTP {status}", chance)
        return Again(min(MAX_DELAY_SECONDS, retry_after) + again.delay, again.why)

    def on_unreachable(self, problem: str, chance: float) -> Decision:
        """Nobody answered at all."""
        return self._again(problem, chance)

    def _again(self, why: str, chance: float) -> Again:
        delay = backoff(self._attempt, chance)
        self._attempt += 1
        return Again(delay, why)

    def _on_malformed(self, said: str, chance: float) -> Decision:
        self.bookmark.forget()
        if self._malformed_before:
            return Stop(f"the relay cannot read what this client sends{said}")
        self._malformed_before = True
        return self._again(f"the relay could not read the cursor; it is dropped{said}", chance)
