"""What is followed against what Kafka has: the plan, and that none is left once carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_relay.core.assignment import (
    Change,
    Follow,
    Followed,
    GiveUp,
    Known,
    TopicMetadata,
    missing,
    plan,
)

OLD = b"o" * 16
NEW = b"n" * 16
T = "members"
NOTHING_KNOWN = Known()


def topic(
    topic_id: bytes = OLD, leaders: Mapping[int, int] | int = 3, name: str = T
) -> TopicMetadata:
    spread = dict.fromkeys(range(leaders), 1) if isinstance(leaders, int) else leaders
    return TopicMetadata(name, topic_id, spread)


SEES: dict[str, tuple[Followed | None, TopicMetadata | None, Known, list[Change]]] = {
    "a topic that is not there yet": (None, None, NOTHING_KNOWN, []),
    "a new topic": (None, topic(), NOTHING_KNOWN, [Follow(T, OLD, 0, 3)]),
    "a new topic without partitions yet": (None, topic(OLD, 0), NOTHING_KNOWN, []),
    "a new topic whose first partition is not known yet": (
        None,
        topic(OLD, {1: 1, 2: 1}),
        NOTHING_KNOWN,
        [],
    ),
    "a new topic of which a partition in the middle is not known yet": (
        None,
        topic(OLD, {0: 1, 1: 1, 3: 1}),
        NOTHING_KNOWN,
        [Follow(T, OLD, 0, 2)],
    ),
    "a new topic that nobody leads yet": (
        None,
        topic(OLD, {0: -1, 1: -1}),
        NOTHING_KNOWN,
        [Follow(T, OLD, 0, 2)],
    ),
    "nothing new": (Followed(OLD, 3), topic(), NOTHING_KNOWN, []),
    "more partitions": (Followed(OLD, 3), topic(OLD, 5), NOTHING_KNOWN, [Follow(T, OLD, 3, 5)]),
    "more partitions, with one missing between": (
        Followed(OLD, 3),
        topic(OLD, {0: 1, 1: 1, 2: 1, 4: 1}),
        NOTHING_KNOWN,
        [],
    ),
    "fewer partitions, as from a broker whose metadata lag": (
        Followed(OLD, 3),
        topic(OLD, 2),
        NOTHING_KNOWN,
        [],
    ),
    "no partitions any more": (Followed(OLD, 3), topic(OLD, 0), NOTHING_KNOWN, []),
    "a leaderless partition": (
        Followed(OLD, 3),
        topic(OLD, {0: 1, 1: -1, 2: 1}),
        NOTHING_KNOWN,
        [],
    ),
    "the topic gone, for the first time": (Followed(OLD, 3), None, NOTHING_KNOWN, []),
    "the topic gone, for the second time": (
        Followed(OLD, 3),
        None,
        Known(absent={T}),
        [GiveUp(T, OLD)],
    ),
    "the topic made again": (
        Followed(OLD, 3),
        topic(NEW, 6),
        NOTHING_KNOWN,
        [GiveUp(T, OLD), Follow(T, NEW, 0, 6)],
    ),
    "the topic made again, with fewer partitions": (
        Followed(OLD, 3),
        topic(NEW, 1),
        NOTHING_KNOWN,
        [GiveUp(T, OLD), Follow(T, NEW, 0, 1)],
    ),
    "the topic made again, its partitions not known yet": (
        Followed(OLD, 3),
        topic(NEW, 0),
        NOTHING_KNOWN,
        [GiveUp(T, OLD)],
    ),
    "a dead topic, from a broker whose metadata lag": (
        Followed(NEW, 3),
        topic(OLD),
        Known(retired={OLD}),
        [],
    ),
    "a dead topic, while nothing is followed": (None, topic(OLD), Known(retired={OLD}), []),
    "a topic made again after it was given up": (
        None,
        topic(NEW),
        Known(retired={OLD}, absent={T}),
        [Follow(T, NEW, 0, 3)],
    ),
}


@pytest.mark.parametrize(("followed", "seen", "known", "changes"), SEES.values(), ids=SEES.keys())
def test_the_plan_of_a_look_that_sees(
    followed: Followed | None,
    seen: TopicMetadata | None,
    known: Known,
    changes: Sequence[Change],
) -> None:
    current = {T: followed} if followed else {}
    observed = {T: seen} if seen else {}
    assert list(plan([T], current, observed, known)) == changes


def carried_out(
    followed: Mapping[str, Followed], retired: frozenset[bytes], changes: Sequence[Change]
) -> tuple[dict[str, Followed], frozenset[bytes]]:
    after = dict(followed)
    for change in changes:
        if isinstance(change, GiveUp):
            assert after.pop(change.name).topic_id == change.topic_id
            retired |= {change.topic_id}
        else:
            before = after.get(change.name)
            assert change.first == (before.partitions if before else 0)
            assert before is None or before.topic_id == change.topic_id
            after[change.name] = Followed(change.topic_id, change.count)
    return after, retired


NAMES = ("a", "b", "c")
ids = st.sampled_from([bytes([n]) * 16 for n in range(4)])
looks = st.fixed_dictionaries(
    {},
    optional={
        name: st.builds(
            TopicMetadata,
            st.just(name),
            ids,
            st.dictionaries(st.integers(0, 5), st.integers(-1, 3), max_size=6),
        )
        for name in NAMES
    },
)


@given(st.lists(looks, max_size=8))
def test_once_carried_out_the_same_look_plans_nothing(
    observations: list[dict[str, TopicMetadata]],
) -> None:
    followed: dict[str, Followed] = {}
    retired: frozenset[bytes] = frozenset()
    absent: frozenset[str] = frozenset()
    for observed in observations:
        changes = plan(NAMES, followed, observed, Known(retired, absent))
        absent = frozenset(NAMES) - observed.keys()
        for change in changes:
            assert not (isinstance(change, Follow) and change.topic_id in retired)
        followed, retired = carried_out(followed, retired, changes)
        settled = {name: seen for name, seen in observed.items() if name in followed}
        assert list(plan(NAMES, followed, settled, Known(retired))) == []


def test_topics_that_are_waited_for_are_named_in_the_order_of_asking() -> None:
    assert missing(["b", "a", "c"], {"a": Followed(OLD, 1)}) == ["b", "c"]
