"""Whatever a spec says and a cluster holds: once carried out, nothing is left to do or lost."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.operator.core.specs import specs, worlds
from tests.operator.core.world import World
from unionflow_operator.core.deletion import GIVE_UP_SECONDS
from unionflow_operator.core.observed import KafkaObserved, Observed
from unionflow_operator.core.plan import Apply, DeleteTopic, GrowTopic, Plan, SetTopicConfig

quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@quick
@given(worlds())
def test_a_plan_that_is_carried_out_leaves_nothing_to_do(world: World) -> None:
    plans = world.converge()
    assert len(plans) <= 2  # what is to be done, then what has been seen
    assert not world.plan()


@quick
@given(worlds(), specs())
def test_any_change_of_the_spec_converges_too(world: World, spec: dict[str, object]) -> None:
    world.converge()
    world.edit(**{"topicPrefix": "", **spec})
    plans = world.converge()
    assert len(plans) <= 3
    assert not world.plan()


@quick
@given(worlds())
def test_a_converged_stream_stays_silent_for_a_day(world: World) -> None:
    world.converge()
    for _ in range(3):
        world.now += timedelta(hours=8)
        assert world.plan().steps == ()


@quick
@given(worlds(), specs())
def test_no_topic_is_ever_shrunk_deleted_or_stripped_of_a_setting(
    world: World, spec: dict[str, object]
) -> None:
    before = deepcopy(world.topics)
    world.converge()
    world.edit(**spec)
    plans = world.converge()
    assert not any(isinstance(step, DeleteTopic) for made in plans for step in made.steps)
    for name, topic in before.items():
        after = world.topics[name]
        assert after.topic_id == topic.topic_id
        assert after.partitions >= topic.partitions
        assert after.replication_factor == topic.replication_factor
        assert set(topic.config) <= set(after.config)


@quick
@given(worlds())
def test_every_planned_change_is_one_that_is_needed(world: World) -> None:
    observed, made = world.observe(), world.plan()
    assert all(step.to > step.now for step in made.steps if isinstance(step, GrowTopic))
    assert all(is_needed(observed, step) for step in made.steps if isinstance(step, Apply))
    changes = [step for step in made.steps if isinstance(step, SetTopicConfig)]
    assert isinstance(observed.kafka, KafkaObserved) or not changes
    for step in changes:
        assert step.config != {name: step.now.get(name) for name in step.config}


def is_needed(observed: Observed, step: Apply) -> bool:
    return bool(step.changes) or step.key not in observed.children


@quick
@given(worlds())
def test_equal_observations_give_equal_plans(world: World) -> None:
    assert world.plan() == world.plan()


@quick
@given(worlds(), st.data())
def test_an_attempt_that_ends_anywhere_comes_to_the_same_end(
    world: World, data: st.DataObject
) -> None:
    whole = deepcopy(world)
    whole.converge()
    made = world.plan()
    done = data.draw(st.integers(0, len(made.steps)))
    world.carry_out(made, only=lambda number: number < done)
    world.converge()
    assert end_state(world) == end_state(whole)


def end_state(world: World) -> dict[str, object]:
    """Everything but identities and times, which depend on when a thing was made."""
    return {
        "topics": {
            name: (topic.partitions, topic.replication_factor, topic.config)
            for name, topic in world.topics.items()
        },
        "origins": {topic["name"]: topic.get("origin") for topic in world.status["topics"]},
        "objects": {key: item["spec"] for key, item in world.objects.items() if "spec" in item},
        "finalizers": world.finalizers,
        "conditions": {
            one["type"]: (one["status"], one["reason"], one["message"])
            for one in world.status["conditions"]
        },
    }


@quick
@given(worlds())
def test_a_deleted_stream_takes_only_topics_with_it_that_it_made_and_was_told_to(
    world: World,
) -> None:
    foreign = set(world.topics)
    world.converge()
    world.deleted = world.now
    before = set(world.topics)
    told = {
        real
        for topic, real in zip(
            world.stream().spec.topics, world.stream().spec.kafka_names(), strict=True
        )
        if topic.deletion_policy == "Delete" and not topic.paused
    }
    for _ in range(3):
        world.carry_out(world.plan())
        world.now += timedelta(seconds=GIVE_UP_SECONDS)
    claimed = {topic for claim in world.rivals for topic in claim.topics}
    assert before - set(world.topics) == (
        set() if world.unreachable else (before & told) - foreign - claimed
    )
    assert world.finalizers == []


@quick
@given(worlds())
def test_a_suspended_stream_changes_nothing_and_says_what_it_would(world: World) -> None:
    awake = deepcopy(world).plan()
    world.edit(suspend=True)
    topics, objects = deepcopy(world.topics), deepcopy(world.objects)
    for made in world.converge():
        assert made.changes == ()
    assert (world.topics, world.objects, world.finalizers) == (topics, objects, [])
    assert world.status["pendingPlan"] == list(lines_of(awake))
    assert not any(topic.get("origin") == "Created" for topic in world.status["topics"])


def lines_of(made: Plan) -> tuple[str, ...]:
    return made.describe()
