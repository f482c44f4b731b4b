"""Clients that were let in and have not been told `welcome` yet: where they begin is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from unionflow_relay.adapters.websocket.peer import Peer
from unionflow_relay.core.audience import View
from unionflow_relay.core.cursor import Cursor
from unionflow_relay.core.handshake import Accepted

LOOK_SECONDS = 10
LOOKS_BEFORE_GONE = 2  # one may have been under way already when the client came


@dataclass(slots=True)
class _Unlooked:
    """A client whose cursor names a topic that is looked for once more before it is called gone."""

    accepted: Accepted
    cursor: Cursor
    looks: int = LOOKS_BEFORE_GONE
    seconds: int = LOOK_SECONDS


class Beginning(NamedTuple):
    """A client whose wait is over."""

    peer: Peer
    accepted: Accepted
    cursor: Cursor


class Lobby:
    """Each client is in one of two places, or not here. It is bounded by the connections."""

    def __init__(self) -> None:
        self._awaiting_cursor: dict[Peer, Accepted] = {}
        self._unlooked: dict[Peer, _Unlooked] = {}

    def await_cursor(self, peer: Peer, accepted: Accepted) -> None:
        """The client's first message will bring its cursor."""
        self._awaiting_cursor[peer] = accepted

    def cursor_came(self, peer: Peer) -> Accepted:
        """It came. Raises KeyError where none was awaited."""
        return self._awaiting_cursor.pop(peer)

    def await_looks(self, peer: Peer, accepted: Accepted, cursor: Cursor) -> None:
        """The client's topics are to be looked for first."""
        self._unlooked[peer] = _Unlooked(accepted, cursor)

    def looked(self) -> tuple[Sequence[Beginning], bool]:
        """Kafka's topics were looked at: who begins now, and whether others wait for another."""
        beginning = []
        for peer, waiting in list(self._unlooked.items()):
            waiting.looks -= 1
            if not waiting.looks:
                del self._unlooked[peer]
                beginning.append(Beginning(peer, waiting.accepted, waiting.cursor))
        return beginning, bool(self._unlooked)

    def on_second(self) -> Sequence[Peer]:
        """A second has passed: those for whom nobody has looked in LOOK_SECONDS."""
        for waiting in self._unlooked.values():
            waiting.seconds -= 1
        return [peer for peer, waiting in self._unlooked.items() if waiting.seconds <= 0]

    def view_of(self, peer: Peer) -> View | None:
        """What the client will see; None for one who is not here."""
        unlooked = self._unlooked.get(peer)
        accepted = self._awaiting_cursor.get(peer) if unlooked is None else unlooked.accepted
        return None if accepted is None else accepted.view

    def see(self, peer: Peer, view: View) -> None:
        """Change what a client will see: its `welcome` says it, and `access` after that."""
        if peer in self._awaiting_cursor:
            accepted = self._awaiting_cursor[peer]
            self._awaiting_cursor[peer] = replace(accepted, view=view, changed=True)
        elif peer in self._unlooked:
            unlooked = self._unlooked[peer]
            unlooked.accepted = replace(unlooked.accepted, view=view, changed=True)

    def leave(self, peer: Peer) -> None:
        """Forget a client. One who is not here is no error."""
        self._awaiting_cursor.pop(peer, None)
        self._unlooked.pop(peer, None)

    def peers(self) -> Iterable[Peer]:
        """Everyone here."""
        return chain(self._awaiting_cursor, self._unlooked)
