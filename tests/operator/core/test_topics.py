"""What happens to topics: made, grown, set, adopted, refused, left alone."""

from __future__ import annotations

import pytest

from tests.operator.core.server import Json
from tests.operator.core.specs import replace_hour
from tests.operator.core.world import World
from unionflow_operator.core.claims import Claim
from unionflow_operator.core.plan import CreateTopic, Emit, GrowTopic, SetTopicConfig
from unionflow_operator.core.topic_config import same_setting


def spec_of(*topics: Json, **others: object) -> Json:
    return {
        "kafka": {"bootstrapServers": "kafka:9092"},
        "auth": {"none": True},
        "topics": list(topics),
        **others,
    }


def topic_steps(world: World) -> list[object]:
    kinds = CreateTopic | GrowTopic | SetTopicConfig
    return [step for step in world.plan().steps if isinstance(step, kinds)]


def states(world: World) -> list[tuple[str, str | None]]:
    return [(topic["state"], topic.get("origin")) for topic in world.status["topics"]]


def test_a_missing_topic_is_made_under_its_prefix_with_what_the_spec_names() -> None:
    topic = {"name": "audit", "partitions": 3, "config": {"retention.ms": 60000}}
    world = World(spec_of(topic, topicPrefix="prod."))
    assert topic_steps(world) == [CreateTopic("prod.audit", 3, None, {"retention.ms": "60000"})]


def test_a_topic_grows_and_its_other_settings_stay() -> None:
    world = World(spec_of({"name": "audit", "partitions": 3, "config": {"retention.ms": "1"}}))
    world.make_topic("audit", 1, 1, {"retention.ms": "2", "max.message.bytes": "9"})
    assert topic_steps(world) == [
        GrowTopic("audit", 1, 3),
        SetTopicConfig("audit", {"retention.ms": "1"}, {"retention.ms": "2"}),
    ]
    world.converge()
    assert world.topics["audit"].config == {"retention.ms": "1", "max.message.bytes": "9"}


def test_a_topic_with_more_partitions_than_asked_for_is_left_as_it_is() -> None:
    world = World(spec_of({"name": "audit", "partitions": 3}))
    world.make_topic("audit", 12)
    assert topic_steps(world) == []


def test_a_setting_that_drifts_is_mended() -> None:
    world = World(spec_of({"name": "audit", "config": {"retention.ms": "1"}}))
    world.converge()
    world.topics["audit"].config["retention.ms"] = "5"  # type: ignore[index]  # the world's own
    assert topic_steps(world) == [
        SetTopicConfig("audit", {"retention.ms": "1"}, {"retention.ms": "5"})
    ]


def test_a_setting_that_the_spec_no_longer_names_stays() -> None:
    world = World(spec_of({"name": "audit", "config": {"retention.ms": "1"}}))
    world.converge()
    world.edit(topics=[{"name": "audit"}])
    world.converge()
    assert world.topics["audit"].config == {"retention.ms": "1"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("60000", " 60000", True),
        ("0.50", "0.5", True),
        ("compact, delete", "compact,delete", True),
        ("TRUE", "true", True),
        ("60000", "60001", False),
        ("compact,delete", "delete,compact", False),
        ("nan", "nan", True),
    ],
)
def test_two_texts_are_one_setting_where_kafka_reads_them_as_one(
    one: str, other: str, same: bool
) -> None:
    assert same_setting(one, other) is same


def test_a_topic_that_was_there_is_adopted_and_that_is_told_once() -> None:
    world = World(spec_of({"name": "audit"}))
    world.make_topic("audit", 6)
    told = [
        step.message
        for made in world.converge()
        for step in made.steps
        if isinstance(step, Emit) and step.reason == "TopicsAdopted"
    ]
    assert told == ["there before: audit"]
    assert states(world) == [("Ready", "Adopted")]


def test_a_topic_that_was_there_is_refused_where_the_policy_says_so() -> None:
    world = World(spec_of({"name": "audit", "partitions": 9, "adoptionPolicy": "Refuse"}))
    world.make_topic("audit", 6)
    world.converge()
    assert states(world) == [("Refused", None)]
    assert world.topics["audit"].partitions == 6
    assert not any(key.kind == "Deployment" for key in world.objects)


def test_a_topic_that_somebody_made_again_is_met_anew() -> None:
    world = World(spec_of({"name": "audit", "adoptionPolicy": "Refuse"}))
    world.converge()
    del world.topics["audit"]
    world.make_topic("audit", 6)
    world.converge()
    assert states(world) == [("Refused", None)]


@pytest.mark.parametrize("exists", [True, False])
def test_a_paused_topic_is_left_alone(exists: bool) -> None:
    world = World(spec_of({"name": "audit", "partitions": 9, "paused": True}))
    if exists:
        world.make_topic("audit", 6)
    world.converge()
    assert states(world) == [("Paused", None)]
    assert world.status["topicsReady"] == ("1/1" if exists else "0/1")


def test_a_topic_taken_out_of_the_spec_is_kept_and_known_when_it_comes_back() -> None:
    refusing = {"name": "audit", "adoptionPolicy": "Refuse", "deletionPolicy": "Delete"}
    world = World(spec_of(refusing, {"name": "loans"}))
    world.converge()
    world.edit(topics=[{"name": "loans"}])
    world.converge()
    assert states(world) == [("Ready", "Created"), ("Released", "Created")]
    assert "audit" in world.topics
    world.edit(topics=[refusing, {"name": "loans"}])
    world.converge()
    assert states(world) == [("Ready", "Created"), ("Ready", "Created")]


def test_a_released_topic_that_is_deleted_in_kafka_goes_off_the_record() -> None:
    world = World(spec_of({"name": "audit"}, {"name": "loans"}))
    world.converge()
    world.edit(topics=[{"name": "loans"}])
    world.converge()
    del world.topics["audit"]
    world.converge()
    assert [topic["name"] for topic in world.status["topics"]] == ["loans"]


def rival(hours: int, *topics: str) -> Claim:
    created = replace_hour(hours)
    return Claim("other", "rival", "uid", created, frozenset({"kafka:9092"}), frozenset(topics))


def test_the_younger_of_two_streams_leaves_the_topic_to_the_older_and_names_it() -> None:
    world = World(spec_of({"name": "audit"}, {"name": "loans"}))
    world.rivals = (rival(-1, "audit"),)
    world.converge()
    assert states(world) == [("Conflict", None), ("Ready", "Created")]
    truth, reason, message = world.condition("ResourceConflict")
    assert (truth, reason) == ("True", "TopicHeld")
    assert "other/rival" in message
    assert not any(key.kind == "Deployment" for key in world.objects)


def test_the_older_of_two_streams_has_the_topic() -> None:
    world = World(spec_of({"name": "audit"}))
    world.rivals = (rival(1, "audit"),)
    world.converge()
    assert states(world) == [("Ready", "Created")]


def test_a_conflict_that_is_over_leaves_no_trace() -> None:
    world = World(spec_of({"name": "audit"}))
    world.rivals = (rival(-1, "audit"),)
    world.converge()
    world.rivals = ()
    world.converge()
    assert world.condition("Ready")[:2] == ("True", "ServingClients")
