"""From what a person types as `--url` to the WebSocket's address, as the wire reference has it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from unionflow_cli.errors import BadInput

PATH = "/ws/dashboard"
DEFAULT_URL = f"ws://127.0.0.1:8085{PATH}"
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


def endpoint(url: str) -> str:
    """The WebSocket's URL for a WebSocket URL or an API base; a query in it is kept.

    `https://api.example.org/unionflow` gives `wss://api.example.org/unionflow/ws/dashboard`.

    Raises:
        BadInput: it is no such URL.
    """
    advice = f"an example: {DEFAULT_URL}, or an API base such as https://api.example.org"
    try:
        parts = urlsplit(url if "://" in url else f"ws://{url}")
        port = parts.port
    except ValueError as problem:
        raise BadInput(f"--url {url}: {problem}", advice) from problem
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        raise BadInput(f"--url {url} is no ws, wss, http or https address", advice)
    path = parts.path.rstrip("/")
    if not path.endswith(PATH):
        path += PATH
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, parts.query, ""))


def with_query(
    url: str,
    *,
    organizations: Sequence[str] = (),
    user: str | None = None,
    event_types: Sequence[str] = (),
    cursor: str | None = None,
) -> str:
    """The URL with what to see, and where to begin, in its query."""
    pairs = [("organization", organization) for organization in organizations]
    if user is not None:
        pairs.append(("user", user))
    if event_types:
        pairs.append(("eventTypes", ",".join(event_types)))
    if cursor is not None:
        pairs.append(("cursor", cursor))
    if not pairs:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(pairs, safe="~:,")]))
    return urlunsplit(parts._replace(query=query))
