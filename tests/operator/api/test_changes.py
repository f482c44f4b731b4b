"""What the API server refuses of a change is known before it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from unionflow_operator.api.changes import refused_changes
from unionflow_operator.api.spec import StreamSpec
from unionflow_operator.api.topics import Topic

TOPIC = {"name": "a", "partitions": 6, "replicationFactor": 3}


def spec(**otherwise: Any) -> StreamSpec:
    body = {"kafka": {"bootstrapServers": "k:9092"}, "auth": {"none": True}, "topics": [TOPIC]}
    return StreamSpec.model_validate({**body, **otherwise})


@pytest.mark.parametrize(
    ("after", "begins"),
    [
        ({"topicPrefix": "x."}, "spec.topicPrefix: from '' to 'x.': topicPrefix cannot be changed"),
        (
            {"topics": [{**TOPIC, "partitions": 5}]},
            "spec.topics[0].partitions: from 6 to 5: Kafka cannot remove partitions",
        ),
        (
            {"topics": [{"name": "new"}, {**TOPIC, "topicName": "b"}]},
            "spec.topics[1]: topicName cannot be changed",
        ),
        (
            {"topics": [{**TOPIC, "replicationFactor": 1}]},
            "spec.topics[0].replicationFactor: from 3 to 1: replicationFactor cannot be changed",
        ),
    ],
)
def test_a_change_that_is_refused_is_said_with_its_place(
    after: dict[str, Any], begins: str
) -> None:
    [line] = refused_changes(spec(), spec(**after))
    assert line.startswith(begins)


@pytest.mark.parametrize(
    "after",
    [
        {},
        {"topics": [{**TOPIC, "partitions": 12}]},
        {"topics": [{"name": "a", "partitions": 6}]},
        {"topics": [{"name": "other"}]},
        {"suspend": True},
    ],
)
def test_any_other_change_is_not(after: dict[str, Any]) -> None:
    assert refused_changes(spec(), spec(**after)) == ()


def test_every_rule_about_a_change_is_known_here_too() -> None:
    rules = (*StreamSpec.RULES, *Topic.RULES)
    about_changes = [rule for rule in rules if "oldSelf" in rule.cel]
    assert [rule.cel for rule in about_changes if rule.keeps is None] == []
