"""What a client's request says: which case it belongs to, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

_BEARER: Final = "bearer."
MARK: Final = "~"  # before a case's number, as the first folder of its addresses


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. play: the number of the case's play, from its path; path: the rest of that."""

    play: str
    path: str
    query: Mapping[str, Any]
    cursor: str | None
    token: str | None
    is_websocket: bool

    def opening(self) -> Mapping[str, Any]:
        """As the table's channel `open` has it."""
        return {
            "transport": "ws" if self.is_websocket else "sse",
            "url": self.path,
            "query": self.query,
            "cursor": self.cursor,
            "token": self.token,
        }


def parse_head(data: bytes) -> Visit | None:
    """A request's head; None where it is none, or not of a play."""
    lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    pairs = [line.partition(":")[::2] for line in lines[1:]]
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    if len(words) != 3 or not words[1].startswith(f"/{MARK}"):
        return None
    target = urlsplit(words[1])
    play, _, path = target.path[2:].partition("/")
    query: dict[str, Any] = {}
    for name, value in parse_qsl(target.query, keep_blank_values=True):
        query[name] = value if name not in query else [*_listed(query[name]), value]
    offered = [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",")]
    cursor = query.pop("cursor", None)
    token = _token(headers.get("authorization", ""), offered, query.pop("access_token", None))
    return Visit(
        play,
        f"/{path}",
        query,
        headers.get("last-event-id", cursor),
        token,
        headers.get("upgrade", "").lower() == "websocket",
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _token(authorization: str, offered: list[str], in_query: str | None) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value
    found = (one.removeprefix(_BEARER) for one in offered if one.startswith(_BEARER))
    return next(found, in_query)
