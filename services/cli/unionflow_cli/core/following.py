"""One follower of the relay as a Sans-I/O machine: `unionflow.v1` frames in, what to do out."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unionflow_cli.core.reconnect import Bookmark, Reconnect

REMEMBERED_IDS = 10_000


@dataclass(frozen=True, slots=True)
class Show:
    """An event that was not shown before."""

    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence about the connection. caution: events are missing."""

    text: str
    caution: bool = False


@dataclass(frozen=True, slots=True)
class LeaveIn:
    """Stay connected for this many seconds, then close and connect again at once."""

    seconds: float


Action = Show | Say | LeaveIn


class Following:
    """Keeps the bookmark, drops repeats (the newest 10,000 ids), and words what happened."""

    def __init__(self) -> None:
        self.bookmark = Bookmark()
        self.reconnect = Reconnect(self.bookmark)
        self._ids: OrderedDict[str, None] = OrderedDict()
        self.connected_before = False

    def on_frame(self, text: str) -> Sequence[Action]:
        """Take one frame; what is not known is ignored, as the wire reference asks."""
        try:
            frame = json.loads(text)
        except ValueError:
            return ()
        if not isinstance(frame, dict):
            return ()
        if frame.get("type") == "event":
            return self._on_event(frame)
        cursor = frame.get("cursor")
        if isinstance(cursor, str) and frame.get("type") != "access":
            self.bookmark.on_cursor(cursor)
        return self._on_other(frame)

    def _on_event(self, frame: Mapping[str, Any]) -> Sequence[Action]:
        event = frame.get("event")
        if not isinstance(event, dict):
            return ()
        if isinstance(frame.get("position"), str):
            self.bookmark.on_position(frame["position"])
        name = str(event.get("id"))
        if name in self._ids:
            return ()
        self._ids[name] = None
        if len(self._ids) > REMEMBERED_IDS:
            self._ids.popitem(last=False)
        return (Show(event),)

    def _on_other(self, frame: Mapping[str, Any]) -> Sequence[Action]:
        match frame.get("type"):
            case "welcome":
                again, self.connected_before = self.connected_before, True
                return (Say("online again" if again else "online, live from now"),)
            case "recovered":
                count = frame.get("replayed", 0)
                return (Say(f"caught up: {count} missed events came, nothing is missing"),)
            case "truncated":
                return tuple(_gaps(frame.get("ranges")))
            case "reconnect":
                self.reconnect.on_announced()
                return (LeaveIn(_seconds(frame.get("afterMs"))),)
            case "error":
                return (Say(f"the relay says: {frame.get('message')}", caution=True),)
            case _:
                return ()


def _seconds(after_ms: object) -> float:
    return max(2.0, after_ms / 1000) if isinstance(after_ms, int | float) else 2.0


def _gaps(ranges: object) -> list[Say]:
    """One sentence per reason: a resume can lose a range in each of dozens of partitions."""
    by_reason: dict[str, list[Mapping[str, Any]]] = {}
    for gap in ranges if isinstance(ranges, list) else []:
        if isinstance(gap, dict):
            by_reason.setdefault(str(gap.get("reason")), []).append(gap)
    told = [_gap(reason, gaps) for reason, gaps in by_reason.items()] or ["some events are gone"]
    return [Say(f"truncated: {text}", caution=True) for text in told]


def _gap(reason: str, gaps: Sequence[Mapping[str, Any]]) -> str:
    topics = sorted({str(gap.get("topic") or "a topic that is gone") for gap in gaps})
    where = topics[0] if len(topics) == 1 else f"{topics[0]} and {len(topics) - 1} more topics"
    match reason:
        case "retention":
            return f"{_at_most(gaps)} are no longer in Kafka: {where}"
        case "topic-replaced":
            return f"made again, with their unread events gone: {where}"
        case "beyond-end":
            return f"Kafka has lost the end of what was read: {where}"
        case _:
            return f"{_at_most(gaps)} were not sent ({reason}): {where}"


def _at_most(gaps: Sequence[Mapping[str, Any]]) -> str:
    """Offsets are all records of a partition, those for others among them."""
    bounds = [(gap.get("requested"), gap.get("earliest")) for gap in gaps]
    count = sum(b - a for a, b in bounds if isinstance(a, int) and isinstance(b, int))
    return f"at most {count} events"
