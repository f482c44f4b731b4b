"""What of a topic's settings the guarantee cannot do without, and what of Metadata says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import LeaderNotAvailableError, UnknownTopicOrPartitionError

from unionflow_relay.adapters.kafka.cluster import read_topics
from unionflow_relay.adapters.kafka.wire import MetadataResponseV12
from unionflow_relay.core.assignment import TopicMetadata
from unionflow_relay.core.soundness import Soundness, concerns

IN_SYNC, UNCLEAN = "min.insync.replicas", "unclean.leader.election.enable"
GOOD = {IN_SYNC: "2", UNCLEAN: "false", "cleanup.policy": "delete"}
SETTINGS: dict[str, tuple[int, dict[str, str], list[str]]] = {
    "all that is needed": (3, GOOD, []),
    "one in sync": (3, {**GOOD, IN_SYNC: "1"}, [IN_SYNC]),
    "one in sync of two": (2, {**GOOD, IN_SYNC: "1"}, [IN_SYNC]),
    "one in sync of one": (1, {**GOOD, IN_SYNC: "1"}, []),
    "one in sync of nobody knows how many": (0, {**GOOD, IN_SYNC: "1"}, []),
    "unclean elections": (3, {**GOOD, UNCLEAN: "true"}, [UNCLEAN]),
    "unclean elections of one": (1, {**GOOD, UNCLEAN: "true"}, [UNCLEAN]),
    "both": (3, {IN_SYNC: "1", UNCLEAN: "true"}, [IN_SYNC, UNCLEAN]),
    "nothing known": (3, {}, []),
    "a value that is no number": (3, {IN_SYNC: "None", UNCLEAN: "None"}, []),
}


@pytest.mark.parametrize(("replicas", "settings", "named"), SETTINGS.values(), ids=SETTINGS.keys())
def test_what_raises_a_concern(
    replicas: int, settings: dict[str, str], named: Sequence[str]
) -> None:
    found = concerns(replicas, settings)
    assert [concern.split(" is ")[0] for concern in found] == list(named)


def test_a_concern_is_news_once_for_each_topic_and_again_when_it_comes_back() -> None:
    soundness = Soundness()
    assert soundness.news("a", ["x"]) == ["x"]
    assert soundness.news("a", ["x"]) == []
    assert soundness.news("b", ["x"]) == ["x"]
    assert soundness.news("a", ["x", "y"]) == ["y"]
    assert soundness.news("a", []) == []
    assert soundness.news("a", ["x"]) == ["x"]


class Answer(NamedTuple):
    """A topic in a Metadata answer. partitions: number, leader and replicas."""

    code: int
    name: str
    partitions: Sequence[tuple[int, int, Sequence[int]]] = ()


def metadata(*answers: Answer) -> Any:
    """A Metadata answer as it comes off the wire."""
    topics: list[Any] = [
        (
            code,
            name,
            name.encode().ljust(16, b"-"),
            False,
            [(0, n, leader, 0, replicas, replicas, [], {}) for n, leader, replicas in partitions],
            -1,
            {},
        )
        for code, name, partitions in answers
    ]
    raw = MetadataResponseV12(0, [], "c", 1, topics, {}).encode()
    return MetadataResponseV12.decode(raw)


def test_a_topic_without_a_leader_is_not_called_absent() -> None:
    """Else two looks at a cluster that only just starts would give a topic up for good."""
    said = read_topics(
        metadata(
            Answer(0, "there", [(0, 1, [1, 2, 3]), (1, -1, [1, 2])]),
            Answer(LeaderNotAvailableError.errno, "starting"),
            Answer(UnknownTopicOrPartitionError.errno, "absent"),
        )
    )
    assert said.found == {
        "there": TopicMetadata("there", b"there".ljust(16, b"-"), {0: 1, 1: -1}, 2)
    }
    assert said.refused == {"starting": "LeaderNotAvailableError"}
