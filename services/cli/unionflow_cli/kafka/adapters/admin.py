"""Brings topics to what is wanted, through Kafka's admin protocol.

confluent-kafka and not aiokafka: its requests leave alone what they are not told to change.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from types import MappingProxyType
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from unionflow_cli.kafka.core.topics import (
    AddPartitions,
    CreateTopic,
    TopicChange,
    WantedTopic,
    plan,
)
from unionflow_cli.kafka.errors import TopicsFailed

TIMEOUT_SECONDS = 15.0
ANSWER_SECONDS = 8.0  # who does not say within this what topics there are is not there
# A request waits for the controller that the client last heard of, also when that one is gone: it
# is given up after this and sent anew, once the client has heard of another.
REQUEST_SECONDS = 5.0
POLL_SECONDS = 0.05

# After these it is looked again, since another may have done it, or another try may succeed.
PASSING = frozenset(
    {
        KafkaError.INVALID_PARTITIONS,  # as many are there by now
        KafkaError.NOT_CONTROLLER,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.TOPIC_ALREADY_EXISTS,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
    }
)


def apply_topics(
    bootstrap_servers: str,
    names: Iterable[str],
    partitions: int = 6,
    replication_factor: int = 1,
    *,
    options: Mapping[str, Any] = MappingProxyType({}),
    timeout: float = TIMEOUT_SECONDS,
) -> list[TopicChange]:
    """Make the topics that are missing, grow those that are too small; what was changed.

    Nothing is ever shrunk or deleted, and where nothing is to change nothing is written. Returns
    when clients can use the topics. options: further librdkafka settings (TLS, SASL). timeout:
    seconds, for all of it. Raises TopicsFailed.
    """
    wanted = [WantedTopic(name, partitions, replication_factor) for name in names]
    settings = {"bootstrap.servers": bootstrap_servers, "log_level": 0, **options}
    try:
        return list(_converge(AdminClient(settings), wanted, time.monotonic() + timeout))
    except KafkaException as error:
        raise TopicsFailed(
            f"Kafka at {bootstrap_servers} did not do it: {_reason(error).str()}",
            "is it running? unionflow kafka status",
        ) from error


def answers(bootstrap_servers: str, timeout: float) -> bool:
    """Whether a Kafka without TLS and SASL answers there within `timeout` seconds."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        admin.list_topics(timeout=timeout)
    except KafkaException:
        return False
    return True


def _converge(
    admin: AdminClient, wanted: Sequence[WantedTopic], deadline: float
) -> tuple[TopicChange, ...]:
    """Look, change, look again, until nothing is to change; what the first look asked for."""
    existing, _ = _look(admin, min(ANSWER_SECONDS, _left(deadline)))
    first = changes = plan(wanted, existing)
    problem: KafkaException | None = None
    ready = not changes
    while not ready:
        if time.monotonic() >= deadline:
            raise problem or TopicsFailed("some partitions got no leader in time")
        problem = _carry_out(admin, changes, min(REQUEST_SECONDS, _left(deadline)))
        time.sleep(POLL_SECONDS)
        existing, led = _look(admin, _left(deadline))
        changes = plan(wanted, existing)
        # Kafka answers before its brokers know the topic, and a partition without a leader is of
        # no use to a client.
        ready = all(led.get(topic.name, 0) >= topic.partitions for topic in wanted)
    return first


def _look(admin: AdminClient, timeout: float) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Of every topic, how many partitions it has, and how many of them have a leader."""
    topics = admin.list_topics(timeout=timeout).topics
    partitions = {name: len(topic.partitions) for name, topic in topics.items()}
    led = {
        name: sum(partition.leader >= 0 for partition in topic.partitions.values())
        for name, topic in topics.items()
    }
    return partitions, led


def _carry_out(
    admin: AdminClient, changes: Sequence[TopicChange], timeout: float
) -> KafkaException | None:
    """Send the changes. An error that may pass is returned; any other is raised."""
    new = [
        NewTopic(
            change.topic.name,
            num_partitions=change.topic.partitions,
            replication_factor=change.topic.replication_factor,
        )
        for change in changes
        if isinstance(change, CreateTopic)
    ]
    grown = [
        NewPartitions(change.name, change.after)
        for change in changes
        if isinstance(change, AddPartitions)
    ]
    futures: dict[str, Future[None]] = {}
    if new:
        futures |= admin.create_topics(new, request_timeout=timeout)
    if grown:
        futures |= admin.create_partitions(grown, request_timeout=timeout)
    passing: KafkaException | None = None
    for future in futures.values():
        try:
            future.result(timeout=2 * timeout)  # librdkafka's own timeout comes first
        except KafkaException as error:
            if _reason(error).code() not in PASSING:
                raise
            passing = error
    return passing


def _reason(error: KafkaException) -> KafkaError:
    reason = error.args[0]
    assert isinstance(reason, KafkaError)  # noqa: S101  # librdkafka's; only its stubs doubt it
    return reason


def _left(deadline: float) -> float:
    return max(0.1, deadline - time.monotonic())
