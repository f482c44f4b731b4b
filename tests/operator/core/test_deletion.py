"""A stream's end: what was to be deleted is, what was not stays, and nothing holds it for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.operator.core.specs import replace_hour
from tests.operator.core.world import BEGINNING, INSTALLATION, World
from unionflow_operator.api.stream import FINALIZER
from unionflow_operator.core.claims import Claim
from unionflow_operator.core.deletion import GIVE_UP_SECONDS
from unionflow_operator.core.observed import Fault, FaultKind, KafkaUnreachable
from unionflow_operator.core.plan import DeleteTopic, Emit, SetFinalizer
from unionflow_operator.core.policy import parse_policy


def spec_of(**topic: Any) -> dict[str, Any]:
    return {
        "kafka": {"bootstrapServers": "kafka:9092"},
        "auth": {"none": True},
        "topics": [
            {"name": "audit", "partitions": 3, "deletionPolicy": "Delete", **topic},
            {"name": "loans", "partitions": 3},
        ],
    }


def converged(**topic: Any) -> World:
    world = World(spec_of(**topic))
    world.converge()
    return world


def delete(world: World) -> list[str]:
    """Delete the stream. What is told of topics that are left behind."""
    world.deleted = world.now
    return let_go(world)


def let_go(world: World) -> list[str]:
    told: list[str] = []
    while FINALIZER in world.finalizers:
        made = world.plan()
        assert made
        told += [s.message for s in made.steps if isinstance(s, Emit) and s.type == "Warning"]
        world.carry_out(made)
    return told


def test_a_topic_to_be_deleted_is_and_the_others_stay() -> None:
    world = converged()
    assert delete(world) == []
    assert list(world.topics) == ["loans"]


def test_the_finalizer_goes_only_after_the_topic_is_seen_to_be_gone() -> None:
    world = converged()
    world.deleted = world.now
    first = world.plan()
    assert any(isinstance(step, DeleteTopic) for step in first.steps)
    assert not any(isinstance(step, SetFinalizer) for step in first.steps)


def test_the_objects_are_left_to_kubernetes() -> None:
    world = converged()
    before = set(world.objects)
    delete(world)
    assert set(world.objects) == before


def test_a_stream_with_nothing_to_delete_has_no_finalizer() -> None:
    world = converged(deletionPolicy="Retain")
    assert world.finalizers == []


def test_the_finalizer_goes_when_no_topic_is_to_be_deleted_any_more() -> None:
    world = converged()
    world.edit(topics=[{"name": "audit", "partitions": 3}])
    world.converge()
    assert world.finalizers == []


def suspended(world: World) -> None:
    world.edit(suspend=True)


def paused(world: World) -> None:
    world.edit(topics=[{**world.spec["topics"][0], "paused": True}])


def policy(**rule: Any) -> Callable[[World], None]:
    made = replace(INSTALLATION, policy=parse_policy({"default": rule}))

    def change(world: World) -> None:
        world.installation = made

    return change


def rival(world: World) -> None:
    servers, topics = frozenset({"kafka:9092"}), frozenset({"audit"})
    world.rivals = (Claim("other", "rival", "uid", replace_hour(1), servers, topics),)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (suspended, "the stream is suspended"),
        (paused, "paused"),
        (policy(deletion="None"), "the policy does not allow deletion"),
        (policy(bootstrapServers=[]), "the policy refuses the stream"),
        (rival, "stream other/rival claims it too"),
    ],
)
def test_a_topic_is_left_behind_and_that_is_told_where(
    change: Callable[[World], None], reason: str
) -> None:
    world = converged()
    change(world)
    assert delete(world) == [f"topics left behind in Kafka: audit ({reason})"]
    assert "audit" in world.topics


@pytest.mark.parametrize(("allowed", "kept"), [("Created", True), ("All", False)])
def test_an_adopted_topic_is_deleted_only_where_the_policy_allows_all(
    allowed: str, kept: bool
) -> None:
    world = World(spec_of())
    world.make_topic("audit", 3)
    policy(deletion=allowed)(world)
    world.converge()
    delete(world)
    assert ("audit" in world.topics) is kept


def test_a_topic_that_somebody_made_again_is_not_deleted() -> None:
    world = converged()
    del world.topics["audit"]
    world.make_topic("audit", 3)
    delete(world)
    assert "audit" in world.topics


def test_a_topic_whose_id_was_not_recorded_before_a_crash_is_deleted_too() -> None:
    world = World(spec_of())
    world.carry_out(world.plan())
    assert "topicId" not in world.status["topics"][0]
    delete(world)
    assert "audit" not in world.topics


def test_a_topic_that_was_refused_is_not_deleted() -> None:
    world = World(spec_of(adoptionPolicy="Refuse"))
    world.make_topic("audit", 3)
    world.converge()
    assert delete(world) == []
    assert "audit" in world.topics


def test_brokers_that_are_away_hold_a_deletion_for_ten_minutes_and_no_longer() -> None:
    world = converged()
    world.unreachable = KafkaUnreachable("no broker answers")
    world.deleted = world.now
    world.carry_out(world.plan())
    assert world.condition("Degraded")[1] == "KafkaUnreachable"
    world.now += timedelta(seconds=GIVE_UP_SECONDS - 2)
    assert not world.plan()
    world.now += timedelta(seconds=2)
    left = "audit (the brokers did not do it)"
    assert let_go(world) == [f"topics left behind in Kafka: {left}"]


def test_who_cannot_wait_for_the_brokers_says_retain() -> None:
    world = converged()
    world.unreachable = KafkaUnreachable("no broker answers")
    world.deleted = world.now
    world.carry_out(world.plan())
    world.edit(topics=[{**world.spec["topics"][0], "deletionPolicy": "Retain"}])
    assert let_go(world) == []


def test_brokers_that_refuse_hold_a_deletion_no_longer_either() -> None:
    world = converged()
    world.faults = (Fault("topic audit", FaultKind.KAFKA, "not authorized"),)
    world.deleted = world.now
    assert any(isinstance(step, DeleteTopic) for step in world.plan().steps)
    world.now += timedelta(seconds=GIVE_UP_SECONDS)
    assert let_go(world) == ["topics left behind in Kafka: audit (the brokers did not do it)"]


def test_the_status_says_that_a_stream_is_being_deleted() -> None:
    world = converged()
    world.deleted = world.now
    world.carry_out(world.plan())
    assert world.condition("Ready")[:2] == ("False", "Deleting")
    assert world.condition("Progressing")[:2] == ("True", "Deleting")
    assert [topic["origin"] for topic in world.status["topics"]] == ["Created", "Created"]


def test_a_stream_without_our_finalizer_is_not_touched() -> None:
    world = converged(deletionPolicy="Retain")
    world.deleted = BEGINNING
    assert not world.plan()
