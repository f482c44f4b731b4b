"""What clients there are, and which cases each can be held to.

The level of a case follows from what it needs, so that a new case needs no mark of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from unionflow_cli.conformance.core.cases import Case, Step, input_of, is_expected


class Level(StrEnum):
    """How much of the wire a client speaks; each but the first holds what `RESUME` does."""

    PLAIN = "plain"
    RESUME = "resume"
    FULL = "full"


class Time(StrEnum):
    """How a client's clock is made fast: divided, or in the server's hand."""

    SCALED = "scaled"
    VIRTUAL = "virtual"


_PLAIN_INPUTS: Final = frozenset({"connect", "disconnect", "opened", "failed", "frame", "closed"})
_PLAIN_FRAMES: Final = frozenset({"welcome", "event", "pong"})
_PLAIN_SUBJECTS: Final = frozenset(
    {"address", "backoff", "closing", "events", "frames", "heartbeat", "refusals"}
)
_PLAIN_CHANNELS: Final = frozenset({"open", "send", "close", "events"})
_RESUME_INPUTS: Final = _PLAIN_INPUTS | {"text", "binary", "token", "reloaded"}
_RESUME_CHANNELS: Final = _PLAIN_CHANNELS | {"ask", "reload"}
_RESUME_OPTIONS: Final = frozenset(
    {"apiBase", "organizations", "eventTypes", "tokens", "reload", "stored", "from", "remember"}
)
_SOON_MS: Final = 1_000
_HANDSHAKE_MS: Final = 30_000
_NEARLY_STABLE_MS, _STABLE_MS = 50_000, 60_000

# Loose channels that are compared at each level; strict ones always are.
LOOSE: Final[Mapping[Level, Sequence[str]]] = {
    Level.PLAIN: (),
    Level.RESUME: (),
    Level.FULL: ("store", "status", "connected", "slow", "access"),
}
_STRICT_OF: Final = {Level.PLAIN: _PLAIN_CHANNELS, Level.RESUME: _RESUME_CHANNELS}


def chosen(
    cases: Iterable[Case], level: Level, time: Time, *, browser: bool
) -> tuple[list[Case], list[Case]]:
    """Those that a client is held to, and those that cannot be seen of it.

    browser: it stands on the browser's WebSocket, which hides HTTP's status from scripts.
    """
    held: list[Case] = []
    unseen: list[Case] = []
    for case in cases:
        if not belongs(case, level):
            continue
        visible = not _hides_in_sockets(case) and not (browser and _hides_in_browsers(case))
        visible = visible and not (time is Time.SCALED and hangs_on_a_moment(case))
        (held if visible else unseen).append(case)
    return held, unseen


def belongs(case: Case, level: Level) -> bool:
    """Whether a client of this level owes it."""
    if level is Level.FULL:
        return True
    if case.rejects or any(_is_sse(step) for step in case.steps):
        return False
    inputs = {name for step in case.steps if (name := input_of(step)) is not None}
    needed = {name for step in case.steps for name in _channels(step)}
    if level is Level.RESUME:
        fits = inputs <= _RESUME_INPUTS and set(case.options) <= _RESUME_OPTIONS
        return (
            fits and needed & _RESUME_CHANNELS == needed - _told(needed) and not _asks_status(case)
        )
    return (
        case.subject in _PLAIN_SUBJECTS
        and inputs <= _PLAIN_INPUTS
        and set(case.options) <= {"apiBase"}
        and needed - _told(needed) <= _PLAIN_CHANNELS
        and not any(_beyond_plain(step) for step in case.steps)
        and _welcomes_at_once(case.steps)
    )


def strict_channels(level: Level) -> Iterable[str]:
    """What a step that names none of them promises to stay silent."""
    return _STRICT_OF.get(level, _RESUME_CHANNELS)


def hangs_on_a_moment(case: Case) -> bool:
    """Whether it turns on a few milliseconds, which only a clock in the server's hand can show.

    So it does where something is put in just before a timer of the client would act, or a
    connection is ended just before its stable minute is over.
    """
    since = welcomed = 0
    for step in case.steps:
        at = step["at"]
        if input_of(step) in {"frame", "text", "binary", "closed"} and at - since >= _SOON_MS:
            return True
        if "closed" in step and _NEARLY_STABLE_MS <= at - welcomed < _STABLE_MS:
            return True
        if step.get("frame", {}).get("type") == "welcome":
            welcomed = at
        if step.get("expect"):
            since = at
    return False


def _channels(step: Step) -> Iterator[str]:
    expected: Mapping[str, Any] = step.get("expect", {})
    return (name for name in expected if is_expected(step, name))


def _told(channels: Iterable[str]) -> set[str]:
    """What a program is told beside its events: only the full level has to tell it."""
    return set(channels) & {"status", "connected", "store", "slow", "reading", "access"}


def _asks_status(case: Case) -> bool:
    """Whether nothing but statuses and stores is to be seen in it."""
    return not any(is_expected(s, name) for s in case.steps for name in _RESUME_CHANNELS)


def _is_sse(step: Step) -> bool:
    openings = step.get("expect", {}).get("open", [])
    return any(opening.get("transport") == "sse" for opening in openings)


def _beyond_plain(step: Step) -> bool:
    frame = step.get("frame", {"type": "pong"})
    if frame.get("type") == "event":
        event = frame.get("event")
        return not isinstance(event, dict) or not isinstance(event.get("eventType"), str)
    return frame.get("type") not in _PLAIN_FRAMES or step.get("opened") not in (None, True)


def _welcomes_at_once(steps: Sequence[Step]) -> bool:
    """Without a welcome, a plain client counts its minute from the handshake."""
    opened = None
    for step in steps:
        if "opened" in step:
            opened = step["at"]
        if step.get("frame", {}).get("type") == "welcome":
            if opened is None or step["at"] - opened > _SOON_MS:
                return False
            opened = None
        if opened is not None and step["at"] - opened >= _HANDSHAKE_MS:
            return False
    return True


def _hides_in_sockets(case: Case) -> bool:
    """A wait of no time, and an end that comes while nobody reads: only a session shows them."""
    return 0 in case.random or (
        "queue" in case.options and any("closed" in step for step in case.steps)
    )


def _hides_in_browsers(case: Case) -> bool:
    """Refused handshakes, and reading that stops: a browser's script sees and can do neither."""
    return any(
        "status" in step.get("failed", {})
        or step.get("opened") not in (None, True)
        or is_expected(step, "reading")
        for step in case.steps
    ) or (case.options.get("program") == "held" and "queue" in case.options)
