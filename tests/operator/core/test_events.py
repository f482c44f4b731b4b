"""What is told as Events: changes, each once, and what went wrong when it goes wrong."""

from __future__ import annotations

from typing import Any

from tests.operator.core.world import World
from unionflow_operator.core.observed import Answer, Fault, FaultKind, Handshake
from unionflow_operator.core.plan import Emit, Plan
from unionflow_operator.core.reasons import Happening

SPEC: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "topics": [{"name": "audit"}, {"name": "loans"}],
}


def told(plans: list[Plan]) -> list[tuple[str, str]]:
    events = [step for made in plans for step in made.steps if isinstance(step, Emit)]
    return [(event.type.value, str(event.reason)) for event in events]


def settled() -> World:
    world = World(SPEC)
    world.converge()
    return world


def test_a_new_stream_tells_what_was_made_and_that_it_is_ready() -> None:
    assert told(World(SPEC).converge()) == [
        ("Normal", Happening.TOPICS_CHANGED),
        ("Normal", Happening.OBJECTS_APPLIED),
        ("Normal", Happening.READY),
    ]


def test_several_changes_are_one_event() -> None:
    (event, _) = [step for step in World(SPEC).plan().steps if isinstance(step, Emit)]
    assert event.message.count("create topic") == 2


def test_a_longer_message_than_kubernetes_takes_is_cut() -> None:
    topics = [{"name": f"{'t' * 240}-{number}", "deletionPolicy": "Delete"} for number in range(6)]
    world = World({**SPEC, "topics": topics})
    plans = world.converge()
    world.edit(topics=[{"name": "audit"}])
    plans += world.converge()
    world.edit(topics=topics)
    plans += world.converge()
    world.deleted = world.now
    plans.append(world.plan())
    events = [step for made in plans for step in made.steps if isinstance(step, Emit)]
    assert {len(event.message) for event in events if "t" * 240 in event.message} == {1024}
    assert Happening.TOPICS_DELETED in {event.reason for event in events}


def test_ready_lost_and_won_again_is_told_each_time() -> None:
    world = settled()
    world.handshake = Handshake(Answer.UNREACHABLE)
    assert told(world.converge()) == [("Warning", Happening.NOT_READY)]
    world.handshake = Handshake(Answer.ANSWERED)
    assert told(world.converge()) == [("Normal", Happening.READY)]


def test_a_fault_is_told_when_it_comes_and_not_again_while_it_lasts() -> None:
    world = settled()
    world.faults = (Fault("topic audit", FaultKind.KAFKA, "no"),)
    assert told(world.converge()) == [("Warning", "KafkaRefused")]
    world.faults = (*world.faults, Fault("topic loans", FaultKind.KAFKA, "no"))
    assert told(world.converge()) == []
    world.faults = (Fault("topic audit", FaultKind.QUOTA, "no"),)
    assert told(world.converge()) == [("Warning", "QuotaExceeded")]


def test_topics_taken_out_made_again_and_objects_pruned_are_told() -> None:
    world = settled()
    del world.topics["audit"]
    world.make_topic("audit", 6)
    assert told(world.converge()) == [("Warning", Happening.TOPICS_REPLACED)]
    world.edit(topics=[{"name": "audit"}], disruptionBudget={"enabled": False})
    reasons = [reason for _, reason in told(world.converge())]
    assert Happening.TOPICS_RELEASED in reasons
    assert Happening.OBJECTS_PRUNED in reasons


def test_the_number_of_clients_is_no_event() -> None:
    world = settled()
    world.clients = 500
    world.now = world.now.replace(hour=20)
    assert told(world.converge()) == []
    assert world.status["clients"] == 500
