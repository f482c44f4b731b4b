"""From the API's base to the address of one connection, as the wire reference has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from unionflow_client.errors import BadOption

WEBSOCKET_PATH = "/ws/dashboard"
EVENT_STREAM_PATH = "/sse/dashboard"
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}


def websocket_url(address: str) -> str:
    """The WebSocket's URL for an API base or a WebSocket URL; a query in it is kept.

    `https://api.example.org/unionflow` gives `wss://api.example.org/unionflow/ws/dashboard`.

    Raises:
        BadOption: it is no http, https, ws or wss address.
    """
    example = "an example: https://api.example.org/unionflow"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as problem:
        raise BadOption(f"{address!r} is no address ({problem}); {example}") from problem
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        raise BadOption(f"{address!r} is no http, https, ws or wss address; {example}")
    path = parts.path.rstrip("/")
    if not path.endswith(WEBSOCKET_PATH):
        path += WEBSOCKET_PATH
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, parts.query, ""))


def event_stream_url(websocket: str) -> str:
    """The address of server-sent events beside a WebSocket's."""
    parts = urlsplit(websocket)
    path = parts.path.removesuffix(WEBSOCKET_PATH) + EVENT_STREAM_PATH
    return urlunsplit(parts._replace(scheme=_PAGE_SCHEMES[parts.scheme], path=path))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for, of what it may see. Empty: all of it."""

    organizations: Sequence[str] = ()
    user: str | None = None
    event_types: Sequence[str] = ()
    conflate: Sequence[str] = ()

    def on(self, url: str, cursor: str | None = None) -> str:
        """The URL with the wish in its query, and a cursor where there is one."""
        pairs = [("organization", organization) for organization in self.organizations]
        if self.user is not None:
            pairs.append(("user", self.user))
        if self.event_types:
            pairs.append(("eventTypes", ",".join(self.event_types)))
        if self.conflate:
            pairs.append(("conflate", ",".join(self.conflate)))
        if cursor is not None:
            pairs.append(("cursor", cursor))
        if not pairs:
            return url
        parts = urlsplit(url)
        query = "&".join(filter(None, [parts.query, urlencode(pairs, safe="~:,")]))
        return urlunsplit(parts._replace(query=query))
