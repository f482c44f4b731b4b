"""The alerts and the dashboard beside a stream are that stream's own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.operator.core.world import World
from unionflow_operator.core.children.monitoring import ALL_RELAYS
from unionflow_operator.core.observed import OptionalApi
from unionflow_operator.monitoring import RUNBOOKS, load_bundle

SPEC: dict[str, Any] = {"kafka": {"bootstrapServers": "kafka:9092"}, "auth": {"none": True}}


def test_the_rules_of_a_stream_are_about_its_relays_alone() -> None:
    world = World(SPEC)
    world.converge()
    (group,) = world.child("PrometheusRule")["spec"]["groups"]
    own = str(group).count('namespace="prod",service="mutuelle-relay"')
    assert group["name"] == "unionflow-prod-mutuelle"
    assert own == load_bundle().rule_groups.count(json.dumps(ALL_RELAYS)[1:-1])
    assert own > 20
    assert ALL_RELAYS not in str(group)


def test_the_dashboard_of_a_stream_shows_it_and_asks_nobody_which() -> None:
    world = World(SPEC)
    world.converge()
    (text,) = world.child("ConfigMap", "mutuelle-relay-dashboard")["data"].values()
    board = json.loads(text)
    chosen = {v["name"]: (v["type"], v["query"]) for v in board["templating"]["list"]}
    assert board["title"] == "UnionFlow prod/mutuelle"
    assert board["uid"] != "unionflow-stream"
    assert chosen == {
        "datasource": ("datasource", "prometheus"),
        "namespace": ("constant", "prod"),
        "stream": ("constant", "mutuelle"),
    }


def test_the_alerts_lead_to_the_pages_that_the_operator_was_told_of() -> None:
    assert RUNBOOKS in load_bundle().rule_groups
    told = load_bundle("https://wiki.example/unionflow").rule_groups
    assert RUNBOOKS not in told
    assert "https://wiki.example/unionflow/UnionflowClientsNotServed" in told


@pytest.mark.parametrize(
    ("wish", "served", "made"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"dashboard": "Always"}, False, True),
        ({"dashboard": "Never"}, True, False),
        ({"serviceMonitor": "Never"}, True, False),
    ],
)
def test_a_dashboard_comes_with_what_it_shows_unless_said_otherwise(
    wish: dict[str, str], served: bool, made: bool
) -> None:
    apis = frozenset(OptionalApi) if served else frozenset()
    world = World({**SPEC, "monitoring": wish}, served=apis)
    world.converge()
    assert any(key.name == "mutuelle-relay-dashboard" for key in world.objects) is made
