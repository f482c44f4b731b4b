"""Topics of one test in a real Kafka: made, grown, deleted, and written to record by record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from confluent_kafka import KafkaException, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    PartitionMetadata,
    ResourcePatternType,
    ResourceType,
)

from unionflow_cli.kafka import apply_topics
from unionflow_events import CATALOGUE

APPROVALS, STATS, NOTIFICATIONS, MEMBERS, CONTRIBUTIONS = (topic.name for topic in CATALOGUE)
TIMEOUT_SECONDS = 20.0
Headers = list[tuple[str, str | bytes]]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Lies:
    """Where an acknowledged record lies."""

    topic: str
    partition: int
    offset: int


def body(
    id: str,
    organization: str | None = "A",
    event_type: str = "MEMBER_CREATED",
    user: str | None = None,
    **data: object,
) -> bytes:
    """An event's JSON object as UnionFlow's own publisher writes it."""
    fields: dict[str, object] = {
        "id": id,
        "eventType": event_type,
        "timestamp": "2026-11-24T12:00:00.000Z",
        "organizationId": organization,
    }
    if user is not None:
        fields["userId"] = user
    return json.dumps({**fields, "data": data}, separators=(",", ":")).encode()


class Topics:
    """The topics with one prefix. `options`: further librdkafka settings (TLS, SASL)."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, options: Mapping[str, Any] = NOTHING
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.prefix = prefix
        self._settings = {"bootstrap.servers": bootstrap_servers, "log_level": 0, **options}
        self._options = options
        self.admin = AdminClient(self._settings)
        self._producer: Producer | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What a relay of these topics is told."""
        return {"UNIONFLOW_TOPIC_PREFIX": self.prefix}

    def create(self, *names: str, partitions: int = 3, replicas: int = 1) -> None:
        """Make topics of the catalogue; all of them where none is named."""
        real = [self.prefix + name for name in names or [topic.name for topic in CATALOGUE]]
        apply_topics(self.bootstrap_servers, real, partitions, replicas, options=self._options)

    def create_with(self, name: str, partitions: int, **config: str) -> None:
        """Make one topic with settings of its own."""
        topic = NewTopic(self.prefix + name, num_partitions=partitions, config=config)
        self._finish(self.admin.create_topics([topic]))

    def grow(self, name: str, partitions: int) -> None:
        """Add partitions, up to so many."""
        self._finish(self.admin.create_partitions([NewPartitions(self.prefix + name, partitions)]))
        self._producer = None  # it would go on to know the old number for minutes
        while len(self._describe(name).partitions) < partitions:
            time.sleep(0.02)

    def delete(self, name: str) -> None:
        """Delete a topic."""
        self._finish(self.admin.delete_topics([self.prefix + name]))

    def configure(self, name: str, setting: str, value: str) -> None:
        """Change one setting of a topic, leaving the others alone."""
        entry = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(
            ResourceType.TOPIC, self.prefix + name, incremental_configs=[entry]
        )
        self._finish(self.admin.incremental_alter_configs([resource]))

    def allow(self, user: str, *operations: AclOperation) -> None:
        """Let a user do these to all topics of the prefix, where Kafka asks for that."""
        self._finish(
            self.admin.create_acls(
                [
                    AclBinding(
                        ResourceType.TOPIC,
                        self.prefix,
                        ResourcePatternType.PREFIXED,
                        f"User:{user}",
                        "*",
                        operation,
                        AclPermissionType.ALLOW,
                    )
                    for operation in operations
                ]
            )
        )

    def delete_records(self, name: str, partition: int, before: int) -> None:
        """What retention does: forget the records before an offset."""
        before_here = TopicPartition(self.prefix + name, partition, before)
        self._finish(self.admin.delete_records([before_here]))

    def short_id(self, name: str) -> str:
        """The TOPIC of cursors and positions: the beginning of the topic ID as Kafka prints it."""
        standard = str(self._describe(name).topic_id)  # librdkafka has base64's other alphabet
        return standard[:8].replace("+", "-").replace("/", "_")

    def leader(self, name: str, partition: int) -> int:
        """The id of the broker that leads a partition, -1 for none or while nobody answers."""
        described = self._metadata(name, partition)
        return -1 if described is None else described.leader

    def in_sync(self, name: str, partition: int) -> list[int]:
        """The ids of the brokers that have all of a partition; none while nobody answers."""
        described = self._metadata(name, partition)
        return [] if described is None else list(described.isrs)

    def other_replica(self, name: str, partition: int) -> int:
        """The id of a broker that follows a partition's leader."""
        described = self._metadata(name, partition)
        assert described is not None
        return next(id for id in described.replicas if id != described.leader)

    def _metadata(self, name: str, partition: int) -> PartitionMetadata | None:
        real = self.prefix + name
        try:
            topics = self.admin.list_topics(real, timeout=5).topics
        except KafkaException:
            return None
        return topics[real].partitions.get(partition)

    def _describe(self, name: str) -> Any:
        real = self.prefix + name
        futures = self.admin.describe_topics(TopicCollection([real]))
        return futures[real].result(TIMEOUT_SECONDS)

    def write(
        self,
        name: str,
        values: Iterable[bytes | None],
        *,
        key: bytes | str | None = None,
        partition: int = -1,
        headers: Headers | None = None,
        producing: Mapping[str, Any] = NOTHING,
    ) -> list[Lies]:
        """Write records and return where they lie, in their order, once all are acknowledged.

        partition: -1 leaves it to the key. producing: librdkafka's settings of a producer.
        """
        producer = self._producer_with(producing)
        reports: list[Lies | KafkaException] = []
        for value in values:
            self._produce(
                producer, self.prefix + name, value, key, partition, headers, _into(reports)
            )
        assert producer.flush(TIMEOUT_SECONDS) == 0
        failures = [report for report in reports if isinstance(report, KafkaException)]
        assert not failures
        return sorted(
            (report for report in reports if isinstance(report, Lies)),
            key=lambda lies: (lies.partition, lies.offset),
        )

    def transactional(self, name: str) -> Producer:
        """A producer whose transactions have this name."""
        producer = Producer({**self._settings, "transactional.id": f"{self.prefix}{name}"})
        producer.init_transactions(TIMEOUT_SECONDS)
        return producer

    def _producer_with(self, producing: Mapping[str, Any]) -> Producer:
        defaults = {"enable.idempotence": True, "linger.ms": 5, "message.max.bytes": 10_000_000}
        if producing:
            return Producer({**self._settings, **defaults, **producing})
        if self._producer is None:
            self._producer = Producer({**self._settings, **defaults})
        return self._producer

    @staticmethod
    def _produce(
        producer: Producer,
        topic: str,
        value: bytes | None,
        key: bytes | str | None,
        partition: int,
        headers: Headers | None,
        report: Callable[[Any, Message], None],
    ) -> None:
        while True:
            try:
                producer.produce(
                    topic,
                    value,
                    key,
                    partition=partition,
                    headers=headers or [],
                    on_delivery=report,
                )
            except BufferError:
                producer.poll(0.1)
            else:
                producer.poll(0)
                return

    @staticmethod
    def _finish(futures: Mapping[Any, Any]) -> None:
        for future in futures.values():
            future.result(TIMEOUT_SECONDS)


def _into(reports: list[Lies | KafkaException]) -> Callable[[Any, Message], None]:
    def report(error: Any, message: Message) -> None:
        if error is not None:
            reports.append(KafkaException(error))
            return
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        reports.append(Lies(topic, partition, offset))

    return report
