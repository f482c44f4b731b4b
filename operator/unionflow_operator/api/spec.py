"""What a stream is to be: the `spec` that people write."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from unionflow_operator.api.access import Auth, Exposure
from unionflow_operator.api.kafka import Kafka
from unionflow_operator.api.model import (
    MOST_ITEMS,
    LabelValue,
    Model,
    Rule,
    list_map,
    no_name_twice,
)
from unionflow_operator.api.relay import Relay
from unionflow_operator.api.scheduling import LabelSelector
from unionflow_operator.api.topics import CATALOGUE_TOPICS, Topic, TopicPrefix

_KAFKA_NAME = "(has(t.topicName) ? t.topicName : self.topicPrefix + t.name)"
_OTHER_KAFKA_NAME = "(has(u.topicName) ? u.topicName : self.topicPrefix + u.name)"


class Presence(StrEnum):
    """When a thing is made. Not `on` and `off`: YAML reads those as true and false."""

    ALWAYS = "Always"
    AUTO = "Auto"
    NEVER = "Never"


class Monitoring(Model):
    """What Prometheus and Grafana get."""

    service_monitor: Presence = Field(
        Presence.AUTO,
        description="A ServiceMonitor: Always, Never, or Auto: where its CRD is there.",
    )
    prometheus_rule: Presence = Field(
        Presence.AUTO,
        description="A PrometheusRule with alerts: Always, Never, or Auto: where its CRD is there.",
    )
    dashboard: Presence = Field(
        Presence.AUTO,
        description="A ConfigMap with a Grafana dashboard, as Grafana's sidecar finds it: Always, "
        "Never, or Auto: together with a ServiceMonitor.",
    )
    labels: Mapping[str, LabelValue] = Field(
        {},
        max_length=32,
        description="Labels of the ServiceMonitor and the PrometheusRule, by which a Prometheus "
        "selects them, such as `release: prometheus`.",
    )


class Peer(Model):
    """Pods that may connect."""

    namespace_selector: LabelSelector | None = Field(
        None, description="In which namespaces, by their labels. Left out: the stream's own."
    )
    pod_selector: LabelSelector | None = Field(
        None, description="Which pods there, by their labels. Left out: all."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.namespaceSelector) || has(self.podSelector)",
            "say namespaceSelector, podSelector or both; {} selects all",
            holds=lambda peer: peer.namespace_selector is not None or peer.pod_selector is not None,
        ),
    )


class NetworkPolicy(Model):
    """Who may reach the relays inside the cluster."""

    enabled: bool = Field(True, description="Whether a NetworkPolicy is made.")
    clients_from: tuple[Peer, ...] = Field(
        (),
        max_length=16,
        description="Who may connect as a client, such as the ingress's pods; none: everyone.",
    )
    monitoring_from: tuple[Peer, ...] = Field(
        (), max_length=16, description="Who may read metrics; none: everyone in the cluster."
    )


class DisruptionBudget(Model):
    """How many relays a drain of nodes may take away at once."""

    enabled: bool = Field(True, description="Whether a PodDisruptionBudget is made.")
    max_unavailable: int = Field(
        1, ge=1, le=1000, description="How many relays may be away at once."
    )


class StreamSpec(Model):
    """What the stream is to be."""

    kafka: Kafka = Field(description="The brokers, and how to reach them.")
    topic_prefix: TopicPrefix = Field(
        "",
        description="What stands before the name of each topic that has no topicName. It cannot "
        "be changed.",
    )
    topics: Annotated[tuple[Topic, ...], AfterValidator(no_name_twice)] = Field(
        CATALOGUE_TOPICS,
        min_length=1,
        max_length=MOST_ITEMS,
        json_schema_extra=list_map("name"),
        description="The topics to make and relay. Left out: the five of the catalogue.",
    )
    relay: Relay = Field(Relay(), description="The relays: how many, how large, how they behave.")
    auth: Auth = Field(
        description="Who may connect: say jwksUrl, secretRef or none: true. Required."
    )
    exposure: Exposure | None = Field(
        None, description="The way in from outside. Left out: only inside the cluster."
    )
    monitoring: Monitoring = Field(Monitoring(), description="What Prometheus and Grafana get.")
    network_policy: NetworkPolicy = Field(
        NetworkPolicy(), description="Who may reach the relays inside the cluster."
    )
    disruption_budget: DisruptionBudget = Field(
        DisruptionBudget(), description="How many relays a drain of nodes may take away at once."
    )
    suspend: bool = Field(
        False,
        description="While true, nothing is changed; the status says what would be (pendingPlan).",
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.auth)",
            "auth is missing: say who may connect by auth.jwksUrl (keys of an identity provider), "
            "auth.secretRef (a shared secret) or auth.none: true (everyone)",
            field=".auth",
            holds=lambda _spec: True,  # the field's own requirement says so
        ),
        Rule(
            "self.topicPrefix == oldSelf.topicPrefix",
            "topicPrefix cannot be changed, since records do not move: make a new stream",
            field=".topicPrefix",
            keeps=lambda old, new: new.topic_prefix == old.topic_prefix,
        ),
        Rule(
            f"self.topics.all(t, self.topics.exists_one(u, {_OTHER_KAFKA_NAME} == {_KAFKA_NAME}))",
            "two topics have one name in Kafka: give each its own topicName",
            field=".topics",
            holds=lambda spec: len(set(spec.kafka_names())) == len(spec.topics),
        ),
        Rule(
            f"self.topics.all(t, size({_KAFKA_NAME}) <= 249)",
            "a topic's name in Kafka has at most 249 characters, topicPrefix included",
            field=".topics",
            holds=lambda spec: all(len(name) <= 249 for name in spec.kafka_names()),
        ),
        Rule(
            f"self.topics.all(t, !{_KAFKA_NAME}.startsWith('__'))",
            "names in Kafka that begin with __ are Kafka's own: take another",
            field=".topics",
            holds=lambda spec: not any(name.startswith("__") for name in spec.kafka_names()),
        ),
    )

    def kafka_names(self) -> tuple[str, ...]:
        """What the topics are called in Kafka, in their order."""
        return tuple(topic.kafka_name(self.topic_prefix) for topic in self.topics)
