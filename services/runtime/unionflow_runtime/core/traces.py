"""The words of traces: one from a request, over outbox, Kafka and relay, to the write to sockets.

Nothing here knows OpenTelemetry: what speaks these words is loaded where traces are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from enum import StrEnum
from typing import Final, Protocol

CAUSE: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)
"""The W3C `traceparent` of the sampled request that this task answers; None outside of one."""
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-")
_SAMPLED: Final = frozenset("13579bdf")
Attributes = Mapping[str, str | int | float]


class Kind(StrEnum):
    """Which end of a conversation a span is."""

    SERVER = "server"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Span(Protocol):
    """A piece of work under way."""

    @property
    def traceparent(self) -> str:
        """What whoever goes on with this work is told."""

    def end(
        self, name: str | None = None, attributes: Attributes | None = None, trouble: str = ""
    ) -> None:
        """It is over. name: a better one than at its beginning. trouble: what went wrong."""


class Tracer(Protocol):
    """Where spans begin. Every call returns at once."""

    def begin(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes,
        began_ns: int | None = None,
    ) -> Span:
        """A piece of work begins.

        parent: the traceparent of what caused it; with none, or a broken one, a trace begins.
        began_ns: since 1970; None for now.
        """

    def close(self) -> None:
        """Send what is still to send; blocks, at most for some seconds."""


def trace_id(traceparent: str) -> str:
    """The 32 hex digits of its trace."""
    return traceparent[3:35]


def sampled_cause(headers: Iterable[tuple[str, bytes]]) -> str:
    """The traceparent among a record's headers, where somebody keeps its trace; else ""."""
    for name, value in headers:
        if name == "traceparent":
            traceparent = value.decode("ascii", "replace")
            return traceparent if is_sampled(traceparent) else ""
    return ""


def is_sampled(traceparent: str) -> bool:
    """Whether it is one, and somebody keeps its trace."""
    return (
        len(traceparent) == 55  # W3C Trace Context, version 00
        and traceparent[54] in _SAMPLED
        and _TRACEPARENT.match(traceparent) is not None
    )
