"""Many events published at once, against a real Kafka that takes, refuses or is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.events.reading import parsed, read_all
from tests.support.kafka import Kafka
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import (
    Event,
    EventPublisher,
    KafkaConnection,
    PublishedEvent,
    PublishRejected,
    PublishTimeout,
    TopicNames,
    new_event,
)
from unionflow_events.ordering import Outcome

STATS = "unionflow.dashboard.stats"
NOISE = random.Random(1).randbytes(30_000).hex()  # no compression makes it small


def indicator(number: int, organization: str = "dakar", text: str = "") -> Event:
    return new_event(
        "KPI_UPDATED",
        data={"value": number, "text": text},
        organization_id=organization,
        id=f"{organization}-{number}",
        timestamp_ms=1_790_000_000_000,
    )


def ids(events: Sequence[Event | object]) -> list[str]:
    return [event.id for event in events if isinstance(event, Event)]


async def lying(connection: KafkaConnection, topics: TopicNames) -> list[str]:
    """The ids that lie there, partition after partition."""
    records = await read_all(connection, topics.real)
    return ids([parsed(record, topics) for record in records])


def kinds(outcomes: Sequence[Outcome]) -> set[type]:
    return {type(outcome) for outcome in outcomes}


def narrow(kafka: Kafka, topics: TopicNames, most: int) -> None:
    """Make its one partition, which takes batches of at most so many bytes."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    settings = {"max.message.bytes": str(most)}
    (made,) = admin.create_topics([NewTopic(topics.real[0], 1, config=settings)]).values()
    made.result(timeout=20)


async def test_events_of_one_key_lie_in_the_order_given_and_answers_come_in_it(
    kafka: Kafka, topic_prefix: str
) -> None:
    topics = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(kafka.bootstrap_servers, topics.real, 1)
    connection = KafkaConnection(kafka.bootstrap_servers)
    events = [indicator(n, who) for n in range(500) for who in ("dakar", "cotonou")]
    async with EventPublisher(connection, topics=topics) as publisher:
        outcomes = await publisher.publish_in_order(events)
    assert kinds(outcomes) == {PublishedEvent}
    assert [outcome.id for outcome in outcomes if isinstance(outcome, PublishedEvent)] == ids(
        events
    )
    assert await lying(connection, topics) == ids(events)


async def test_the_one_that_kafka_refuses_is_told_from_those_beside_it(
    kafka: Kafka, topic_prefix: str
) -> None:
    topics = TopicNames.from_entries([STATS], topic_prefix)
    narrow(kafka, topics, 20_000)
    connection = KafkaConnection(kafka.bootstrap_servers)
    events = [indicator(n, text=NOISE if n in (7, 30) else "") for n in range(60)]
    async with EventPublisher(connection, topics=topics, deadline=30.0) as publisher:
        outcomes = await publisher.publish_in_order(events)
    refused = [n for n, one in enumerate(outcomes) if isinstance(one, PublishRejected)]
    assert refused == [7, 30]
    assert all(one.of_event for one in outcomes if isinstance(one, PublishRejected))
    assert await lying(connection, topics) == [f"dakar-{n}" for n in range(60) if n not in refused]


async def test_small_events_whose_batch_is_too_large_are_taken_one_by_one(
    kafka: Kafka, topic_prefix: str
) -> None:
    """A batch is refused as a whole; none of these is too large by itself."""
    topics = TopicNames.from_entries([STATS], topic_prefix)
    narrow(kafka, topics, 4_000)
    connection = KafkaConnection(kafka.bootstrap_servers)
    dice = random.Random(1)
    events = [indicator(n, text=dice.randbytes(1_000).hex()) for n in range(8)]
    async with EventPublisher(connection, topics=topics, deadline=30.0) as publisher:
        outcomes = await publisher.publish_in_order(events)
    assert kinds(outcomes) == {PublishedEvent}
    assert await lying(connection, topics) == ids(events)


async def test_a_topic_that_is_missing_holds_up_its_own_events_alone(
    kafka: Kafka, topic_prefix: str
) -> None:
    topics = TopicNames.from_entries([STATS], topic_prefix)
    apply_topics(kafka.bootstrap_servers, topics.real, 1)
    other = new_event(
        "MEMBER_CREATED",
        data={},
        organization_id="dakar",
        id="elsewhere",
        timestamp_ms=1_790_000_000_000,
    )
    both = TopicNames.from_entries(prefix=topic_prefix)
    async with EventPublisher(
        KafkaConnection(kafka.bootstrap_servers), topics=both, deadline=3.0
    ) as publisher:
        late, took = await publisher.publish_in_order([other, indicator(1)])
    assert isinstance(late, PublishTimeout)
    assert isinstance(took, PublishedEvent)


async def test_after_a_call_that_was_late_first_copies_still_lie_in_order(
    own_kafka: Broker,
) -> None:
    """As an outbox does: what had no answer is given again, with all that came after it."""
    topics = TopicNames.from_entries([STATS])
    apply_topics(own_kafka.bootstrap_servers, topics.real, 1)
    connection = KafkaConnection(own_kafka.bootstrap_servers)
    events = [indicator(n, text="x" * 200) for n in range(300)]
    async with EventPublisher(connection, topics=topics, deadline=1.0) as publisher:
        assert kinds(await publisher.publish_in_order(events[:10])) == {PublishedEvent}
        own_kafka.pause()
        assert kinds(await publisher.publish_in_order(events[10:200])) == {PublishTimeout}
        own_kafka.resume()
        left = events[10:]
        for _ in range(30):
            outcomes = await publisher.publish_in_order(left)
            left = left[sum(isinstance(one, PublishedEvent) for one in outcomes) :]
            if not left:
                break
            await asyncio.sleep(0.1)
    found = await lying(connection, topics)
    assert list(dict.fromkeys(found)) == ids(events)


async def test_outside_its_block_it_publishes_nothing() -> None:
    publisher = EventPublisher(KafkaConnection())
    with pytest.raises(RuntimeError, match="outside its `async with`"):
        await publisher.publish_in_order([indicator(1)])
