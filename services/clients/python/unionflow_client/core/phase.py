"""Where a session is between two connections, or in one."""

from __future__ import annotations

from enum import Enum, auto


class Phase(Enum):
    """IDLE: not wanted, or refused. ASKING: for a token. LINKED: a try, or a connection."""

    IDLE = auto()
    WAITING = auto()
    ASKING = auto()
    LINKED = auto()
