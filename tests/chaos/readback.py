"""Kafka's own account of a topic, read by another client than the relay's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from tests.chaos.errors import AuditError
from tests.chaos.places import Lanes, place
from tests.chaos.writer import NUMBER_HEADER

READ_SECONDS = 90.0


def read_back(bootstrap_servers: str, topics: Mapping[str, str], lanes: Lanes) -> Mapping[int, int]:
    """The number of every committed record, by place. topics: name in Kafka -> short topic ID.

    Raises:
        AuditError: Kafka did not give all of it within READ_SECONDS.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"audit-{uuid.uuid4().hex}",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        return _Reading(consumer, topics, lanes, time.monotonic() + READ_SECONDS).all()
    except KafkaException as error:
        raise AuditError(f"Kafka could not be read: {error}") from error
    finally:
        consumer.close()


class _Reading:
    def __init__(
        self, consumer: Consumer, topics: Mapping[str, str], lanes: Lanes, deadline: float
    ) -> None:
        self._consumer = consumer
        self._topics = topics
        self._lanes = lanes
        self._deadline = deadline
        self._found: dict[int, int] = {}

    def all(self) -> Mapping[int, int]:
        metadata = self._consumer.list_topics(timeout=20).topics
        partitions = [
            TopicPartition(topic, number, 0)
            for topic in self._topics
            for number in metadata[topic].partitions
        ]
        ends = {
            (p.topic, p.partition): self._consumer.get_watermark_offsets(p, timeout=20)[1]
            for p in partitions
        }
        left = {key for key, end in ends.items() if end}
        self._consumer.assign(partitions)
        while left:
            if time.monotonic() > self._deadline:
                raise AuditError(f"Kafka does not say what lies in {sorted(left)}")
            for message in self._consumer.consume(1_000, timeout=0.5):
                key = (message.topic() or "", message.partition() or 0)
                error = message.error()
                if error is None:
                    self._take(message)
                elif error.code() == KafkaError._PARTITION_EOF and _offset(message) >= ends[key]:
                    left.discard(key)
        return self._found

    def _take(self, message: Message) -> None:
        short_id = self._topics[message.topic() or ""]
        lane = self._lanes.number(f"{short_id}.{message.partition()}")
        headers = dict(message.headers() or [])
        self._found[place(lane, _offset(message))] = int(headers[NUMBER_HEADER] or b"")


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset
