"""How the connection is, in the words that a program shows to people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a client is doing.

    OFFLINE: not connected; it comes back by itself, unless the reason is `disconnected`.
    CONNECTING: a try is under way.
    REPLAYING: connected, and given what it missed.
    LIVE: connected, and nothing is missing.
    REFUSED: the relay said no; only `connect()` begins anew.
    """

    OFFLINE = "offline"
    CONNECTING = "connecting"
    REPLAYING = "replaying"
    LIVE = "live"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a client is offline or refused."""

    DISCONNECTED = "disconnected"
    NETWORK = "network"
    UNREACHABLE = "unreachable"
    LOST = "lost"
    RESTARTING = "restarting"
    BUSY = "busy"
    SLOW = "slow"
    SILENT = "silent"
    LIMITED = "limited"
    TOKEN = "token"  # noqa: S105  # a reason, and no secret
    CURSOR = "cursor"
    PROTOCOL = "protocol"
    GOODBYE = "goodbye"
    FORBIDDEN = "forbidden"
    FINAL = "final"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Change:
    """A new status. retry_ms: the wait before the next try, where one is set.

    detail: a sentence for people: what the relay or the network said; may be empty.
    """

    state: State
    reason: Reason | None = None
    detail: str = ""
    retry_ms: float | None = None

    @property
    def is_connected(self) -> bool:
        """Whether events come in this state."""
        return self.state in (State.LIVE, State.REPLAYING)
