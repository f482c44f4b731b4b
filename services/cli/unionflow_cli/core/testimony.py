"""What one client of a trial received, from its raw frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unionflow_cli.core.trial import Dialect, Witness

BARE, JSON = "bare", "JSON"
PINGS: Mapping[Dialect, Mapping[str, str]] = {
    Dialect.PLAIN: {BARE: "ping", JSON: '{"type":"ping"}'},
    Dialect.V1: {JSON: '{"type":"ping"}'},
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One text message. at: monotonic seconds when it had been read."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One event that a client received; position only in `unionflow.v1`."""

    at: float
    event: Mapping[str, Any]
    position: str | None

    @property
    def id(self) -> str:
        """The event's id."""
        return str(self.event.get("id"))

    @property
    def event_type(self) -> str:
        """The event's type."""
        return str(self.event.get("eventType"))

    @property
    def organization_id(self) -> str | None:
        """Whose it is, as the event says."""
        return self.event.get("organizationId")

    @property
    def user_id(self) -> str | None:
        """Which person's it is, where it is one's."""
        return self.event.get("userId")


@dataclass(frozen=True, slots=True)
class Testimony:
    """One client's frames, sorted. pings are the forms that it asked in, pongs those answered."""

    witness: Witness
    seen: tuple[Seen, ...]
    pongs: frozenset[str] = frozenset()
    welcome_cursor: str | None = None
    heartbeat_seconds: float = 0.0
    heartbeat_cursors: tuple[str, ...] = ()

    @property
    def pings(self) -> Iterable[str]:
        """The forms in which a client of this dialect may ask."""
        return PINGS[self.witness.dialect]


def sort_frames(witness: Witness, frames: Iterable[Frame]) -> Testimony:
    """Sort a client's frames. Frames of a kind that is not known are left out, as clients do."""
    seen: list[Seen] = []
    pongs: set[str] = set()
    cursors: list[str] = []
    welcome: Mapping[str, Any] = {}
    for frame in frames:
        body = _read(frame.text)
        kind = body.get("type")
        if frame.text == "pong":
            pongs.add(BARE)
        elif kind == "pong":
            pongs.add(JSON)
        elif witness.dialect is Dialect.PLAIN and "eventType" in body:
            seen.append(Seen(frame.at, body, None))
        elif kind == "event" and isinstance(body.get("event"), dict):
            seen.append(Seen(frame.at, body["event"], body.get("position")))
        elif kind == "heartbeat":
            cursors.append(str(body.get("cursor") or ""))
        elif kind == "welcome":
            welcome = body
    return Testimony(
        witness,
        tuple(seen),
        frozenset(pongs),
        welcome.get("cursor"),
        float(welcome.get("heartbeatSeconds", 0)),
        tuple(cursors),
    )


def _read(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
