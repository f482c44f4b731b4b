"""The publisher against a real Kafka that is well."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.events.reading import parsed, read_all
from tests.events.samples import approval
from tests.events.test_methods import METHODS
from tests.support.kafka import Kafka
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import (
    ADDRESSEE_OF,
    Event,
    EventPublisher,
    InvalidPayload,
    KafkaConnection,
    TopicNames,
)

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass(frozen=True, slots=True)
class Place:
    """A Kafka with the five topics of one test."""

    connection: KafkaConnection
    topics: TopicNames


@pytest.fixture
def place(kafka: Kafka, topic_prefix: str) -> Place:
    topics = TopicNames.from_entries(prefix=topic_prefix)
    apply_topics(kafka.bootstrap_servers, topics.real, partitions=3)
    return Place(KafkaConnection(kafka.bootstrap_servers), topics)


async def test_every_method_puts_its_event_on_its_topic_under_its_key(place: Place) -> None:
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        published = [await call(publisher) for _, call, _, _ in METHODS]

    records = {
        (r.topic, r.partition, r.offset): r
        for r in await read_all(place.connection, place.topics.real)
    }
    assert len(records) == len(METHODS)
    for (event_type, _, audience, data), lies in zip(METHODS, published, strict=True):
        record = records[lies.topic, lies.partition, lies.offset]
        event = parsed(record, place.topics)
        assert isinstance(event, Event)
        assert (event.id, event.event_type, event.audience) == (lies.id, event_type, audience)
        assert event.data == data
        assert event.encoded == record.value, "it is written as the clients get it"
        key = ADDRESSEE_OF[event_type].key(event.organization_id, event.user_id)
        assert record.key == (key and key.encode())


async def test_a_record_carries_the_headers_of_cloudevents_and_of_the_trace(place: Place) -> None:
    async with EventPublisher(
        place.connection, topics=place.topics, source="/finance", traceparent=lambda: TRACE
    ) as publisher:
        lies = await publisher.publish_kpi_update("mutuelle-dakar", {"value": 1})

    (record,) = await read_all(place.connection, [lies.topic])
    event = parsed(record, place.topics)
    assert isinstance(event, Event)
    assert dict(record.headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": lies.id.encode(),
        "ce_type": b"KPI_UPDATED",
        "ce_source": b"/finance",
        "ce_time": event.timestamp.encode(),
        "ce_subject": b"mutuelle-dakar",
        "traceparent": TRACE.encode(),
    }


async def test_an_events_id_is_a_uuid_of_version_7_of_the_moment_it_was_published(
    place: Place,
) -> None:
    before = datetime.now(UTC)
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        lies = await publisher.publish("KPI_UPDATED", {}, organization_id="o")
    after = datetime.now(UTC)

    (record,) = await read_all(place.connection, [lies.topic])
    event = parsed(record, place.topics)
    assert isinstance(event, Event)
    moment_ms = UUID(lies.id).int >> 80
    assert UUID(lies.id).version == 7
    assert int(before.timestamp() * 1000) <= moment_ms <= after.timestamp() * 1000
    assert datetime.fromisoformat(event.timestamp).timestamp() * 1000 == pytest.approx(moment_ms)


async def test_one_organizations_events_keep_the_order_of_the_calls(place: Place) -> None:
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        published = [
            await publisher.publish_kpi_update(organization, {"number": number})
            for number in range(30)
            for organization in ("mutuelle-dakar", "mutuelle-abidjan")
        ]

    records = await read_all(place.connection, [published[0].topic])
    for organization in ("mutuelle-dakar", "mutuelle-abidjan"):
        events = [parsed(r, place.topics) for r in records if r.key == organization.encode()]
        assert [e.data["number"] for e in events if isinstance(e, Event)] == list(range(30))


async def test_a_thousand_calls_at_once_arrive_once_and_in_their_order_for_each_key(
    place: Place,
) -> None:
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        published = await asyncio.gather(
            *(publisher.publish_kpi_update(f"o-{n % 7}", {"n": n}) for n in range(1000))
        )

    records = await read_all(place.connection, [published[0].topic])
    assert sorted((lies.partition, lies.offset) for lies in published) == [
        (record.partition, record.offset) for record in records
    ]
    events = [parsed(record, place.topics) for record in records]
    for key in range(7):
        numbers = [e.data["n"] for e in events if isinstance(e, Event) and e.data["n"] % 7 == key]
        assert numbers == list(range(key, 1000, 7))


async def test_an_event_published_again_keeps_its_id(place: Place) -> None:
    event = approval()
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        first = await publisher.publish_event(event)
        second = await publisher.publish_event(event)

    assert (first.id, second.id) == (event.id, event.id)
    assert first.offset != second.offset


async def test_topics_may_be_called_otherwise(kafka: Kafka, topic_prefix: str) -> None:
    other = f"{topic_prefix}figures"
    topics = TopicNames.from_entries([f"unionflow.dashboard.stats={other}"])
    apply_topics(kafka.bootstrap_servers, [other], partitions=1)

    async with EventPublisher(KafkaConnection(kafka.bootstrap_servers), topics=topics) as publisher:
        lies = await publisher.publish_kpi_update("o", {})

    assert lies.topic == other


async def test_a_payload_that_is_no_json_sends_nothing(place: Place) -> None:
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        with pytest.raises(InvalidPayload, match=r"data\.items\[1\]: set is no JSON"):
            await publisher.publish_kpi_update("o", {"items": [1, {2}]})

    assert await read_all(place.connection, place.topics.real) == []


async def test_an_event_of_the_largest_size_is_taken(place: Place) -> None:
    text = "x" * 999_800
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        lies = await publisher.publish_kpi_update("o", {"text": text})

    (record,) = await read_all(place.connection, [lies.topic])
    event = parsed(record, place.topics)
    assert isinstance(event, Event)
    assert event.data == {"text": text}


async def test_a_publisher_that_is_not_entered_says_so(place: Place) -> None:
    publisher = EventPublisher(place.connection, topics=place.topics)

    with pytest.raises(RuntimeError, match="outside its `async with`"):
        await publisher.publish_kpi_update("o", {})

    async with publisher:
        await publisher.publish_kpi_update("o", {})
    with pytest.raises(RuntimeError, match="outside its `async with`"):
        await publisher.publish_kpi_update("o", {})


async def test_calls_under_way_end_before_the_publisher_closes(place: Place) -> None:
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        calls = [asyncio.create_task(publisher.publish_event(approval_of(n))) for n in range(10)]
        await asyncio.sleep(0)

    assert [(await call).id for call in calls] == [f"event-{n}" for n in range(10)]


def approval_of(number: int) -> Event:
    return approval(event_type="KPI_UPDATED", id=f"event-{number}")


async def test_a_call_that_is_cancelled_leaves_the_others_alone(
    place: Place,
) -> None:
    async with EventPublisher(place.connection, topics=place.topics) as publisher:
        cancelled = asyncio.create_task(publisher.publish_kpi_update("o", {}))
        other = asyncio.create_task(publisher.publish_kpi_update("o", {}))
        await asyncio.sleep(0)
        cancelled.cancel()

        assert (await other).topic.endswith("unionflow.dashboard.stats")
        with pytest.raises(asyncio.CancelledError):
            await cancelled


async def test_batches_are_compressed_and_numbered_by_an_idempotent_producer(
    own_kafka: Broker,
) -> None:
    apply_topics(own_kafka.bootstrap_servers, ["unionflow.dashboard.stats"], partitions=1)
    async with EventPublisher(KafkaConnection(own_kafka.bootstrap_servers)) as publisher:
        await publisher.publish_kpi_update("o", {"text": "x" * 1000})
    own_kafka.stop()

    (segment,) = own_kafka.folder.rglob("unionflow.dashboard.stats-0/*.log")
    # Kafka's record batch, version 2: attributes at byte 21, producer's id at 43
    attributes, producer_id = struct.unpack_from(">h20xq", segment.read_bytes(), 21)
    assert attributes & 0b111 == 3, "lz4"
    assert producer_id >= 0
