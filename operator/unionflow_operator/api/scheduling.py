"""Where pods may run, in Kubernetes' own words: typed, so that a slip is refused at apply.

Field for field as in the core API, without what would let a pod out of its namespace's bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from unionflow_operator.api.model import LabelValue, Model, ObjectName, Rule

LabelKey = Annotated[str, StringConstraints(min_length=1, max_length=317)]
Seconds = Annotated[int, Field(ge=0, le=2_147_483_647, json_schema_extra={"format": "int64"})]


SetOperator = Literal["In", "NotIn", "Exists", "DoesNotExist"]
NodeOperator = Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]


class LabelRequirement(Model):
    """One line of a label selector."""

    key: LabelKey = Field(description="The label's key.")
    operator: SetOperator = Field(description="In, NotIn, Exists or DoesNotExist.")
    values: tuple[LabelValue, ...] = Field(
        (), max_length=64, description="The values to compare with; none for Exists, DoesNotExist."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(self.operator in ['In', 'NotIn']) == (size(self.values) > 0)",
            "In and NotIn need values; Exists and DoesNotExist take none",
            field=".values",
            holds=lambda line: (line.operator in ("In", "NotIn")) == bool(line.values),
        ),
    )


class LabelSelector(Model):
    """Which objects are meant: those with all of these labels."""

    match_labels: Mapping[str, LabelValue] = Field(
        {}, max_length=64, description="Labels and the values that they must have."
    )
    match_expressions: tuple[LabelRequirement, ...] = Field(
        (), max_length=32, description="Further lines, all of which must hold."
    )


class NodeRequirement(Model):
    """One line about a node's labels or fields."""

    key: LabelKey = Field(description="The label's or field's key.")
    operator: NodeOperator = Field(description="In, NotIn, Exists, DoesNotExist, Gt or Lt.")
    values: tuple[LabelValue, ...] = Field(
        (),
        max_length=64,
        description="The values to compare with: one whole number for Gt and Lt, none for Exists "
        "and DoesNotExist.",
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.operator in ['In', 'NotIn'] ? size(self.values) > 0 : "
            "size(self.values) == (self.operator in ['Gt', 'Lt'] ? 1 : 0)",
            "In and NotIn need values, Gt and Lt one; Exists and DoesNotExist take none",
            field=".values",
            holds=lambda line: (
                bool(line.values)
                if line.operator in ("In", "NotIn")
                else len(line.values) == (line.operator in ("Gt", "Lt"))
            ),
        ),
    )


class NodeTerm(Model):
    """Lines about a node, all of which must hold."""

    match_expressions: tuple[NodeRequirement, ...] = Field(
        (), max_length=16, description="Lines about the node's labels."
    )
    match_fields: tuple[NodeRequirement, ...] = Field(
        (), max_length=4, description="Lines about the node's fields: `metadata.name`."
    )


class NodeSelector(Model):
    """Which nodes are meant."""

    node_selector_terms: tuple[NodeTerm, ...] = Field(
        min_length=1, max_length=16, description="One of these terms must hold."
    )


class PreferredNodes(Model):
    """Nodes to like more than others."""

    weight: int = Field(ge=1, le=100, description="How much, 1 to 100.")
    preference: NodeTerm = Field(description="Which nodes.")


class NodeAffinity(Model):
    """Which nodes the relays want."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = Field(
        None, description="Only these nodes."
    )
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredNodes, ...] = Field(
        (), max_length=16, description="Rather these nodes."
    )


class PodTerm(Model):
    """Pods that the relays want near, or far."""

    label_selector: LabelSelector | None = Field(None, description="Which pods.")
    topology_key: LabelKey = Field(
        description="The node label that makes two nodes one place, such as "
        "`kubernetes.io/hostname`."
    )
    namespaces: tuple[ObjectName, ...] = Field(
        (), max_length=32, description="Namespaces to look in; none: the stream's own."
    )
    namespace_selector: LabelSelector | None = Field(
        None, description="Namespaces to look in, by their labels."
    )


class PreferredPods(Model):
    """Places to like more than others."""

    weight: int = Field(ge=1, le=100, description="How much, 1 to 100.")
    pod_affinity_term: PodTerm = Field(description="Near or far from which pods.")


class PodAffinity(Model):
    """Which pods the relays want near."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] = Field(
        (), max_length=16, description="Only near these pods."
    )
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPods, ...] = Field(
        (), max_length=16, description="Rather near these pods."
    )


class PodAntiAffinity(Model):
    """Which pods the relays want far."""

    required_during_scheduling_ignored_during_execution: tuple[PodTerm, ...] = Field(
        (), max_length=16, description="Never near these pods."
    )
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredPods, ...] = Field(
        (), max_length=16, description="Rather not near these pods."
    )


class Affinity(Model):
    """Which nodes and neighbours the relays want."""

    node_affinity: NodeAffinity | None = Field(None, description="Which nodes.")
    pod_affinity: PodAffinity | None = Field(None, description="Which pods to be near.")
    pod_anti_affinity: PodAntiAffinity | None = Field(
        None, description="Which pods to be far from."
    )


class Toleration(Model):
    """A taint that the relays put up with."""

    key: LabelKey | None = Field(
        None, description="The taint's key; left out, with Exists: every taint."
    )
    operator: Literal["Exists", "Equal"] = Field(
        "Equal", description="Exists for any value, Equal for `value`."
    )
    value: LabelValue | None = Field(None, description="The taint's value, with Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="The taint's effect; left out: every effect."
    )
    toleration_seconds: Seconds | None = Field(
        None, description="With NoExecute: for how long. Left out: for ever."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.key) || self.operator == 'Exists'",
            "a toleration without key must have operator Exists",
            field=".operator",
            holds=lambda toleration: bool(toleration.key) or toleration.operator == "Exists",
        ),
        Rule(
            "!has(self.value) || self.operator == 'Equal'",
            "a toleration with operator Exists takes no value",
            field=".value",
            holds=lambda toleration: toleration.value is None or toleration.operator == "Equal",
        ),
        Rule(
            "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "tolerationSeconds goes with effect NoExecute only",
            field=".tolerationSeconds",
            holds=lambda toleration: (
                toleration.toleration_seconds is None or toleration.effect == "NoExecute"
            ),
        ),
    )


class SpreadConstraint(Model):
    """How evenly the relays lie over places."""

    max_skew: int = Field(
        1, ge=1, le=1000, description="How many more relays one place may have than another."
    )
    topology_key: LabelKey = Field(
        description="The node label that makes two nodes one place, such as "
        "`topology.kubernetes.io/zone`."
    )
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"] = Field(
        "ScheduleAnyway", description="Whether a relay waits (DoNotSchedule) or runs all the same."
    )
    min_domains: int | None = Field(
        None, ge=1, le=1000, description="With DoNotSchedule: the least number of places."
    )
    node_affinity_policy: Literal["Honor", "Ignore"] | None = Field(
        None, description="Whether nodes that the relays do not want count as places."
    )
    node_taints_policy: Literal["Honor", "Ignore"] | None = Field(
        None, description="Whether nodes whose taints the relays do not bear count as places."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'",
            "minDomains goes with whenUnsatisfiable DoNotSchedule only",
            field=".minDomains",
            holds=lambda spread: (
                spread.min_domains is None or spread.when_unsatisfiable == "DoNotSchedule"
            ),
        ),
    )
