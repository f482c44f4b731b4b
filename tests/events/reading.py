"""Reading back what lies on topics, with a client that shares no code with the publisher."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from unionflow_events import Event, KafkaConnection, Record, Rejected, TopicNames, parse

Read: TypeAlias = ConsumerRecord[bytes | None, bytes | None]


async def read_all(connection: KafkaConnection, topics: Iterable[str]) -> list[Read]:
    """Every record of the topics as of now, partition after partition, each in its order."""
    async with AIOKafkaConsumer(**connection.aiokafka_options()) as consumer:
        partitions = []
        for topic in topics:
            numbers = await consumer._client._wait_on_metadata(topic)
            partitions += [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        records: dict[TopicPartition, list[Read]] = {p: [] for p in partitions}
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for partition, batch in (await consumer.getmany(timeout_ms=500)).items():
                records[partition] += batch
    return [record for partition in partitions for record in records[partition]]


def parsed(record: Read, names: TopicNames) -> Event | Rejected:
    """What the relay would make of it."""
    return parse(
        Record(
            topic=names.catalogue_name(record.topic),
            position=f"AAAAAAAA.{record.partition}.{record.offset}",
            timestamp_ms=record.timestamp,
            key=record.key,
            value=record.value,
            headers=record.headers,
        )
    )
