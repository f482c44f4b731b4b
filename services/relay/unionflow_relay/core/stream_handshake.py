"""A request for `/sse/dashboard` in, a verdict out: no upgrade, and other origins' pages by CORS.

A page's script sees the status and the headers of an answer only where CORS lets it. So what is
refused says whom it is for, as what is accepted does. There are no cookies here: credentials that
a browser adds by itself are never allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unionflow_access.errors import InvalidToken, UnknownKey
from unionflow_relay.core.dialects import Dialect, Packing
from unionflow_relay.core.handshake import (
    Accepted,
    Gate,
    Refused,
    Request,
    Resume,
    Rules,
    origin_refused,
    over_capacity,
    parse_query,
    resume_of,
    turned_away,
    view_of,
    without_tokens,
)
from unionflow_relay.errors import (
    MalformedCursor,
    MalformedQuery,
    OrganizationNotAllowed,
    OverCapacity,
    TooMany,
)

LAST_EVENT_ID = "last-event-id"
PREFLIGHT_SECONDS = 7_200  # more than any browser keeps
_METHODS = "GET, OPTIONS"
_HEADERS = "Authorization, Cache-Control, Last-Event-ID"
_EXPOSED = "Retry-After, WWW-Authenticate"
_HeaderLines = tuple[tuple[str, str], ...]


def is_for_stream(request: Request, rules: Rules) -> bool:
    """Whether the request is for server-sent events."""
    return bool(rules.stream_path) and request.target.partition("?")[0] == rules.stream_path


def decide_stream(
    request: Request, rules: Rules, gate: Gate = without_tokens
) -> Accepted | Refused:
    """Judge one request. What is refused is not shared yet (see `shared`).

    Raises:
        UnknownKey: it may be accepted once the token's key is known.
    """
    refused = origin_refused(request.headers, rules)
    if refused is not None:
        return refused
    if request.method == "OPTIONS":
        return Refused(204, "", (("Allow", _METHODS), *_preflight(request.headers)))
    if request.method != "GET":
        return Refused(405, "events are asked for with GET", (("Allow", _METHODS),))
    try:
        query = parse_query(request.target.partition("?")[2])
        grant = gate(request.headers, query)
        view = view_of(Dialect.SSE, grant, query, Packing.RAW)
        resume = _resume(request.headers, query)
    except (MalformedQuery, MalformedCursor) as problem:
        return Refused(400, str(problem))
    except UnknownKey:
        raise
    except OverCapacity as problem:
        return over_capacity(problem)
    except (InvalidToken, OrganizationNotAllowed, TooMany) as problem:
        return turned_away(problem)
    return Accepted(_head(request, rules), view, grant.user, resume, badge=grant.badge)


def shared(refused: Refused, request: Request, rules: Rules) -> Refused:
    """What is refused, so that a page which may connect can read why."""
    lines = _shared_with(request, rules)
    return replace(refused, headers=(*refused.headers, *lines)) if lines else refused


def _resume(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> Resume | None:
    """From `Last-Event-ID`, else from `?cursor=`.

    A browser that comes back by itself has the URL of its first request, and the newer header.
    """
    last_event_id = headers.get(LAST_EVENT_ID)
    if last_event_id:
        query = {**query, "cursor": [last_event_id]}
    resume = resume_of(query)
    if resume is not None and resume.cursor is None:
        raise MalformedCursor("cursor=message is for WebSockets: nothing is heard on this stream")
    return resume


def _head(request: Request, rules: Rules) -> bytes:
    """The answer's head. Its body ends with the connection, as HTTP/1.0 knows it too."""
    lines = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/event-stream",
        "Cache-Control: no-store, no-transform",
        "X-Accel-Buffering: no",
        "Connection: close",
        *(f"{name}: {value}" for name, value in _shared_with(request, rules)),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _shared_with(request: Request, rules: Rules) -> _HeaderLines:
    """Which origin's pages may read the answer, if the request is from one."""
    origin = request.headers.get("origin")
    if origin is None or origin_refused(request.headers, rules) is not None:
        return ()
    exposed = ("Access-Control-Expose-Headers", _EXPOSED)
    if not rules.allowed_origins:
        return (("Access-Control-Allow-Origin", "*"), exposed)
    return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), exposed)


def _preflight(headers: Mapping[str, str]) -> _HeaderLines:
    if "access-control-request-method" not in headers:
        return ()
    return (
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Allow-Headers", _HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    )
