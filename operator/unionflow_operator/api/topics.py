"""The topics of a stream: which there are, how they are made, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from unionflow_events import CATALOGUE
from unionflow_operator.api.model import Model, Rule, Scalar

MIN_INSYNC: Final = "min.insync.replicas"

# Kafka's own rule: 1 to 249 of these characters, and neither "." nor "..".
_LEGAL = r"^([A-Za-z0-9_-]|\.[A-Za-z0-9_-]|\.\.[A-Za-z0-9._-])[A-Za-z0-9._-]*$"
TopicName = Annotated[str, StringConstraints(min_length=1, max_length=249, pattern=_LEGAL)]
TopicPrefix = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9._-]*$")]

_LEAST: Final = f"string(self.config['{MIN_INSYNC}'])"


class AdoptionPolicy(StrEnum):
    """What to do with a topic that is there already and that this stream did not make."""

    ADOPT = "Adopt"
    REFUSE = "Refuse"


class DeletionPolicy(StrEnum):
    """What becomes of a topic when its stream is deleted."""

    RETAIN = "Retain"
    DELETE = "Delete"


def _insync_fits(topic: Topic) -> bool:
    least = topic.config.get(MIN_INSYNC, "")
    if topic.replication_factor is None or not (least.isascii() and least.isdigit()):
        return True
    return int(least) <= topic.replication_factor


class Topic(Model):
    """One topic of a stream."""

    name: TopicName = Field(
        description="The topic's name to UnionFlow: one of the catalogue's, such as "
        "`unionflow.finance.approvals`, or any other that is to be relayed."
    )
    topic_name: TopicName | None = Field(
        None,
        description="The topic's name in Kafka, taken as it is. Left out: topicPrefix and name. "
        "It cannot be changed.",
    )
    partitions: int = Field(
        6,
        ge=1,
        le=10_000,
        description="How many partitions there are at least. More may be asked for later; Kafka "
        "cannot remove any, and each organisation's order holds within one.",
    )
    replication_factor: int | None = Field(
        None,
        ge=1,
        le=100,
        description="On how many brokers each partition lies. Left out: what the brokers are set "
        "to (default.replication.factor). It cannot be changed.",
    )
    config: Mapping[str, Scalar] = Field(
        {},
        max_length=64,
        description="Kafka's settings of this topic, such as `retention.ms`. Settings that are not "
        "named here are left as they are.",
    )
    adoption_policy: AdoptionPolicy = Field(
        AdoptionPolicy.ADOPT,
        description="What to do with a topic of this name that is there already: Adopt brings it "
        "to what is said here; Refuse leaves it alone and says so in the status.",
    )
    deletion_policy: DeletionPolicy = Field(
        DeletionPolicy.RETAIN,
        description="What becomes of the topic when the stream is deleted: Retain leaves it with "
        "its records; Delete removes both for ever.",
    )
    paused: bool = Field(
        False, description="While true, the operator looks at this topic but changes nothing of it."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.partitions >= oldSelf.partitions",
            "Kafka cannot remove partitions: ask for as many as before, or more",
            field=".partitions",
            words="'%d is fewer than the %d asked for before; Kafka cannot remove partitions: ask "
            "for as many, or more'.format([self.partitions, oldSelf.partitions])",
            keeps=lambda old, new: new.partitions >= old.partitions,
        ),
        Rule(
            "has(self.topicName) == has(oldSelf.topicName) && "
            "(!has(self.topicName) || self.topicName == oldSelf.topicName)",
            "topicName cannot be changed, added or taken away, since records do not move: leave "
            "it, or make a new stream",
            keeps=lambda old, new: new.topic_name == old.topic_name,
        ),
        Rule(
            "!has(self.replicationFactor) || !has(oldSelf.replicationFactor) || "
            "self.replicationFactor == oldSelf.replicationFactor",
            "replicationFactor cannot be changed here: move replicas with Kafka's own tool "
            "(kafka-reassign-partitions) and leave replicationFactor out",
            field=".replicationFactor",
            keeps=lambda old, new: (
                None in {old.replication_factor, new.replication_factor}
                or new.replication_factor == old.replication_factor
            ),
        ),
        Rule(
            f"!has(self.replicationFactor) || !('{MIN_INSYNC}' in self.config) || "
            f"!{_LEAST}.matches('^[0-9]+$') || "
            f"({_LEAST}.matches('^0*[0-9]{{1,3}}$') && int({_LEAST}) <= self.replicationFactor)",
            "min.insync.replicas is more than replicationFactor: nothing could be written; lower "
            "it, or take a higher replicationFactor",
            field=".config",
            holds=_insync_fits,
        ),
    )

    def kafka_name(self, prefix: str) -> str:
        """What it is called in Kafka. prefix: the stream's `topicPrefix`."""
        return self.topic_name if self.topic_name is not None else prefix + self.name


CATALOGUE_TOPICS: Final = tuple(Topic(name=topic.name) for topic in CATALOGUE)
"""The topics of a stream that names none."""
