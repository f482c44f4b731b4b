"""From what a person types as `--url` to the WebSocket's address, as the client has it."""

from __future__ import annotations

from collections.abc import Sequence

from unionflow_cli.errors import BadInput
from unionflow_client.core.address import WEBSOCKET_PATH, Wish, websocket_url
from unionflow_client.errors import BadOption

PATH = WEBSOCKET_PATH
DEFAULT_URL = f"ws://127.0.0.1:8085{PATH}"


def endpoint(url: str) -> str:
    """The WebSocket's URL for a WebSocket URL or an API base; without a scheme it is ws.

    Raises:
        BadInput: it is no such URL.
    """
    try:
        return websocket_url(url if "://" in url else f"ws://{url}")
    except BadOption as problem:
        advice = f"an example: {DEFAULT_URL}, or an API base such as https://api.example.org"
        raise BadInput(f"--url: {problem}", advice) from problem


def with_query(
    url: str,
    *,
    organizations: Sequence[str] = (),
    user: str | None = None,
    event_types: Sequence[str] = (),
    cursor: str | None = None,
) -> str:
    """The URL with what to see, and where to begin, in its query."""
    return Wish(organizations, user, event_types).on(url, cursor)
