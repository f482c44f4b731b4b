"""The state behind the Kafka source: where each partition is read from, and who is asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from unionflow_relay.core.assignment import Follow, GiveUp, TopicMetadata
from unionflow_relay.core.cursor import short_topic_id
from unionflow_relay.core.dialects import TruncatedRange, TruncationReason
from unionflow_relay.core.following import Following, Start
from unionflow_relay.core.lanes import Lane

OLD = b"o" * 16
NEW = b"n" * 16


def seen(
    name: str, topic_id: bytes = OLD, leaders: Mapping[int, int] | None = None
) -> TopicMetadata:
    return TopicMetadata(name, topic_id, {0: 1, 1: 2} if leaders is None else leaders)


def looked(following: Following, *topics: TopicMetadata) -> Following:
    """One whole look, in which every partition begins at 0."""
    observed = {topic.name: topic for topic in topics}
    for change in following.plan(observed):
        if isinstance(change, GiveUp):
            following.give_up(change)
        else:
            following.follow(change, {})
    following.settle(observed)
    return following


def lane(name: str, partition: int, topic_id: bytes = OLD) -> Lane:
    return Lane(name, short_topic_id(topic_id), partition)


def test_before_the_first_look_nothing_has_begun() -> None:
    following = Following(["a", "b"])
    assert not following.begun
    assert following.missing_topics() == ["a", "b"]
    assert following.asked_of(1) == {}
    assert following.leading_nodes() == set()


def test_after_a_look_that_found_nothing_a_cursor_means_something_all_the_same() -> None:
    following = looked(Following(["a"]))
    assert following.begun
    assert following.missing_topics() == ["a"]


def test_a_topic_of_the_first_look_is_joined_live_and_a_later_one_is_read_whole() -> None:
    following = Following(["a", "b"])
    assert following.joins_live("a", {"a": seen("a")})
    looked(following, seen("a"))
    assert not following.joins_live("b", {"a": seen("a"), "b": seen("b")})


def test_a_topic_whose_end_the_first_look_could_not_learn_is_joined_live_by_a_later_one() -> None:
    following = Following(["a"])
    observed = {"a": seen("a")}
    following.plan(observed)
    following.settle(observed)  # and nothing was followed: its leader did not say where it ends
    assert following.joins_live("a", observed)
    following.follow(Follow("a", OLD, 0, 2), {0: Start(7, 7), 1: Start(8, 8)})
    assert not following.joins_live("a", observed)


def test_partitions_that_are_added_to_a_topic_that_was_joined_live_are_read_whole() -> None:
    following = Following(["a"])
    observed = {"a": seen("a")}
    following.plan(observed)
    assert following.joins_live("a", observed)
    following.follow(Follow("a", OLD, 0, 2), {0: Start(7, 7), 1: Start(8, 8)})
    following.settle(observed)
    assert not following.joins_live("a", observed)
    added = following.follow(Follow("a", OLD, 2, 4), {})
    assert list(added) == [(lane("a", 2), 0), (lane("a", 3), 0)]


def test_what_is_read_into_memory_first_is_read_before_a_cursor_means_something() -> None:
    following = Following(["a"])
    observed = {"a": seen("a")}
    following.plan(observed)
    added = following.follow(Follow("a", OLD, 0, 2), {0: Start(5, 7), 1: Start(8, 8)})
    following.settle(observed)
    assert list(added) == [(lane("a", 0), 5), (lane("a", 1), 8)]
    assert not following.begun
    following.advance(lane("a", 0), 6)
    assert not following.begun
    following.advance(lane("a", 0), 9)
    assert following.begun


def test_a_topic_that_goes_while_it_is_read_into_memory_is_waited_for_no_longer() -> None:
    following = Following(["a"])
    observed = {"a": seen("a")}
    following.plan(observed)
    following.follow(Follow("a", OLD, 0, 2), {0: Start(5, 7), 1: Start(8, 8)})
    following.settle(observed)
    following.give_up(GiveUp("a", OLD))
    assert following.begun


def test_a_replay_asks_the_leaders_for_the_lanes_it_wants_and_no_others() -> None:
    following = looked(Following(["a", "b"]), seen("a"), seen("b", NEW, {0: 2, 1: -1}))
    reading = {
        lane("a", 0): 5,
        lane("a", 1): 6,
        lane("b", 0, NEW): 7,
        lane("b", 1, NEW): 8,
    }
    asked = following.asked_at(reading, [lane("a", 1), lane("b", 0, NEW), lane("b", 1, NEW)])
    assert asked == {2: {OLD: {1: 6}, NEW: {0: 7}}}
    assert following.asked_at(reading, [lane("gone", 0)]) == {}
    assert following.asked_at({}, [lane("a", 1)]) == {}


def test_each_broker_is_asked_for_what_it_leads_and_for_no_more() -> None:
    following = looked(Following(["a", "b"]), seen("a"), seen("b", NEW, {0: 2, 1: -1}))
    assert following.leading_nodes() == {1, 2}
    assert following.asked_of(1) == {OLD: {0: 0}}
    assert following.asked_of(2) == {OLD: {1: 0}, NEW: {0: 0}}
    assert following.asked_of(3) == {}
    assert following.leaderless() == ["b-1"]


def test_a_fetch_asks_from_where_the_last_one_ended() -> None:
    following = looked(Following(["a"]), seen("a"))
    following.advance(lane("a", 1), 44)
    assert following.next_offset(lane("a", 1)) == 44
    assert following.asked_of(2) == {OLD: {1: 44}}


def test_a_blocked_partition_is_asked_for_again_after_the_next_look() -> None:
    following = looked(Following(["a"]), seen("a"))
    following.block(lane("a", 0))
    assert following.asked_of(1) == {}
    looked(following, seen("a"))
    assert following.asked_of(1) == {OLD: {0: 0}}


def test_a_partition_that_moved_is_asked_of_its_new_leader() -> None:
    following = looked(Following(["a"]), seen("a"))
    following.advance(lane("a", 0), 9)
    looked(following, seen("a", OLD, {0: 3, 1: 3}))
    assert following.asked_of(1) == {}
    assert following.asked_of(3) == {OLD: {0: 9, 1: 0}}


def test_a_partition_that_a_look_does_not_name_has_no_leader_for_now() -> None:
    following = looked(Following(["a"]), seen("a"))
    looked(following, seen("a", OLD, {0: 1}))
    assert following.leaderless() == ["a-1"]
    assert following.asked_of(2) == {}


def test_the_leaders_of_a_dead_topic_say_nothing_of_its_successor() -> None:
    following = looked(Following(["a"]), seen("a"))
    looked(following, seen("a", NEW))
    looked(following, seen("a", OLD, {0: 9, 1: 9}))
    assert following.leading_nodes() == {1, 2}
    assert list(following.topics) == ["a"]
    assert following.lane(OLD, 0) is None


def test_what_was_not_read_of_a_topic_that_is_gone_is_declared_without_an_end() -> None:
    following = looked(Following(["a"]), seen("a"))
    following.advance(lane("a", 1), 44)
    following.block(lane("a", 0))
    gone = following.give_up(GiveUp("a", OLD))
    assert list(gone) == [
        TruncatedRange("a", 0, 0, 0, TruncationReason.TOPIC_REPLACED),
        TruncatedRange("a", 1, 44, 0, TruncationReason.TOPIC_REPLACED),
    ]
    assert not following.follows(lane("a", 1))
    assert following.missing_topics() == ["a"]
    assert following.asked_of(1) == {}


def test_the_successor_of_a_topic_begins_at_offset_0_whatever_the_old_one_had() -> None:
    following = looked(Following(["a"]), seen("a"))
    following.advance(lane("a", 0), 1_000)
    looked(following, seen("a", NEW))
    assert following.asked_of(1) == {NEW: {0: 0}}
    assert following.next_offset(lane("a", 0, NEW)) == 0


def test_a_topic_is_given_up_when_two_looks_in_a_row_do_not_find_it() -> None:
    following = looked(Following(["a"]), seen("a"))
    looked(following)
    assert list(following.topics) == ["a"]
    looked(following, seen("a"))
    looked(following)
    assert list(following.topics) == ["a"]
    looked(following)
    assert list(following.topics) == []


def test_a_partition_number_beyond_those_that_are_followed_is_none_of_ours() -> None:
    following = looked(Following(["a"]), seen("a"))
    assert following.lane(OLD, 1) == lane("a", 1)
    assert following.lane(OLD, 2) is None
    assert following.lane(NEW, 0) is None
