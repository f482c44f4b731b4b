"""What each namespace may ask for, and how it is told what it may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from tests.house.files import ROOT
from tests.operator.core.world import INSTALLATION, World
from unionflow_operator.core.observed import KafkaUnreachable
from unionflow_operator.core.policy import Deletion, parse_policy
from unionflow_operator.core.refusal import refusals
from unionflow_operator.errors import InvalidPolicy

SPEC: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka-1:9092, kafka-2:9092"},
    "auth": {"none": True},
    "topics": [{"name": "audit"}],
}


def refused(rule: dict[str, Any], **changes: Any) -> tuple[str, ...]:
    world = World({**SPEC, **changes})
    policy = parse_policy({"namespaces": {"prod": rule}})
    return refusals(world.stream(), replace(INSTALLATION, policy=policy))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            {"bootstrapServers": ["kafka-1:*"]},
            "bootstrap server kafka-2:9092 is not allowed here; kafka-1:* is",
        ),
        (
            {"topicPrefixes": ["a.", "b."]},
            "topic audit is not allowed here; names begin with a. or b.",
        ),
        (
            {"images": ["registry.example/*"]},
            "image evil/relay is not allowed here; registry.example/* is",
        ),
    ],
)
def test_what_is_not_allowed_is_said_with_what_is(rule: dict[str, Any], said: str) -> None:
    assert refused(rule, relay={"image": "evil/relay"}) == (said,)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"bootstrapServers": ["kafka-?:9092"]},
        {"topicPrefixes": ["aud"]},
        {"images": []},
    ],
    ids=["no rule", "servers by pattern", "a prefix", "no image but the operator's own"],
)
def test_what_is_allowed_is_not_refused(rule: dict[str, Any]) -> None:
    assert refused(rule) == ()


def test_configuration_for_the_ingress_controller_is_refused_under_any_policy() -> None:
    annotations = {"nginx.ingress.kubernetes.io/server-snippet": "x"}
    way_in = {"host": "a.example", "ingressClassName": "nginx", "annotations": annotations}
    (sentence,) = refused({}, exposure=way_in)
    assert "server-snippet is not allowed" in sentence


def test_brackets_of_an_ipv6_address_are_no_pattern() -> None:
    rule = {"bootstrapServers": ["[fd00::1]:*"]}
    assert refused(rule, kafka={"bootstrapServers": "[fd00::1]:9092"}) == ()


def test_the_name_wins_then_the_longest_pattern_then_the_default() -> None:
    policy = parse_policy(
        {
            "default": {"deletion": "None", "images": ["a/*"]},
            "namespaces": {
                "team-*": {"deletion": "Created"},
                "team-fin*": {"deletion": "All"},
                "team-finance": {"images": ["b/*"]},
            },
        }
    )
    assert policy.rule("other").deletion is Deletion.NONE
    assert policy.rule("team-a").deletion is Deletion.CREATED
    assert policy.rule("team-final").deletion is Deletion.ALL
    assert policy.rule("team-finance").deletion is Deletion.NONE
    assert (policy.rule("team-a").images, policy.rule("team-finance").images) == (
        ("a/*",),
        ("b/*",),
    )


def test_an_empty_file_allows_all_but_the_deletion_of_adopted_topics() -> None:
    rule = parse_policy(None).rule("prod")
    assert rule.refusals(["any:1"], ["any"], "any") == ()
    assert rule.deletion is Deletion.CREATED


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "the policy"),
        ({"defaults": {}}, "defaults"),
        ({"default": {"deletion": "Sometimes"}}, "default.deletion"),
        ({"namespaces": {"prod": {"image": []}}}, "namespaces.prod.image"),
        ({"namespaces": {"prod": None}}, "namespaces.prod"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(document: object, place: str) -> None:
    with pytest.raises(InvalidPolicy) as raised:
        parse_policy(document)
    assert str(raised.value).startswith(f"{place}: ")


def test_the_policy_that_the_documentation_shows_is_one() -> None:
    page = (ROOT / "docs/how-to/limit-namespaces.md").read_text()
    shown = page.partition("```yaml\n")[2].partition("```")[0]
    policy = parse_policy(yaml.safe_load(shown))
    assert policy.rule("prod").deletion is Deletion.CREATED
    assert policy.rule("team-a").topic_prefixes == ("team.",)
    assert policy.rule("team-a").images == ("registry.example/unionflow/*",)


def test_a_refused_stream_is_given_a_status_and_nothing_else() -> None:
    world = World(SPEC, unreachable=KafkaUnreachable("not asked"))
    policy = parse_policy({"default": {"bootstrapServers": []}})
    world.installation = replace(INSTALLATION, policy=policy)
    plans = world.converge()
    assert [made.changes for made in plans] == [()]
    assert world.status["topics"][0]["state"] == "Denied"
    assert (world.objects, world.topics) == ({}, {})


def test_a_running_stream_that_is_refused_is_left_as_it_is() -> None:
    world = World(SPEC)
    world.converge()
    before = dict(world.objects)
    policy = parse_policy({"default": {"topicPrefixes": []}})
    world.installation = replace(INSTALLATION, policy=policy)
    world.converge()
    assert world.objects == before
    assert world.condition("Ready")[:2] == ("False", "PolicyRefused")
    assert world.status["topics"][0]["origin"] == "Created"
