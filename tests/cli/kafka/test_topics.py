"""Topics are made and grown, never shrunk or deleted, and what is right is left alone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient
from hypothesis import given
from hypothesis import strategies as st

from tests.support.kafka import Kafka
from unionflow_cli.kafka import Cluster, apply_topics
from unionflow_cli.kafka.adapters import ports
from unionflow_cli.kafka.core.topics import (
    AddPartitions,
    CreateTopic,
    TopicChange,
    WantedTopic,
    plan,
)
from unionflow_cli.kafka.errors import TopicsFailed

NAMES = st.sampled_from(["a", "b", "c", "d"])
COUNTS = st.integers(1, 12)
WANTED = st.lists(st.builds(WantedTopic, NAMES, COUNTS, st.just(1)), unique_by=lambda t: t.name)
EXISTING = st.dictionaries(NAMES, COUNTS)


def carried_out(changes: tuple[TopicChange, ...], existing: dict[str, int]) -> dict[str, int]:
    after = dict(existing)
    for change in changes:
        match change:
            case CreateTopic(topic):
                assert topic.name not in after
                after[topic.name] = topic.partitions
            case AddPartitions(name, before, count):
                assert after[name] == before < count
                after[name] = count
    return after


@given(WANTED, EXISTING)
def test_after_a_plan_was_carried_out_the_next_one_is_empty(
    wanted: list[WantedTopic], existing: dict[str, int]
) -> None:
    assert plan(wanted, carried_out(plan(wanted, existing), existing)) == ()


@given(WANTED, EXISTING)
def test_no_plan_takes_a_topic_or_a_partition_away(
    wanted: list[WantedTopic], existing: dict[str, int]
) -> None:
    after = carried_out(plan(wanted, existing), existing)
    assert {name: after[name] >= count for name, count in existing.items()} == dict.fromkeys(
        existing, True
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (CreateTopic(WantedTopic("t", 1, 1)), "t: created with 1 partition"),
        (AddPartitions("t", 1, 6), "t: grown from 1 to 6 partitions"),
    ],
)
def test_a_change_is_told_in_a_sentence(change: TopicChange, sentence: str) -> None:
    assert str(change) == sentence


def test_missing_topics_are_made_and_the_next_run_changes_nothing(
    kafka: Kafka, topic_prefix: str
) -> None:
    names = [f"{topic_prefix}a", f"{topic_prefix}b"]
    first = apply_topics(kafka.bootstrap_servers, names)
    before = _identities(kafka, names)
    assert first == [CreateTopic(WantedTopic(name, 6, 1)) for name in names]
    assert apply_topics(kafka.bootstrap_servers, names) == []
    assert _identities(kafka, names) == before


def test_a_small_topic_grows_and_a_large_one_stays(kafka: Kafka, topic_prefix: str) -> None:
    name = f"{topic_prefix}a"
    apply_topics(kafka.bootstrap_servers, [name], partitions=2)
    assert apply_topics(kafka.bootstrap_servers, [name], partitions=5) == [
        AddPartitions(name, 2, 5)
    ]
    assert apply_topics(kafka.bootstrap_servers, [name], partitions=3) == []
    assert [count for _, count in _identities(kafka, [name])] == [5]


def test_several_at_once_make_each_topic_once_and_all_succeed(
    kafka: Kafka, topic_prefix: str
) -> None:
    names = [f"{topic_prefix}{letter}" for letter in "abc"]
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(apply_topics, kafka.bootstrap_servers, names) for _ in range(4)]
        for run in runs:
            run.result()
    assert [count for _, count in _identities(kafka, names)] == [6, 6, 6]


def test_a_kafka_that_is_not_there_is_an_error_in_time() -> None:
    (port,) = ports.free_ports(1)
    start = time.monotonic()
    with pytest.raises(TopicsFailed, match=f"127.0.0.1:{port}"):
        apply_topics(f"127.0.0.1:{port}", ["a"], timeout=1.0)
    assert time.monotonic() - start < 10


def test_what_kafka_refuses_is_said_in_its_words(kafka: Kafka) -> None:
    with pytest.raises(TopicsFailed, match="not/a/name"):
        apply_topics(kafka.bootstrap_servers, ["not/a/name"], timeout=10.0)


def test_a_replicated_topic_survives_the_loss_of_a_broker(kafka_cluster: Cluster) -> None:
    apply_topics(kafka_cluster.bootstrap_servers, ["a"], replication_factor=3)
    kafka_cluster.brokers[0].kill()
    # Returns when every partition has a leader; growing it takes a controller and a majority.
    assert apply_topics(kafka_cluster.bootstrap_servers, ["a"], partitions=8, timeout=60) == [
        AddPartitions("a", 6, 8)
    ]
    kafka_cluster.brokers[0].restart()
    assert apply_topics(kafka_cluster.brokers[0].bootstrap_servers, ["a"], partitions=8) == []


def _identities(kafka: Kafka, names: list[str]) -> list[tuple[str, int]]:
    """Each topic's ID, which a topic that is made again does not keep, and its partitions."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    described = admin.describe_topics(TopicCollection(names))
    topics = [described[name].result(timeout=10) for name in names]
    return [(str(topic.topic_id), len(topic.partitions)) for topic in topics]
