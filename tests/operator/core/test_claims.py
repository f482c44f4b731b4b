"""Every stream comes to the same answer about who holds a topic."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.operator.core.world import INSTALLATION, World
from unionflow_operator.core.claims import Claim, broker_set, claim_of, holder, rivals
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.policy import parse_policy

TOPICS = ("a", "b", "c")
claims = st.builds(
    Claim,
    namespace=st.just("prod"),
    name=st.sampled_from(["one", "two"]),
    uid=st.uuids().map(str),
    created=st.sampled_from(["2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z"]),
    brokers=st.frozensets(st.sampled_from(["k1:9092", "k2:9092"]), min_size=1),
    topics=st.frozensets(st.sampled_from(TOPICS)),
    topic_ids=st.frozensets(st.sampled_from(["x", "y"])),
)


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(claims, min_size=2, max_size=5, unique_by=lambda claim: claim.uid))
def test_of_two_that_meet_on_a_topic_one_yields_to_the_other(all_claims: list[Claim]) -> None:
    for one in all_claims:
        for other in rivals(one, all_claims):
            assert one in rivals(other, all_claims)
            for topic in one.topics & other.topics:
                pair = (holder(topic, one, [other]), holder(topic, other, [one]))
                assert pair[0] == pair[1]


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(claims, min_size=1, max_size=5, unique_by=lambda claim: claim.uid))
def test_at_most_one_of_all_streams_on_a_cluster_holds_a_topic(all_claims: list[Claim]) -> None:
    same = [claim for claim in all_claims if "k1:9092" in claim.brokers]
    for topic in TOPICS:
        wanting = [claim for claim in same if topic in claim.topics]
        holding = [one for one in wanting if holder(topic, one, rivals(one, all_claims)) == one]
        assert len(holding) <= 1


def test_two_lists_of_servers_are_one_cluster_when_they_share_one() -> None:
    assert broker_set("Kafka-1:9092, kafka-2:9092") & broker_set("kafka-1:9092")


def test_a_cluster_of_two_addresses_is_known_by_the_ids_of_its_topics() -> None:
    one = World({"kafka": {"bootstrapServers": "kafka:9092"}, "auth": {"none": True}})
    one.converge()
    other = World({**one.spec, "kafka": {"bootstrapServers": "10.0.0.1:9092"}}, uid="another")
    other.topics = one.topics
    claims = [claim_of(world.stream(), INSTALLATION) for world in (one, other)]
    assert claims[0] is not None
    assert claims[1] is not None
    assert rivals(claims[0], [claims[1]]) == ()  # nobody has looked yet
    other.converge()
    seen = claim_of(other.stream(), INSTALLATION)
    assert seen is not None
    assert rivals(claims[0], [seen]) == (seen,)


def test_a_stream_that_the_policy_refuses_keeps_nobody_from_a_topic() -> None:
    world = World({"kafka": {"bootstrapServers": "kafka:9092"}, "auth": {"none": True}})
    policy = parse_policy({"default": {"topicPrefixes": ["team."]}})
    strict = Installation("unionflow/relay", "system", policy=policy)
    assert claim_of(world.stream(), strict) is None
    allowed = claim_of(world.stream(), INSTALLATION)
    assert allowed is not None
    assert "unionflow.members.events" in allowed.topics
