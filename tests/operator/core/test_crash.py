"""The process dies at every step of the first plan: nothing of ours is ever taken for foreign."""

from __future__ import annotations

import pytest

from tests.operator.core.world import World
from unionflow_operator.api.stream import FINALIZER
from unionflow_operator.core.observed import KafkaUnreachable
from unionflow_operator.core.plan import CreateTopic, SetFinalizer, WriteStatus

SPEC = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "topics": [
        {"name": "audit", "partitions": 3, "adoptionPolicy": "Refuse", "deletionPolicy": "Delete"},
        {"name": "loans", "partitions": 2, "adoptionPolicy": "Refuse", "deletionPolicy": "Delete"},
    ],
}
STEPS = len(World(SPEC).plan().steps)


def test_the_finalizer_and_the_record_come_before_the_topics() -> None:
    kinds = [type(step) for step in World(SPEC).plan().steps[:4]]
    assert kinds == [SetFinalizer, WriteStatus, CreateTopic, CreateTopic]


@pytest.mark.parametrize("done", range(STEPS + 1))
def test_a_crash_after_any_step_leaves_topics_that_are_known_again(done: int) -> None:
    world = World(SPEC)
    world.carry_out(world.plan(), only=lambda number: number < done)
    world.converge()
    origins = [(topic["state"], topic["origin"]) for topic in world.status["topics"]]
    assert origins == [("Ready", "Created"), ("Ready", "Created")]
    assert world.finalizers == [FINALIZER]
    assert sorted(world.topics) == ["audit", "loans"]


@pytest.mark.parametrize("lost", range(STEPS))
def test_a_step_that_fails_is_made_up_for(lost: int) -> None:
    world = World(SPEC)
    made = world.plan()
    # A finalizer or a status that cannot be written ends the attempt.
    ends = isinstance(made.steps[lost], SetFinalizer | WriteStatus)
    world.carry_out(made, only=lambda number: number < lost or (number > lost and not ends))
    world.converge()
    assert sorted(world.topics) == ["audit", "loans"]
    assert len(world.objects) == 9


def test_a_topic_that_vanishes_is_made_again_and_stays_the_streams() -> None:
    world = World(SPEC)
    world.converge()
    del world.topics["audit"]
    world.converge()
    assert world.status["topics"][0]["origin"] == "Created"
    assert world.topics["audit"].topic_id == world.status["topics"][0]["topicId"]


def test_an_adopted_topic_that_vanishes_is_made_again_and_stays_adopted() -> None:
    world = World({**SPEC, "topics": [{"name": "audit", "partitions": 3}]})
    world.make_topic("audit", 3)
    world.converge()
    del world.topics["audit"]
    world.converge()
    assert world.status["topics"][0]["origin"] == "Adopted"


def test_a_topic_of_another_shape_is_not_the_one_that_was_about_to_be_made() -> None:
    world = World(SPEC)
    world.carry_out(world.plan(), only=lambda number: number < 2)
    world.make_topic("audit", 12)
    world.converge()
    assert world.condition("ResourceConflict")[:2] == ("True", "TopicNotOurs")
    assert world.topics["audit"].partitions == 12


def test_an_intention_outlives_brokers_that_do_not_answer_for_a_while() -> None:
    world = World(SPEC)
    made = world.plan()
    world.carry_out(made, only=lambda number: number < 4)
    world.unreachable = KafkaUnreachable("no broker answers")
    world.carry_out(world.plan())
    world.unreachable = None
    world.converge()
    assert world.condition("Ready")[:2] == ("True", "ServingClients")
