"""An upgrade request in, a verdict out: the handshake of `/ws/dashboard`, without a socket."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from urllib.parse import parse_qs

from unionflow_access.errors import InvalidToken, Refusal, UnknownKey
from unionflow_relay.core import deflate
from unionflow_relay.core.access import Badge, Grant, Headers, Query, grant_without_token
from unionflow_relay.core.addresses import Site
from unionflow_relay.core.audience import View
from unionflow_relay.core.conflation import CONFLATABLE
from unionflow_relay.core.cursor import Cursor, parse_cursor
from unionflow_relay.core.dialects import SUBPROTOCOL, Dialect, Packing
from unionflow_relay.errors import (
    MalformedCursor,
    MalformedQuery,
    OrganizationNotAllowed,
    OverCapacity,
    TooMany,
)

_WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: "
)
_V1_CHOSEN = b"\r\nSec-WebSocket-Protocol: " + SUBPROTOCOL.encode()
MAX_EVENT_TYPES = 64
MAX_QUERY_FIELDS = 64
_NO_QUERY = "the query has too many fields or is not UTF-8"
CURSOR_IN_MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head. Header names are lower case; repeated ones are joined by a comma.

    address: of the other end of the socket, which may be a proxy's. What may hold a token is not
    shown.
    """

    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP answer, and no more. `probe`: whether only this pod's own probe gets it."""

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """What a client asked about its past. `cursor` is None until its first message says it.

    conflate: event types of which a replay brings the newest only.
    """

    cursor: Cursor | None
    conflate: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upgrade or the stream goes ahead. `close`: a code and reason to close with at once.

    probe: whether it is this pod's own, who only wants to know. site: whom it is counted for.
    changed: whether the client, or its token, chose another view since, which `access` then says.
    """

    response: bytes
    view: View
    user: str | None
    resume: Resume | None = None
    close: tuple[int, str] | None = None
    badge: Badge | None = None
    probe: bool = False
    site: Site | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What this relay asks of a handshake. No origins means that any origin may connect.

    compression: whether permessage-deflate is negotiated with clients that offer it. stream_path:
    where server-sent events are; empty for nowhere.
    """

    path: str
    allowed_origins: frozenset[str] = frozenset()
    compression: bool = False
    stream_path: str = ""


Gate = Callable[[Headers, Query], Grant]
"""What a request may see, by its headers and query. Raises as `TokenDesk.grant` does."""


def without_tokens(_headers: Headers, query: Query) -> Grant:
    """The gate of `UNIONFLOW_AUTH=none`."""
    return grant_without_token(query)


def decide(request: Request, rules: Rules, gate: Gate = without_tokens) -> Accepted | Refused:
    """Judge one request. A query that cannot be taken is refused in words, with HTTP 400.

    Raises:
        UnknownKey: it may be accepted once the token's key is known.
    """
    path, _, query_text = request.target.partition("?")
    refused = _refuse_request(request, path, rules)
    if refused is not None:
        return refused
    offered = {p.strip() for p in request.headers.get("sec-websocket-protocol", "").split(",")}
    dialect = Dialect.V1 if SUBPROTOCOL in offered else Dialect.PLAIN
    extension = _extension(request.headers, rules)
    response = _switching_protocols(request.headers["sec-websocket-key"], dialect, extension)
    try:
        query = parse_query(query_text)
        grant = gate(request.headers, query)
        view = view_of(dialect, grant, query, Packing.DEFLATED if extension else Packing.RAW)
        resume = resume_of(query) if dialect is Dialect.V1 else None
    except MalformedQuery as problem:
        return Refused(400, str(problem))
    except MalformedCursor as problem:
        return Accepted(response, View(dialect), None, close=(4400, str(problem)))
    except UnknownKey:
        raise
    except OverCapacity as problem:
        return over_capacity(problem)
    except (InvalidToken, OrganizationNotAllowed, TooMany) as problem:
        return _turn_away(problem, response, dialect)
    return Accepted(response, view, grant.user, resume, badge=grant.badge)


def _turn_away(
    problem: InvalidToken | OrganizationNotAllowed | TooMany, response: bytes, dialect: Dialect
) -> Accepted | Refused:
    """A browser's script sees a close code and no HTTP status: `unionflow.v1` upgrades first."""
    if dialect is Dialect.V1:
        return Accepted(response, View(dialect), None, close=(_close_code(problem), str(problem)))
    return turned_away(problem)


def turned_away(problem: InvalidToken | OrganizationNotAllowed | TooMany) -> Refused:
    """The HTTP answer to a client that may not do what it asks for."""
    if isinstance(problem, TooMany):
        return Refused(429, str(problem), (("Retry-After", str(problem.retry_after)),))
    if isinstance(problem, OrganizationNotAllowed):
        return Refused(403, str(problem))
    challenge = 'Bearer realm="unionflow"'
    if problem.reason is not Refusal.MISSING:  # RFC 6750 section 3.1
        challenge += f', error="invalid_token", error_description="{problem}"'
    return Refused(401, str(problem), (("WWW-Authenticate", challenge),))


def over_capacity(problem: OverCapacity) -> Refused:
    """The HTTP answer where nobody more is taken."""
    return Refused(503, str(problem), (("Retry-After", str(problem.retry_after)),))


def _close_code(problem: InvalidToken | OrganizationNotAllowed | TooMany) -> int:
    if isinstance(problem, TooMany):
        return 4429
    return 4401 if isinstance(problem, InvalidToken) else 4403


def _refuse_request(request: Request, path: str, rules: Rules) -> Refused | None:
    headers = request.headers
    if path != rules.path:
        return Refused(404, f"nothing is here; {_where(rules)}")
    if request.method != "GET":
        return Refused(405, "a WebSocket handshake is a GET", (("Allow", "GET"),))
    upgrades = {token.strip().lower() for token in headers.get("connection", "").split(",")}
    if headers.get("upgrade", "").strip().lower() != "websocket" or "upgrade" not in upgrades:
        return Refused(426, "connect with a WebSocket", (("Upgrade", "websocket"),))
    if headers.get("sec-websocket-version") != "13":
        return Refused(426, "WebSocket version 13 is spoken", (("Sec-WebSocket-Version", "13"),))
    if not _is_key(headers.get("sec-websocket-key", "")):
        return Refused(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    return origin_refused(headers, rules)


def origin_refused(headers: Headers, rules: Rules) -> Refused | None:
    """The answer to a page whose origin may not connect; whoever is no page has none."""
    origin = headers.get("origin")
    if rules.allowed_origins and origin is not None and origin not in rules.allowed_origins:
        return Refused(403, "this origin may not connect")
    return None


def _where(rules: Rules) -> str:
    web_socket = f"the WebSocket is at {rules.path}"
    if not rules.stream_path:
        return web_socket
    return f"{web_socket}, server-sent events are at {rules.stream_path}"


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _extension(headers: Headers, rules: Rules) -> str | None:
    offer = headers.get("sec-websocket-extensions") if rules.compression else None
    return None if offer is None else deflate.negotiate(offer)


def _switching_protocols(key: str, dialect: Dialect, extension: str | None) -> bytes:
    digest = sha1(key.encode() + _WEBSOCKET_GUID, usedforsecurity=False).digest()
    answer = _SWITCHING + binascii.b2a_base64(digest, newline=False)
    if dialect is Dialect.V1:
        answer += _V1_CHOSEN
    if extension is not None:
        answer += b"\r\nSec-WebSocket-Extensions: " + extension.encode()
    return answer + b"\r\n\r\n"


def parse_query(query: str) -> Mapping[str, list[str]]:
    """A request's query.

    Raises:
        MalformedQuery: it has more than 64 fields, or is not UTF-8.
    """
    if not query:
        return {}
    if "%" not in query and "+" not in query:
        return _unescaped(query)
    try:
        return parse_qs(
            query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS, errors="strict"
        )
    except ValueError as problem:
        raise MalformedQuery(_NO_QUERY) from problem


def _unescaped(query: str) -> Mapping[str, list[str]]:
    """As parse_qs does it, in a third of its time: nearly all clients' queries need no more."""
    fields = query.split("&")
    if len(fields) > MAX_QUERY_FIELDS:
        raise MalformedQuery(_NO_QUERY)
    found: dict[str, list[str]] = {}
    for field_ in fields:
        if field_:
            name, _, value = field_.partition("=")
            found.setdefault(name, []).append(value)
    return found


def view_of(
    dialect: Dialect, grant: Grant, query: Mapping[str, list[str]], packing: Packing
) -> View:
    """What a client gets of what it may. Raises MalformedQuery for its `eventTypes`."""
    listed = query.get("eventTypes")
    types = None if listed is None else event_types(",".join(listed).split(","))
    return View(dialect, grant.organizations, types, grant.everything, packing)


def event_types(names: list[str]) -> frozenset[str]:
    """Check a client's choice of event types.

    Raises:
        MalformedQuery: more than 64 names, or one that is empty or over 128 characters.
    """
    if len(names) > MAX_EVENT_TYPES:
        raise MalformedQuery(f"eventTypes takes at most {MAX_EVENT_TYPES} names")
    stripped = frozenset(name.strip() for name in names)
    if any(not name or len(name) > 128 for name in stripped):
        raise MalformedQuery("eventTypes is a list of names with commas between them")
    return stripped


def resume_of(query: Mapping[str, list[str]]) -> Resume | None:
    """What the query says of the client's past; None where it says nothing.

    Raises:
        MalformedCursor, MalformedQuery: it cannot be taken.
    """
    values = query.get("cursor")
    if values is None:
        return None
    if len(values) > 1:
        raise MalformedCursor("one cursor, please")
    listed = query.get("conflate")
    conflate = frozenset() if listed is None else event_types(",".join(listed).split(","))
    if not conflate <= CONFLATABLE:
        raise MalformedQuery(f"conflate takes {' and '.join(sorted(CONFLATABLE))}")
    cursor = None if values[0] == CURSOR_IN_MESSAGE else parse_cursor(values[0])
    return Resume(cursor, conflate)
