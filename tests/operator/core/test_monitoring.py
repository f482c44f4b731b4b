"""The alerts and the dashboard ask for metrics that a relay has, and are each stream's own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.operator.core.world import World
from unionflow_operator.core.observed import OptionalApi
from unionflow_operator.monitoring import load_bundle
from unionflow_relay.adapters.metrics import RelayMetrics

SPEC: dict[str, Any] = {"kafka": {"bootstrapServers": "kafka:9092"}, "auth": {"none": True}}
NAME = re.compile(r"unionflow_relay_\w+")


def metrics() -> set[str]:
    """Every name that a relay's `/metrics` may have."""
    names = set()
    for family in RelayMetrics().registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        names |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    return names


def test_every_metric_that_is_asked_for_exists() -> None:
    bundle = load_bundle()
    asked = set(NAME.findall(bundle.rule_groups + bundle.dashboard))
    assert len(asked) > 10
    assert asked - metrics() == set()


def test_every_query_is_about_this_stream_alone() -> None:
    bundle = load_bundle()
    for text in (bundle.rule_groups, bundle.dashboard):
        own = text.count('{namespace=\\"@namespace@\\",service=\\"@stream@-relay\\"')
        assert own == len(NAME.findall(text))


def test_rules_and_dashboard_carry_the_streams_name() -> None:
    world = World(SPEC)
    world.converge()
    (group,) = world.child("PrometheusRule")["spec"]["groups"]
    assert group["name"] == "unionflow-prod-mutuelle"
    (text,) = world.child("ConfigMap", "mutuelle-relay-dashboard")["data"].values()
    assert json.loads(text)["title"] == "UnionFlow prod/mutuelle"
    assert "@" not in re.sub(r"\$\{.*?\}", "", str(group)) + text


def test_every_alert_says_what_is_wrong_and_where_to_look() -> None:
    (group,) = json.loads(load_bundle().rule_groups)
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert len(rule["annotations"]["summary"]) > 20
        assert len(rule["annotations"]["description"]) > 40


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
