"""The relays of a stream: which image, how many, how large, how they behave."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from unionflow_operator.api.model import MIB, Model, ObjectName, Rule, list_map, no_name_twice
from unionflow_operator.api.pod import Pod
from unionflow_operator.api.resources import Amounts, Limits, Resources
from unionflow_operator.api.scaling import Autoscaling

DEFAULT_REPLICAS: Final = 2
Image = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[!-~]+$")]


class ObjectReference(Model):
    """An object of the stream's namespace, by its name."""

    name: ObjectName = Field(description="Its name.")


class Relay(Model):
    """The relays."""

    image: Image | None = Field(
        None, description="The relay's image. Left out: the one that the operator was told."
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        "IfNotPresent", description="When a node fetches the image anew."
    )
    image_pull_secrets: Annotated[tuple[ObjectReference, ...], AfterValidator(no_name_twice)] = (
        Field(
            (),
            max_length=16,
            json_schema_extra=list_map("name"),
            description="Secrets with which nodes fetch the image.",
        )
    )
    replicas: int | None = Field(
        None,
        ge=0,
        le=1000,
        description=f"How many relays there are. Left out, without autoscaling: "
        f"{DEFAULT_REPLICAS}. Not together with autoscaling.",
    )
    autoscaling: Autoscaling | None = Field(
        None, description="How the number of relays follows the load; then without replicas."
    )
    resources: Resources = Field(
        Resources(
            requests=Amounts(cpu="250m", memory="512Mi"),
            limits=Amounts(memory="512Mi"),
        ),
        description="CPU and memory of one relay. What is given replaces the default as a whole.",
    )
    limits: Limits = Field(Limits(), description="What one relay takes of clients.")
    drain_seconds: int = Field(
        20,
        ge=0,
        le=3600,
        description="Over how many seconds a relay that stops sends its clients to the others.",
    )
    heartbeat_seconds: int = Field(
        25,
        ge=1,
        le=3600,
        description="Period of heartbeats; a client silent for three is closed (4409).",
    )
    history_bytes: int = Field(
        64 * MIB,
        ge=0,
        le=64 * 1024 * MIB,
        json_schema_extra={"format": "int64"},
        description="Memory of a relay for the newest records, from which clients that come back "
        "are served.",
    )
    compression: Literal["none", "deflate"] = Field(
        "none",
        description="Whether clients that can are sent compressed frames (permessage-deflate).",
    )
    log_format: Literal["json", "text"] = Field("json", description="How the relays log.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that the relays log."
    )
    pod: Pod = Field(Pod(), description="What the relays' pods get besides.")

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.replicas) || !has(self.autoscaling)",
            "replicas and autoscaling contradict each other: leave replicas out, or say "
            "autoscaling.minReplicas and maxReplicas",
            field=".replicas",
            holds=lambda relay: relay.replicas is None or relay.autoscaling is None,
        ),
    )
