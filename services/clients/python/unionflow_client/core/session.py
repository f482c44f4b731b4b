"""One client of the relay without I/O: when to connect, what to say, what the program gets.

A shell feeds in what happens, with the time, carries out `drain()` after each, and calls
`on_time` at `deadline()`. Times are milliseconds of one monotonic clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from unionflow_client.core import closing, frames
from unionflow_client.core.address import event_stream_url, websocket_url
from unionflow_client.core.backoff import Backoff
from unionflow_client.core.closing import Ending
from unionflow_client.core.effects import (
    Access,
    Ask,
    Close,
    Complaint,
    Effect,
    Open,
    Purpose,
    Send,
)
from unionflow_client.core.intake import Intake
from unionflow_client.core.link import Link
from unionflow_client.core.options import Options
from unionflow_client.core.phase import Phase
from unionflow_client.core.status import Change, Reason, State
from unionflow_client.core.ways import Way, Ways
from unionflow_client.events import Event

STABLE_MS: Final = 60_000.0
REFRESH_AGAIN_MS: Final = 10_000.0
MAX_QUERY_CURSOR: Final = 4_096
_PING: Final = '{"type":"ping"}'


class Session:
    """See the module. dice: n, 0 <= n < 1. stored: what the program's store holds."""

    def __init__(self, options: Options, dice: Callable[[], float], stored: str | None) -> None:
        self._options = options
        self._url = websocket_url(options.api_base)
        self._effects: list[Effect] = []
        self._intake = Intake(options, dice, stored, self._effects)
        self._backoff = Backoff(dice)
        self._ways = Ways()
        self._phase = Phase.IDLE
        self._link: Link | None = None
        self._network = True
        self._malformed = False
        self._wait_until = 0.0
        self._not_before = 0.0
        self._refreshing = False
        self._refresh_at: float | None = None
        self._change = Change(State.OFFLINE, Reason.DISCONNECTED)

    # What the shell reads

    def drain(self) -> list[Effect]:
        """What is to be done, in order; each is given once."""
        effects = self._effects[:]
        self._effects.clear()
        return effects

    @property
    def has_effects(self) -> bool:
        """Whether `drain()` has something to give."""
        return bool(self._effects)

    @property
    def change(self) -> Change:
        """The newest status."""
        return self._change

    def deadline(self) -> float | None:
        """When `on_time` is wanted; None: nothing is awaited but what happens."""
        times = [self._intake.deadline(), self._refresh_at]
        if self._link is not None:
            times.append(self._link.deadline())
        elif self._phase is Phase.WAITING and self._network and self._intake.reading:
            times.append(self._wait_until)
        return min((at for at in times if at is not None), default=None)

    # The program

    def connect(self, now: float) -> None:
        """Connect, or end a wait; nothing where a connection is there or under way."""
        if self._phase is Phase.IDLE:
            self._ways.begin_anew()
            self._wait_until = self._not_before = now
            self._phase = Phase.WAITING
            self._begin(now)
        elif self._phase is Phase.WAITING:
            self._hurry(now)

    def disconnect(self) -> None:
        """Leave and stay away."""
        if self._link is not None:
            self._effects.append(Close(closing.GOODBYE))
        self._end_link()
        self._phase = Phase.IDLE
        self._intake.store()
        self._say(Change(State.OFFLINE, Reason.DISCONNECTED))

    def take(self) -> Event | None:
        """The next event for the program; None: none now."""
        return self._intake.take()

    def finish(self, now: float) -> bool:
        """The program is done with the oldest event that it has taken.

        Whether effects or the deadline may have changed: mostly not, and then nothing is to do.
        """
        due = self._intake.store_due
        if self._intake.finish(now):
            self._read_again(now)
        return bool(self._effects) or self._intake.store_due != due

    def on_reloaded(self, now: float, *, succeeded: bool) -> None:
        """The reload that was asked for has ended."""
        if self._intake.on_reloaded(now, succeeded=succeeded):
            self._read_again(now)

    def on_token(self, now: float, purpose: Purpose, token: str | None, detail: str = "") -> None:
        """The token function's answer; token: None where it failed, and detail says how."""
        if purpose is Purpose.REFRESH:
            self._on_fresh_token(now, token)
        elif self._phase is not Phase.ASKING:
            return
        elif token is None:
            self._wait(now, Ending(Reason.TOKEN, detail))
        elif not self._network:
            self._wait_for_network(now)
        else:
            self._open(now, token)

    # The device

    def on_network(self, now: float, *, is_up: bool) -> None:
        """The device says that its network went or came back."""
        self._network = is_up
        if is_up:
            self._ways.begin_anew()
            self._hurry(now)
        elif self._phase is Phase.WAITING:
            self._say(Change(State.OFFLINE, Reason.NETWORK))

    def on_visible(self, now: float) -> None:
        """The program is looked at again, or the device woke up."""
        self._hurry(now)

    # The connection

    def on_opened(self, now: float, *, agreed: bool = True) -> None:
        """The handshake is through. agreed: on `unionflow.v1`."""
        if self._link is None:
            return
        if not agreed:
            self._effects.append(Close(closing.PROTOCOL))
            self._lose(now, Ending(Reason.PROTOCOL, "no unionflow.v1 there", got_nowhere=True))
            return
        self._link.on_opened(now)
        text = self._intake.resume_text()
        if self._link.way is Way.WEBSOCKET and text and len(text) > MAX_QUERY_CURSOR:
            self._send({"type": "resume", "cursor": text})

    def on_failed(
        self, now: float, status: int | None = None, retry_after_ms: float = 0.0, detail: str = ""
    ) -> None:
        """No connection came about. status: of the HTTP answer; None: nobody answered."""
        if self._link is not None:
            self._lose(now, closing.by_http_status(status, retry_after_ms, detail))

    def on_closed(self, now: float, code: int, reason: str = "") -> None:
        """The connection has ended; 1006 where no close frame came."""
        if self._link is None:
            return
        ending = closing.by_close_code(code, reason)
        leave_at = self._link.leave_at
        if leave_at is not None and code == closing.RESTARTING:
            self._end_link()
            self._come_back(max(leave_at, now), Change(State.OFFLINE, ending.reason, reason))
        else:
            self._lose(now, ending)

    def on_text(self, now: float, text: str, id: str | None = None) -> bool:
        """A text message. id: the `id:` of a server-sent event, where it had one.

        Whether effects or the deadline may have changed: not by an event alone.
        """
        link = self._link
        if link is None:
            return False
        link.on_heard(now)
        frame = frames.parse(text)
        if frame is None:
            return False
        if frame.get("type") == "event":
            if self._intake.on_event(frame, id):
                link.on_reading(now, reading=False)
            return bool(self._effects)
        self._on_frame(now, link, frame)
        return True

    def on_binary(self, now: float) -> None:
        """A binary message, which says nothing but that somebody is there."""
        if self._link is not None:
            self._link.on_heard(now)

    def on_time(self, now: float) -> None:
        """Do all that is due."""
        self._intake.on_time(now)
        if self._refresh_at is not None and self._refresh_at <= now:
            self._refresh_at = None
            self._ask_to_refresh()
        if self._link is not None:
            self._on_link_time(now, self._link)
        else:
            self._begin(now)

    # Frames

    def _on_frame(self, now: float, link: Link, frame: Mapping[str, Any]) -> None:
        kind = frame.get("type")
        if kind in ("heartbeat", "recovered", "access"):
            self._intake.on_cursor(frames.cursor_of(frame))
        if kind == "access":
            self._effects.append(Access(frame))
        elif kind == "recovered" and self._change.state is State.REPLAYING:
            self._say(Change(State.LIVE))
        elif kind == "welcome":
            self._on_welcome(now, link, frame)
        elif kind == "truncated":
            self._intake.on_truncated(frame)
        elif kind == "token_expiring":
            self._ask_to_refresh()
        else:
            self._on_rare_frame(now, link, frame)

    def _on_rare_frame(self, now: float, link: Link, frame: Mapping[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "reconnect":
            link.leave_at = now + frames.after_ms(frame)
        elif kind == "error":
            self._on_complaint(now, link, frame)
        elif kind == "close":
            self._on_close_frame(now, link, frame)

    def _on_welcome(self, now: float, link: Link, frame: Mapping[str, Any]) -> None:
        if link.welcomed_at is None:
            link.on_welcome(now, frames.heartbeat_ms(frame))
            link.can_refresh = frames.can_refresh(frame)
            self._ways.served(link.way)
            self._say(Change(State.REPLAYING if link.with_cursor else State.LIVE))
        self._intake.on_welcome(frames.cursor_of(frame))

    def _on_complaint(self, now: float, link: Link, frame: Mapping[str, Any]) -> None:
        code = str(frame.get("code"))
        self._effects.append(Complaint(code, str(frame.get("message"))))
        if code == "try_later" and link.can_refresh and self._options.has_tokens:
            self._refresh_at = now + REFRESH_AGAIN_MS

    def _on_close_frame(self, now: float, link: Link, frame: Mapping[str, Any]) -> None:
        code = frame.get("code")
        if link.way is Way.EVENT_STREAM and type(code) is int:
            self.on_closed(now, code, str(frame.get("reason") or ""))

    # Tokens

    def _ask_to_refresh(self) -> None:
        link = self._link
        if link is None or not link.can_refresh or not self._options.has_tokens:
            return
        if link.way is Way.WEBSOCKET and not self._refreshing:
            self._refreshing = True
            self._effects.append(Ask(Purpose.REFRESH))

    def _on_fresh_token(self, now: float, token: str | None) -> None:
        if not self._refreshing or self._link is None:
            return
        self._refreshing = False
        if token is None:
            self._refresh_at = now + REFRESH_AGAIN_MS
        else:
            self._send({"type": "refresh", "token": token})

    # Coming and going

    def _begin(self, now: float) -> None:
        if self._phase is not Phase.WAITING or now < self._wait_until or not self._intake.reading:
            return
        if not self._network:
            self._say(Change(State.OFFLINE, Reason.NETWORK))
            return
        self._say(Change(State.CONNECTING))
        if self._options.has_tokens:
            self._phase = Phase.ASKING
            self._effects.append(Ask(Purpose.CONNECT))
        else:
            self._open(now, None)

    def _open(self, now: float, token: str | None) -> None:
        way, wish = self._ways.next, self._options.wish
        text = self._intake.resume_text()
        if text is None and self._options.from_earliest:
            text = "earliest"
        if way is Way.EVENT_STREAM:
            self._effects.append(Open(way, wish.on(event_stream_url(self._url)), text, token))
        else:
            said = "message" if text and len(text) > MAX_QUERY_CURSOR else text
            self._effects.append(Open(way, wish.on(self._url, said), None, token))
        self._phase = Phase.LINKED
        self._link = Link(way, now, with_cursor=text is not None, reading=self._intake.reading)

    def _on_link_time(self, now: float, link: Link) -> None:
        if link.is_dead(now):
            self._effects.append(Close(closing.SILENT))
            self._lose(now, Ending(Reason.SILENT, "nothing was heard", got_nowhere=True))
        elif link.leave_at is not None and link.leave_at <= now:
            self._effects.append(Close(closing.GOODBYE))
            self._end_link()
            self._come_back(now, Change(State.OFFLINE, Reason.RESTARTING))
            self._begin(now)
        elif link.ping_is_due(now):
            self._effects.append(Send(_PING))

    def _lose(self, now: float, ending: Ending) -> None:
        link = self._end_link()
        if link is not None and link.welcomed_at is None:
            if ending.got_nowhere:
                self._ways.got_nowhere(link.way)
        elif link is not None and now - (link.welcomed_at or 0.0) >= STABLE_MS:
            self._backoff.succeeded()
            self._malformed = False
        if ending.reason is Reason.CURSOR and not self._malformed:
            self._malformed = True
            self._intake.drop_cursor()
        elif ending.is_final or ending.reason is Reason.CURSOR or self._cannot_get(ending):
            self._phase = Phase.IDLE
            self._say(Change(State.REFUSED, ending.reason, ending.detail))
            return
        self._wait(now, ending)

    def _cannot_get(self, ending: Ending) -> bool:
        return ending.reason is Reason.TOKEN and not self._options.has_tokens

    def _wait(self, now: float, ending: Ending) -> None:
        self._not_before = now + ending.retry_after_ms
        if not self._network:
            self._backoff.failed()
            self._wait_for_network(now)
            return
        wait = ending.retry_after_ms + self._backoff.wait_ms()
        change = Change(State.OFFLINE, ending.reason, ending.detail, wait)
        self._phase, self._wait_until = Phase.WAITING, now + wait
        self._say(change)

    def _wait_for_network(self, now: float) -> None:
        self._phase, self._wait_until = Phase.WAITING, now
        self._say(Change(State.OFFLINE, Reason.NETWORK))

    def _come_back(self, at: float, change: Change) -> None:
        self._phase = Phase.WAITING
        self._wait_until = self._not_before = at
        self._say(change)

    def _hurry(self, now: float) -> None:
        if self._phase is Phase.WAITING:
            self._wait_until = min(self._wait_until, max(now, self._not_before))
            self._begin(now)
        elif self._link is not None and self._link.probe(now):
            self._effects.append(Send(_PING))

    def _end_link(self) -> Link | None:
        link, self._link = self._link, None
        self._refreshing, self._refresh_at = False, None
        return link

    def _read_again(self, now: float) -> None:
        if self._link is not None:
            self._link.on_reading(now, reading=True)
        else:
            self._begin(now)

    def _send(self, message: Mapping[str, str]) -> None:
        self._effects.append(Send(json.dumps(message, separators=(",", ":"))))

    def _say(self, change: Change) -> None:
        if (change.state, change.reason) != (self._change.state, self._change.reason):
            self._effects.append(change)
        self._change = change
