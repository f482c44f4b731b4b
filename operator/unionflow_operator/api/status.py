"""What a stream is: the `status` that the operator writes."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer, StringConstraints

from unionflow_operator.api.model import MOST_ITEMS, Model, list_map


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Moment = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str)]
"""With a time zone; whole seconds on the wire, as Kubernetes writes them."""
Reason = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
    ),
]
Message = Annotated[str, StringConstraints(max_length=32_768)]


class ConditionType(StrEnum):
    """What the conditions are about."""

    READY = "Ready"
    TOPICS_READY = "TopicsReady"
    RELAYS_READY = "RelaysReady"
    EXPOSED = "Exposed"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    RESOURCE_CONFLICT = "ResourceConflict"


class Truth(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Model):
    """One condition, by Kubernetes' conventions."""

    type: ConditionType = Field(description="What it is about.")
    status: Truth = Field(description="Whether it holds: True, False or Unknown.")
    observed_generation: int | None = Field(
        None,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="The metadata.generation that it was found for.",
    )
    last_transition_time: Moment = Field(description="When `status` last changed.")
    reason: Reason = Field(description="Why, in one word that programs may rely on.")
    message: Message = Field("", description="Why, and what to do, in a sentence.")


class TopicState(StrEnum):
    """How a topic stands."""

    READY = "Ready"
    CREATING = "Creating"
    GROWING = "Growing"
    CONFIGURING = "Configuring"
    PAUSED = "Paused"
    CONFLICT = "Conflict"
    REFUSED = "Refused"
    DENIED = "Denied"
    RELEASED = "Released"
    UNKNOWN = "Unknown"


class TopicOrigin(StrEnum):
    """Who made a topic."""

    CREATED = "Created"
    ADOPTED = "Adopted"


class TopicStatus(Model):
    """How one topic stands."""

    name: str = Field(min_length=1, max_length=249, description="The topic's name in the spec.")
    topic_name: str = Field(max_length=449, description="The topic's name in Kafka.")
    topic_id: str | None = Field(
        None, max_length=64, description="Kafka's ID of it; another after it was made again."
    )
    origin: TopicOrigin | None = Field(
        None, description="Created by this stream, or Adopted: it was there before."
    )
    state: TopicState = Field(
        description="Ready, Creating, Growing, Configuring, Paused, Conflict (another stream holds "
        "it), Refused (it was there before), Denied (the operator's policy), Released (the spec no "
        "longer names it) or Unknown."
    )
    partitions: int | None = Field(None, ge=0, description="How many partitions there are.")
    message: Message = Field("", description="Why it is so, and what to do.")


class RelaysStatus(Model):
    """How many relays there are."""

    ready: int = Field(0, ge=0, description="How many serve clients.")
    wanted: int = Field(0, ge=0, description="How many there are to be.")
    current: int = Field(0, ge=0, description="How many pods there are.")
    updated: int = Field(0, ge=0, description="How many pods are as the spec now says.")


class StreamStatus(Model):
    """What the stream is, as the operator last saw it."""

    observed_generation: int | None = Field(
        None,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="The metadata.generation that the operator has seen.",
    )
    conditions: tuple[Condition, ...] = Field(
        (),
        max_length=16,
        json_schema_extra=list_map("type"),
        description="Ready, TopicsReady, RelaysReady, Exposed, Progressing, Degraded and "
        "ResourceConflict.",
    )
    topics: tuple[TopicStatus, ...] = Field(
        (),
        max_length=2 * MOST_ITEMS,
        json_schema_extra=list_map("name"),
        description="How each topic stands; those too that the spec no longer names.",
    )
    relays: RelaysStatus = Field(RelaysStatus(), description="How many relays there are.")
    clients: int | None = Field(
        None,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="How many clients are connected, to within a tenth.",
    )
    clients_time: Moment | None = Field(None, description="When `clients` was counted.")
    pending_plan: tuple[Annotated[str, StringConstraints(max_length=1024)], ...] = Field(
        (),
        max_length=512,
        description="While suspended: what would be changed, a line for each.",
    )
    relays_ready: str | None = Field(
        None, max_length=32, description="Relays ready/wanted, such as `2/2`."
    )
    topics_ready: str | None = Field(
        None, max_length=32, description="Topics ready/wanted, such as `5/5`."
    )
    url: str | None = Field(
        None, max_length=2048, description="Where clients connect: `wss://…/ws/dashboard`."
    )

    def condition(self, type: ConditionType) -> Condition | None:  # noqa: A002  # the field's own word
        """The condition of this type, if there is one."""
        return next((one for one in self.conditions if one.type is type), None)
