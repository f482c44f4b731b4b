"""Plays a case of the table to the Python session, and collects what comes out by channels."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.contract.table import STRICT_CHANNELS, Case
from unionflow_client.core.address import Wish
from unionflow_client.core.effects import (
    Access,
    Ask,
    Close,
    Effect,
    Open,
    Purpose,
    Reading,
    Reload,
    Send,
    Slow,
    Store,
)
from unionflow_client.core.options import Options
from unionflow_client.core.session import Session
from unionflow_client.core.status import Change
from unionflow_client.events import Event

API_BASE = "https://api.example.org"
Step = Mapping[str, Any]


def make_session(case: Case) -> Session:
    """The client that a case's options ask for."""
    said = case.options
    wish = Wish(
        said.get("organizations", ()),
        said.get("user"),
        said.get("eventTypes", ()),
        said.get("conflate", ()),
    )
    options = Options(
        said.get("url", said.get("apiBase", API_BASE)),
        wish,
        has_tokens=said.get("tokens", False),
        can_reload=said.get("reload", True),
        from_earliest=said.get("from") == "earliest",
        queue=said.get("queue", 1_000),
        remember=said.get("remember", 10_000),
    )
    numbers = iter(case.random)
    return Session(options, lambda: next(numbers, 0.5), said.get("stored"))


class Player:
    """One case on one session. seen: channel -> what came since the step before."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.session = make_session(case)
        self.seen: dict[str, list[Any]] = {}
        self._connected = False
        self._held = case.options.get("program") == "held"

    def play(self) -> None:
        """Every step, each compared."""
        for number, step in enumerate(self.case.steps):
            self.seen = {}
            self._pass_time(step["at"])
            self._give(step)
            self._collect(step["at"])
            self._compare(number, step)

    # In

    def _pass_time(self, until: float) -> None:
        for _ in range(10_000):
            due = self.session.deadline()
            if due is None or due > until:
                return
            self.session.on_time(due)
            self._collect(due)
        raise AssertionError("timers fire without end")

    def _give(self, step: Step) -> None:
        session, at = self.session, step["at"]
        inputs: Mapping[str, Callable[[Any], object]] = {
            "connect": lambda _: session.connect(at),
            "disconnect": lambda _: session.disconnect(),
            "opened": lambda said: session.on_opened(at, agreed=said is True),
            "failed": lambda said: session.on_failed(
                at, said.get("status"), said.get("retryAfterMs", 0)
            ),
            "frame": lambda said: self._give_frames(said, step),
            "text": lambda said: session.on_text(at, said),
            "binary": lambda _: session.on_binary(at),
            "closed": lambda said: session.on_closed(at, said["code"], said["reason"]),
            "token": lambda said: session.on_token(at, Purpose(said["for"]), said.get("value")),
            "reloaded": lambda said: session.on_reloaded(at, succeeded=said is True),
            "network": lambda said: session.on_network(at, is_up=said == "online"),
            "page": lambda said: session.on_visible(at) if said == "visible" else None,
            "take": lambda said: self._finish(said, at),
        }
        for name in inputs.keys() & step.keys():
            inputs[name](step[name])

    def _finish(self, count: int, at: float) -> None:
        for _ in range(count):
            self.session.finish(at)

    def _give_frames(self, frame: Step, step: Step) -> None:
        for number in range(step.get("repeat", 1)):
            text = json.dumps(frame).replace("{i}", str(number))
            self.session.on_text(step["at"], text, step.get("id"))

    # Out

    def _collect(self, at: float) -> None:
        while True:
            for effect in self.session.drain():
                self._note(effect)
            event = self.session.take()
            if event is None:
                return
            self._see("events", event)
            if not self._held:
                self.session.finish(at)

    def _see(self, channel: str, what: object) -> None:
        self.seen.setdefault(channel, []).append(what)

    def _note(self, effect: Effect) -> None:
        if isinstance(effect, Change):
            self._see("status", [effect.state.value, effect.reason and effect.reason.value])
            if self._connected != effect.is_connected:
                self._connected = effect.is_connected
                self._see("connected", self._connected)
        elif (known := _CHANNELS.get(type(effect))) is not None:
            channel, words = known
            self._see(channel, words(effect))

    # Compared

    def _compare(self, number: int, step: Step) -> None:
        expected = step.get("expect", {})
        for channel in {*STRICT_CHANNELS, *expected}:
            wanted, seen = expected.get(channel, []), self.seen.get(channel, [])
            where = f"step {number} at {step['at']}: {channel}: {seen} is not {wanted}"
            assert _agree(channel, wanted, seen), where


def _opening(effect: Open) -> dict[str, Any]:
    parts = urlsplit(effect.url)
    query: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query[name] = value if name not in query else [*_listed(query[name]), value]
    cursor = query.pop("cursor", None)
    return {
        "transport": effect.way.value,
        "url": parts._replace(query="").geturl(),
        "query": query,
        "cursor": cursor if effect.cursor is None else effect.cursor,
        "token": effect.token,
    }


_CHANNELS: Mapping[type[Effect], tuple[str, Callable[[Any], object]]] = {
    Open: ("open", _opening),
    Send: ("send", lambda effect: json.loads(effect.text)),
    Close: ("close", lambda effect: effect.code),
    Ask: ("ask", lambda effect: effect.purpose.value),
    Reload: ("reload", lambda effect: [asdict(gone) for gone in effect.ranges]),
    Store: ("store", lambda effect: effect.cursor),
    Reading: ("reading", lambda effect: effect.wanted),
    Slow: ("slow", lambda effect: effect.waiting),
    Access: ("access", lambda effect: effect.frame),
}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _agree(channel: str, wanted: Any, seen: Sequence[Any]) -> bool:
    if channel == "events" and isinstance(wanted, dict):
        return len(seen) == int(wanted["count"])
    if channel not in ("events", "open"):
        return bool(wanted == seen)
    fits = _is_event if channel == "events" else _is_part
    return len(wanted) == len(seen) and all(map(fits, wanted, seen))


def _is_part(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    return all(seen.get(name) == value for name, value in wanted.items())


def _is_event(wanted: Any, seen: Event) -> bool:
    said = {
        "id": seen.id,
        "eventType": seen.type,
        "timestamp": seen.timestamp,
        "organizationId": seen.organization_id,
        "userId": seen.user_id,
        "data": seen.data,
        "class": type(seen).__name__,
    }
    return _is_part({"id": wanted} if isinstance(wanted, str) else wanted, said)
