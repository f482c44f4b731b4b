"""What counts as a difference between a live object and the one that is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operator.core.world import World
from unionflow_operator.core.diff import differences
from unionflow_operator.core.plan import Apply, FieldChange

SPEC: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "auth": {"none": True},
    "relay": {"resources": {"requests": {"cpu": "1000m"}}},
}


def of(live: Any, wanted: Any) -> list[str]:
    return [str(change) for change in differences({"spec": live}, {"spec": wanted})]


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ({"a": 1, "b": 2}, {"a": 1}),
        ({}, {"a": None, "b": {}, "c": []}),
        ({"requests": {"cpu": "1"}}, {"requests": {"cpu": "1000m"}}),
        ({"limits": {"memory": "1Gi"}}, {"limits": {"memory": "1024Mi"}}),
        ({"env": [{"name": "b"}, {"name": "a"}]}, {"env": [{"name": "a"}]}),
        ({"args": ["a"]}, {"args": ("a",)}),
        (
            {"ports": [{"name": "x", "port": 1, "nodePort": 30000}]},
            {"ports": [{"name": "x", "port": 1}]},
        ),
    ],
    ids=[
        "a field that we do not set",
        "nothing beside what is not there",
        "a quantity written otherwise",
        "a quantity in another unit",
        "a list of named items in another order, with others' items",
        "a list and a tuple",
        "defaults within a named item",
    ],
)
def test_it_is_no_difference(live: Any, wanted: Any) -> None:
    assert of(live, wanted) == []


@pytest.mark.parametrize(
    ("live", "wanted", "said"),
    [
        ({"a": 1}, {"a": 2}, "spec.a: from 1 to 2"),
        ({}, {"a": False}, "spec.a: set False"),
        ({"name": "1000m"}, {"name": "1"}, "spec.name: from 1000m to 1"),
        ({"args": ["a"]}, {"args": ["a", "b"]}, "spec.args: from ['a'] to ['a', 'b']"),
        ({"env": [{"name": "a"}]}, {"env": [{"name": "b"}]}, "spec.env[b]: set {'name': 'b'}"),
        (
            {"containers": [{"name": "relay", "image": "a"}]},
            {"containers": [{"name": "relay", "image": "b"}]},
            "spec.containers[relay].image: from a to b",
        ),
    ],
)
def test_a_difference_is_said_with_its_place(live: Any, wanted: Any, said: str) -> None:
    assert of(live, wanted) == [said]


def applies(world: World) -> dict[str, list[str]]:
    """What is to be applied: by kind, why and which fields."""
    return {
        step.key.kind: [step.why, *map(str, step.changes)]
        for step in world.plan().steps
        if isinstance(step, Apply)
    }


def test_what_somebody_changed_is_put_back() -> None:
    world = World(SPEC)
    world.converge()
    container = world.child("Deployment")["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "evil"
    assert applies(world) == {
        "Deployment": [
            "drift",
            "spec.template.spec.containers[relay].image: from evil to unionflow/relay:0.1.0",
        ]
    }


def test_what_somebody_added_beside_ours_is_left() -> None:
    world = World(SPEC)
    world.converge()
    pod = world.child("Deployment")["spec"]["template"]["spec"]
    pod["containers"].append({"name": "sidecar", "image": "mesh"})
    world.child("Service")["metadata"]["annotations"]["cloud"] = "balanced"
    assert applies(world) == {}


def test_a_field_that_is_no_longer_set_is_taken_away() -> None:
    world = World({**SPEC, "relay": {"pod": {"priorityClassName": "high"}}})
    world.converge()
    world.edit(relay={})
    why, change = applies(world)["Deployment"]
    assert why == "changed"
    assert "no longer set" in change
    world.converge()
    assert "priorityClassName" not in world.child("Deployment")["spec"]["template"]["spec"]


def test_an_object_that_is_no_longer_wanted_goes_and_nobody_elses_does() -> None:
    world = World({**SPEC, "exposure": {"host": "a.example", "ingressClassName": "nginx"}})
    world.converge()
    del world.spec["exposure"]
    world.edit(disruptionBudget={"enabled": False})
    world.child("PodDisruptionBudget")["metadata"]["ownerReferences"] = []
    world.converge()
    kinds = {key.kind for key in world.objects}
    assert "Ingress" not in kinds
    assert "PodDisruptionBudget" in kinds


def test_an_object_on_its_way_out_is_made_again_only_when_it_has_gone() -> None:
    world = World(SPEC)
    world.converge()
    service = world.child("Service")
    service["metadata"]["deletionTimestamp"] = "2026-11-24T09:00:00Z"
    service["spec"]["type"] = "NodePort"
    assert applies(world) == {}


def test_replicas_are_left_to_the_autoscaler_and_never_fall_when_it_takes_over() -> None:
    world = World({**SPEC, "relay": {"replicas": 4}})
    world.converge()
    world.edit(relay={"autoscaling": {"minReplicas": 2, "maxReplicas": 9}})
    world.converge()
    assert world.child("Deployment")["spec"]["replicas"] == 4
    world.child("Deployment")["spec"]["replicas"] = 7
    world.controllers()
    assert not any(isinstance(step, Apply) for step in world.plan().steps)


def test_replicas_without_an_autoscaler_are_ours() -> None:
    world = World({**SPEC, "relay": {"replicas": 4}})
    world.converge()
    world.child("Deployment")["spec"]["replicas"] = 1
    assert applies(world)["Deployment"] == ["drift", "spec.replicas: from 1 to 4"]


def test_a_long_list_of_changes_is_cut_short() -> None:
    key = next(step.key for step in World(SPEC).plan().steps if isinstance(step, Apply))
    step = Apply(key, {}, tuple(FieldChange(f"f{n}", 1, 2) for n in range(30)), "drift")
    assert len(step.describe()) == 21
    assert step.describe()[-1].endswith("10 fields more")
