"""What a session asks its shell to do, and tells its program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from unionflow_client.core.status import Change
from unionflow_client.core.ways import Way


class Purpose(StrEnum):
    """What a token is asked for."""

    CONNECT = "connect"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Open:
    """Make a connection. cursor: a server-sent request's; a WebSocket's is in its URL."""

    way: Way
    url: str
    cursor: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """Send one text message."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection; what it still says is not to be fed in any more."""

    code: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Call the token function, and feed in its answer."""

    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Range:
    """Offsets that are gone: from `requested` up to, without, `earliest`.

    topic: None where only an id that is gone is known. reason: `retention`, `topic-replaced`,
    `beyond-end`, or a word that this version does not know.
    """

    topic: str | None
    partition: int
    requested: int
    earliest: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reload:
    """Call the program's reload, and feed in how it went."""

    ranges: Sequence[Range]


@dataclass(frozen=True, slots=True)
class Lost:
    """These are gone, and the program gave no function that reloads: it can only be told."""

    ranges: Sequence[Range]


@dataclass(frozen=True, slots=True)
class Store:
    """Keep this text for the next start; None: keep nothing."""

    cursor: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether to read from the connection."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Slow:
    """The program takes its events too slowly; so many wait."""

    waiting: int


@dataclass(frozen=True, slots=True)
class Access:
    """What this connection gets from here on, as the relay said it."""

    frame: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Complaint:
    """The relay could not take a message of this client."""

    code: str
    message: str


Notice = Lost | Slow | Access | Complaint
Effect = Open | Send | Close | Ask | Reload | Store | Reading | Change | Notice
