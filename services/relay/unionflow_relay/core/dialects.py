"""The two dialects of `/ws/dashboard`, each frame built once and shared by all who get it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from unionflow_relay.core import frames

SUBPROTOCOL = "unionflow.v1"
FEATURES = ("resume", "eventTypes", "conflate")
ALL_ORGANIZATIONS = "*"


class Dialect(StrEnum):
    """What a connection speaks: the first system's bare events, or `unionflow.v1`."""

    PLAIN = "plain"
    V1 = "unionflow.v1"


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
    """The first frame of `unionflow.v1`: who the server takes the client for, and from where."""

    session: str
    cursor: str
    heartbeat_seconds: int
    server_time: str
    user: str | None
    organizations: Sequence[str]


def message(kind: str, **fields: Any) -> bytes:
    """One `unionflow.v1` frame: a JSON object with `type`."""
    return frames.text(orjson.dumps({"type": kind, **fields}))


def plain_event(event_json: bytes) -> bytes:
    """The plain dialect's frame: the event's JSON object itself."""
    return frames.text(event_json)


def v1_event(event_json: bytes, position: str) -> bytes:
    """`event` of `unionflow.v1`; `position` is ASCII without quotes, so it is not escaped."""
    head = b'{"type":"event","position":"' + position.encode() + b'","event":'
    return frames.text(head + event_json + b"}")


def welcome(fields: Welcome) -> bytes:
    """`welcome`, the first frame after the handshake."""
    return message(
        "welcome",
        session=fields.session,
        features=FEATURES,
        cursor=fields.cursor,
        heartbeatSeconds=fields.heartbeat_seconds,
        serverTime=fields.server_time,
        user=fields.user,
        organizations=fields.organizations,
    )


def heartbeat(cursor: str) -> bytes:
    """`heartbeat`: the connection is current up to `cursor`."""
    return message("heartbeat", cursor=cursor)


def truncated(cursor: str, ranges: Sequence[TruncatedRange]) -> bytes:
    """`truncated`: the client must load its state again."""
    return message("truncated", cursor=cursor, ranges=[r.as_json() for r in ranges])


def recovered(replayed: int, conflated: int | None, cursor: str) -> bytes:
    """`recovered`: nothing is missing, and what follows is live.

    conflated: events left out for a newer one of their kind; None where none was asked to be.
    """
    extra = {} if conflated is None else {"conflated": conflated}
    return message("recovered", replayed=replayed, cursor=cursor, **extra)


def access(
    organizations: Sequence[str],
    event_types: Collection[str] | None,
    cursor: str,
    expires_at: str | None = None,
) -> bytes:
    """`access`: what the connection sees from now on. expires_at: as the wire has times."""
    types = None if event_types is None else sorted(event_types)
    return message(
        "access", organizations=organizations, eventTypes=types, expiresAt=expires_at, cursor=cursor
    )


def token_expiring(expires_at: str) -> bytes:
    """`token_expiring`: without a `refresh` the connection ends then."""
    return message("token_expiring", expiresAt=expires_at)


def reconnect(after_ms: int) -> bytes:
    """`reconnect`: this pod is about to go; until `after_ms` milliseconds from now it serves."""
    return message("reconnect", afterMs=after_ms)


def error(code: str, text: str) -> bytes:
    """`error`: a client's message that cannot be taken."""
    return message("error", code=code, message=text)


V1_PONG = message("pong")
PLAIN_PONG = frames.text(b"pong")
PLAIN_JSON_PONG = frames.text(b'{"type":"pong"}')
