"""What clients are told, in each dialect: every frame built once and shared by all who get it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

import orjson

from unionflow_relay.core import deflate, event_stream, frames

SUBPROTOCOL = "unionflow.v1"
_FEATURES = ("resume", "eventTypes", "conflate", "sse")
ALL_ORGANIZATIONS = "*"


class Dialect(StrEnum):
    """What a connection speaks.

    The first system's bare events; `unionflow.v1`; or the latter's frames as server-sent events.
    """

    PLAIN = "plain"
    V1 = "unionflow.v1"
    SSE = "sse"

    __hash__ = str.__hash__  # the enum's own is written in Python; every handshake asks for some

    @property
    def typed(self) -> bool:
        """Whether it has frames with a `type`, and so more than events."""
        return self is not Dialect.PLAIN


TYPED = tuple(dialect for dialect in Dialect if dialect.typed)


class Packing(StrEnum):
    """How a connection's events go into frames: as they are, or compressed where that pays."""

    RAW = "raw"
    DEFLATED = "deflated"

    __hash__ = str.__hash__  # as above


class Form(Enum):
    """A dialect in a packing: whoever has the same form gets the same bytes."""

    PLAIN = (Dialect.PLAIN, Packing.RAW)
    V1 = (Dialect.V1, Packing.RAW)
    PLAIN_DEFLATED = (Dialect.PLAIN, Packing.DEFLATED)
    V1_DEFLATED = (Dialect.V1, Packing.DEFLATED)
    SSE = (Dialect.SSE, Packing.RAW)

    __hash__ = object.__hash__  # as above, and asked for by every group of a slice


class TruncationReason(StrEnum):
    """Why records that a client might have wanted cannot be had."""

    RETENTION = "retention"
    TOPIC_REPLACED = "topic-replaced"
    BEYOND_END = "beyond-end"


@dataclass(frozen=True, slots=True)
class TruncatedRange:
    """Offsets `requested` (inclusive) to `earliest` (exclusive) of one partition are gone."""

    topic: str | None
    partition: int
    requested: int
    earliest: int
    reason: TruncationReason

    def as_json(self) -> dict[str, Any]:
        """The range as the wire has it."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "requested": self.requested,
            "earliest": self.earliest,
            "reason": self.reason.value,
        }


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first frame of a typed dialect: whom the server takes the client for, from where on.

    tokens: whether clients come with tokens.
    """

    session: str
    cursor: str
    heartbeat_seconds: int
    server_time: str
    user: str | None
    organizations: Sequence[str]
    tokens: bool


def features(dialect: Dialect, *, tokens: bool) -> Sequence[str]:
    """What this relay can do for a client of the dialect, as `welcome` lists it."""
    return (*_FEATURES, "refresh") if tokens and dialect is Dialect.V1 else _FEATURES


def message(
    kind: str,
    dialect: Dialect = Dialect.V1,
    *,
    mark: str | None = None,
    retry_ms: int | None = None,
    **fields: Any,
) -> bytes:
    """One frame of a typed dialect: a JSON object with `type`.

    mark, retry_ms: of server-sent events, with what to come back and when.
    """
    body = orjson.dumps({"type": kind, **fields})
    if dialect is Dialect.SSE:
        return event_stream.block(kind, body, cursor=mark, retry_ms=retry_ms)
    return frames.text(body)


def plain_event(event_json: bytes) -> bytes:
    """The plain dialect's frame: the event's JSON object itself."""
    return frames.text(event_json)


def v1_event(event_json: bytes, position: str) -> bytes:
    """`event` of `unionflow.v1`; `position` is ASCII without quotes, so it is not escaped."""
    return frames.text(_v1_json(event_json, position))


def deflated_event(form: Form, event_json: bytes, position: str) -> bytes:
    """An event's frame of one of the compressed forms."""
    plain = form is Form.PLAIN_DEFLATED
    return deflate.text(event_json if plain else _v1_json(event_json, position))


def _v1_json(event_json: bytes, position: str) -> bytes:
    head = b'{"type":"event","position":"' + position.encode() + b'","event":'
    return head + event_json + b"}"


def welcome(fields: Welcome, dialect: Dialect = Dialect.V1) -> bytes:
    """`welcome`, the first frame after the handshake."""
    return message(
        "welcome",
        dialect,
        mark=fields.cursor,
        session=fields.session,
        features=features(dialect, tokens=fields.tokens),
        cursor=fields.cursor,
        heartbeatSeconds=fields.heartbeat_seconds,
        serverTime=fields.server_time,
        user=fields.user,
        organizations=fields.organizations,
    )


def heartbeat(cursor: str, dialect: Dialect = Dialect.V1) -> bytes:
    """`heartbeat`: the connection is current up to `cursor`."""
    return message("heartbeat", dialect, mark=cursor, cursor=cursor)


def beat(cursor: str, dialect: Dialect) -> bytes:
    """What a period brings: to a WebSocket a ping, in a typed dialect `heartbeat`."""
    ping = b"" if dialect is Dialect.SSE else frames.PING_FRAME
    return ping + heartbeat(cursor, dialect) if dialect.typed else ping


def truncated(
    cursor: str, ranges: Sequence[TruncatedRange], dialect: Dialect = Dialect.V1
) -> bytes:
    """`truncated`: the client must load its state again.

    It carries no mark: a client that is cut off before it has loaded is to be told again.
    """
    return message("truncated", dialect, cursor=cursor, ranges=[r.as_json() for r in ranges])


def recovered(
    replayed: int, conflated: int | None, cursor: str, dialect: Dialect = Dialect.V1
) -> bytes:
    """`recovered`: nothing is missing, and what follows is live.

    conflated: events left out for a newer one of their kind; None where none was asked to be.
    """
    extra = {} if conflated is None else {"conflated": conflated}
    return message("recovered", dialect, mark=cursor, replayed=replayed, cursor=cursor, **extra)


def access(
    organizations: Sequence[str],
    event_types: Collection[str] | None,
    cursor: str,
    expires_at: str | None = None,
    dialect: Dialect = Dialect.V1,
) -> bytes:
    """`access`: what the connection sees from now on. expires_at: as the wire has times."""
    return message(
        "access",
        dialect,
        organizations=organizations,
        eventTypes=None if event_types is None else sorted(event_types),
        expiresAt=expires_at,
        cursor=cursor,
    )


def token_expiring(expires_at: str, dialect: Dialect = Dialect.V1) -> bytes:
    """`token_expiring`: without a new token the connection ends then."""
    return message("token_expiring", dialect, expiresAt=expires_at)


def reconnect(after_ms: int, dialect: Dialect = Dialect.V1) -> bytes:
    """`reconnect`: this pod is about to go; until `after_ms` milliseconds from now it serves."""
    return message("reconnect", dialect, retry_ms=after_ms, afterMs=after_ms)


def closing(code: int, reason: str, retry_ms: int) -> bytes:
    """`close` of server-sent events: the last frame, since such a stream has no close code."""
    return message("close", Dialect.SSE, retry_ms=retry_ms, code=code, reason=reason)


def error(code: str, text: str) -> bytes:
    """`error`: a client's message that cannot be taken."""
    return message("error", code=code, message=text)


V1_PONG = message("pong")
PLAIN_PONG = frames.text(b"pong")
PLAIN_JSON_PONG = frames.text(b'{"type":"pong"}')
