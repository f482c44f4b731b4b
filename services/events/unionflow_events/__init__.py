"""The vocabulary that UnionFlow's services share: which events there are, and what each says.

Nothing here does I/O but `EventPublisher`, which is loaded when it is first asked for: whoever
only reads events needs no Kafka client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from unionflow_events.audience import EVERYONE, Audience, Scope
from unionflow_events.catalogue import (
    ADDRESSEE_OF,
    CATALOGUE,
    TOPIC_OF,
    Addressee,
    EventType,
    Topic,
)
from unionflow_events.connection import KafkaConnection, Secret
from unionflow_events.errors import (
    EventsError,
    InvalidPayload,
    InvalidSetting,
    PublishRejected,
    PublishTimeout,
)
from unionflow_events.event import Event, new_event
from unionflow_events.identity import uuid7
from unionflow_events.methods import PublishedEvent, PublishMethods
from unionflow_events.parsing import parse
from unionflow_events.record import MAX_RECORD_BYTES, Record, Rejected, RejectedReason
from unionflow_events.timestamps import rfc3339
from unionflow_events.topics import TopicNames

if TYPE_CHECKING:
    from unionflow_events.publisher import EventPublisher

__all__ = [
    "ADDRESSEE_OF",
    "CATALOGUE",
    "EVERYONE",
    "MAX_RECORD_BYTES",
    "TOPIC_OF",
    "Addressee",
    "Audience",
    "Event",
    "EventPublisher",
    "EventType",
    "EventsError",
    "InvalidPayload",
    "InvalidSetting",
    "KafkaConnection",
    "PublishMethods",
    "PublishRejected",
    "PublishTimeout",
    "PublishedEvent",
    "Record",
    "Rejected",
    "RejectedReason",
    "Scope",
    "Secret",
    "Topic",
    "TopicNames",
    "new_event",
    "parse",
    "rfc3339",
    "uuid7",
]


def __getattr__(name: str) -> Any:
    if name == "EventPublisher":
        return getattr(import_module("unionflow_events.publisher"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
