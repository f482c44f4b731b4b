"""What is to be seen in each step, as far as a client of a level lets it be seen over a socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from unionflow_cli.conformance.core.cases import Case, Step
from unionflow_cli.conformance.core.levels import LOOSE, Level, strict_channels

_PING: Final = {"type": "ping"}
_STRICT_OF_FULL: Final = ("open", "send", "close", "ask", "events", "reload")


class Expectation:
    """Of one case, step by step.

    A program that holds its events has one in hand at a time, whatever the table says came.
    """

    def __init__(self, case: Case, level: Level) -> None:
        self._level = level
        self._held = case.options.get("program") == "held"
        self._promised: list[Any] = []
        self._taken = 0
        self._handed = 0

    def of(self, step: Step) -> Mapping[str, Any]:
        """What is to come on each channel that counts in this step."""
        said: Mapping[str, Any] = step.get("expect", {})
        strict = _STRICT_OF_FULL if self._level is Level.FULL else strict_channels(self._level)
        channels = {*strict, *(name for name in LOOSE[self._level] if name in said)}
        wanted = {name: said.get(name, []) for name in channels}
        wanted["events"] = self._events(step, wanted["events"])
        if self._level is not Level.FULL:
            wanted["events"] = _without_class(wanted["events"])
        if self._level is Level.PLAIN:
            wanted["open"] = [_without_cursor(opening) for opening in wanted["open"]]
        return wanted

    def _events(self, step: Step, said: Any) -> Any:
        if not self._held:
            return said
        self._promised += said
        self._taken += step.get("take", 0)
        until = min(len(self._promised), self._taken + 1)
        begin, self._handed = self._handed, until
        return self._promised[begin:until]


def plain_texts(step: Step) -> Sequence[str | Mapping[str, Any]]:
    """What a frame of the table is in the plain dialect: nothing, an event, an answer."""
    frame = step["frame"]
    if frame.get("type") == "event":
        return [frame["event"]]
    return [{"type": "pong"}] if frame.get("type") == "pong" else []


def message(text: str, parsed: object) -> object:
    """A client's message as the table has it. parsed: its JSON, or None; a bare ping is one too."""
    return _PING if text == "ping" else parsed


def _without_class(wanted: Any) -> Any:
    if isinstance(wanted, Mapping):
        return wanted
    return [
        {k: v for k, v in one.items() if k != "class"} if isinstance(one, Mapping) else one
        for one in wanted
    ]


def _without_cursor(opening: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in opening.items() if name not in ("cursor", "token")}
