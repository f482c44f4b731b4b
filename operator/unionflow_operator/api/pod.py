"""What the relays' pods get besides: nothing that lets a pod out of its namespace's bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, StringConstraints

from unionflow_operator.api.model import (
    LabelValue,
    LongText,
    Model,
    ObjectName,
    Rule,
    SecretKey,
    list_map,
    no_name_twice,
)
from unionflow_operator.api.scheduling import Affinity, SpreadConstraint, Toleration

RESERVED_ENV: Final = ("UNIONFLOW_", "KAFKA_", "POD_")
RESERVED_LABELS: Final = ("app.kubernetes.io/", "unionflow.lions.dev/")
EnvName = Annotated[
    str, StringConstraints(min_length=1, max_length=256, pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")
]


class EnvVariable(Model):
    """One variable of the relays' environment."""

    name: EnvName = Field(
        description="The variable's name. UNIONFLOW_, KAFKA_ and POD_ are the operator's own."
    )
    value: LongText | None = Field(None, description="Its value, or else `secret`.")
    secret: SecretKey | None = Field(None, description="The Secret that holds its value.")

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.value) != has(self.secret)",
            "a variable has value or secret: give one of the two",
            holds=lambda variable: (variable.value is None) != (variable.secret is None),
        ),
        Rule(
            " && ".join(f"!self.name.startsWith('{prefix}')" for prefix in RESERVED_ENV),
            "names that begin with UNIONFLOW_, KAFKA_ or POD_ are the operator's: what they set "
            "has its own field in spec.kafka, spec.auth or spec.relay",
            field=".name",
            holds=lambda variable: not variable.name.startswith(RESERVED_ENV),
        ),
    )


class Pod(Model):
    """What the relays' pods get besides. No service account, volume, host or capability."""

    labels: Mapping[str, LabelValue] = Field(
        {}, max_length=32, description="Further labels of the pods."
    )
    annotations: Mapping[str, LongText] = Field(
        {}, max_length=32, description="Further annotations of the pods."
    )
    env: Annotated[tuple[EnvVariable, ...], AfterValidator(no_name_twice)] = Field(
        (),
        max_length=64,
        json_schema_extra=list_map("name"),
        description="Further variables of the relays' environment, written out or from Secrets.",
    )
    node_selector: Mapping[str, LabelValue] = Field(
        {}, max_length=32, description="Labels that a node must have."
    )
    tolerations: tuple[Toleration, ...] = Field(
        (), max_length=32, description="Taints that the relays put up with."
    )
    affinity: Affinity | None = Field(
        None, description="Which nodes and neighbours the relays want."
    )
    topology_spread_constraints: tuple[SpreadConstraint, ...] = Field(
        (),
        max_length=8,
        description="How evenly the relays lie over places. Left out: over nodes, where possible.",
    )
    priority_class_name: ObjectName | None = Field(
        None, description="Which PriorityClass the relays are of."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.labels.all(key, "
            + " && ".join(f"!key.startsWith('{prefix}')" for prefix in RESERVED_LABELS)
            + ")",
            "labels that begin with app.kubernetes.io/ or unionflow.lions.dev/ are the operator's: "
            "take other names",
            field=".labels",
            holds=lambda pod: not any(key.startswith(RESERVED_LABELS) for key in pod.labels),
        ),
    )
