"""Cursors and positions: where a client is in Kafka, in a form that any relay pod understands.

The grammar is that of the wire reference: `1~TOPIC:NEXT,NEXT~…` and `TOPIC.PARTITION.OFFSET`,
TOPIC being the first eight characters of Kafka's topic ID in base64url.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from unionflow_relay.errors import MalformedCursor

MAX_CURSOR_LENGTH = 16_384
MAX_OFFSET = 2**63 - 1
EARLIEST = "earliest"

_TOPIC = r"[A-Za-z0-9_-]{8}"
_NUMBER = r"0|[1-9][0-9]{0,18}"
_TOPIC_PART = re.compile(rf"({_TOPIC}):((?:{_NUMBER})(?:,(?:{_NUMBER}))*)")
_POSITION = re.compile(rf"({_TOPIC})\.(0|[1-9][0-9]{{0,9}})\.({_NUMBER})")


def short_topic_id(topic_id: bytes) -> str:
    """The TOPIC of cursors and positions. `topic_id`: Kafka's 16 bytes (KIP-516)."""
    return urlsafe_b64encode(topic_id).decode()[:8]


def position(topic: str, partition: int, offset: int) -> str:
    """Where one event lies. `topic`: a short topic ID."""
    return f"{topic}.{partition}.{offset}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a client asks to resume from: the next offset wanted, by short topic ID and partition.

    A partition that is not named is wanted from offset 0.
    """

    next_offsets: Mapping[tuple[str, int], int]
    topics: frozenset[str] = frozenset()

    def wanted(self, topic: str, partition: int) -> int:
        """The first offset that the client has not seen."""
        return self.next_offsets.get((topic, partition), 0)


EVERYTHING_RETAINED = Cursor({})


def parse_cursor(text: str) -> Cursor:
    """Parse `earliest`, or a cursor with any positions after it.

    Memory is in proportion to at most MAX_CURSOR_LENGTH characters, whatever a client writes.

    Raises:
        MalformedCursor: the text breaks the grammar, or a bound on it.
    """
    if len(text) > MAX_CURSOR_LENGTH:
        raise MalformedCursor(f"a cursor has at most {MAX_CURSOR_LENGTH} characters")
    if text == EARLIEST:
        return EVERYTHING_RETAINED
    version, *parts = text.split("~")
    if version != "1":
        raise MalformedCursor("a cursor starts with the version 1")
    offsets: dict[tuple[str, int], int] = {}
    topics: set[str] = set()
    for part in parts:
        if match := _TOPIC_PART.fullmatch(part):
            topics.add(match[1])
            for partition, number in enumerate(match[2].split(",")):
                offsets[match[1], partition] = _offset(number)
        elif match := _POSITION.fullmatch(part):
            topics.add(match[1])
            offsets[match[1], int(match[2])] = _offset(match[3]) + 1
        else:
            raise MalformedCursor("a cursor's part is neither TOPIC:NEXT,… nor a position")
    return Cursor(offsets, frozenset(topics))


def _offset(digits: str) -> int:
    value = int(digits)
    if value >= MAX_OFFSET:
        raise MalformedCursor("an offset has at most 63 bits")
    return value
