"""What `watch` makes of the relay's frames."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unionflow_cli.core.following import Following, LeaveIn, Say, Show


def frame(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def event(name: str, position: str = "q3Zk1PfA.0.1") -> str:
    return frame("event", position=position, event={"id": name, "eventType": "KPI_UPDATED"})


def test_an_event_is_shown() -> None:
    actions = Following().on_frame(event("one"))
    assert actions == (Show({"id": "one", "eventType": "KPI_UPDATED"}),)


def test_a_repeat_is_dropped_by_its_id() -> None:
    following = Following()
    following.on_frame(event("one"))
    assert following.on_frame(event("one", "q3Zk1PfA.0.2")) == ()


def test_cursors_and_positions_are_kept_for_the_next_connection() -> None:
    following = Following()
    following.on_frame(frame("welcome", cursor="1~q3Zk1PfA:1"))
    following.on_frame(event("one"))
    assert following.bookmark.text() == "1~q3Zk1PfA:1~q3Zk1PfA.0.1"


def test_a_heartbeat_moves_the_cursor_and_says_nothing() -> None:
    following = Following()
    following.on_frame(event("one"))
    assert following.on_frame(frame("heartbeat", cursor="1~q3Zk1PfA:2")) == ()
    assert following.bookmark.text() == "1~q3Zk1PfA:2"


def test_the_second_welcome_says_that_it_is_online_again() -> None:
    following = Following()
    first, second = (following.on_frame(frame("welcome", cursor="1")) for _ in range(2))
    assert first == (Say("online, live from now"),)
    assert second == (Say("online again"),)


def test_a_recovery_says_how_much_was_missed() -> None:
    actions = Following().on_frame(frame("recovered", replayed=12, cursor="1"))
    assert actions == (Say("caught up: 12 missed events came, nothing is missing"),)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("retention", "truncated: at most 4 events are no longer in Kafka: a"),
        ("topic-replaced", "truncated: made again, with their unread events gone: a"),
        ("beyond-end", "truncated: Kafka has lost the end of what was read: a"),
        ("not-served", "truncated: at most 4 events were not sent (not-served): a"),
    ],
)
def test_a_gap_is_said_with_its_size_and_reason(reason: str, words: str) -> None:
    gone = {"topic": "a", "partition": 3, "requested": 5, "earliest": 9, "reason": reason}
    actions = Following().on_frame(frame("truncated", cursor="1", ranges=[gone]))
    assert actions == (Say(words, caution=True),)


def test_gaps_in_many_partitions_are_one_sentence() -> None:
    gaps = [
        {"topic": topic, "partition": p, "requested": 1, "earliest": 3, "reason": "retention"}
        for topic in ("a", "b", None)
        for p in range(6)
    ]
    actions = Following().on_frame(frame("truncated", cursor="1", ranges=gaps))
    told = "truncated: at most 36 events are no longer in Kafka: a and 2 more topics"
    assert actions == (Say(told, caution=True),)


def test_a_gap_without_ranges_is_said_all_the_same() -> None:
    actions = Following().on_frame(frame("truncated", cursor="1", ranges=[]))
    assert actions == (Say("truncated: some events are gone", caution=True),)


@pytest.mark.parametrize(("after_ms", "seconds"), [(7_500, 7.5), (10, 2.0), (None, 2.0)])
def test_an_announced_restart_is_waited_for_two_seconds_at_least(
    after_ms: int | None, seconds: float
) -> None:
    assert Following().on_frame(frame("reconnect", afterMs=after_ms)) == (LeaveIn(seconds),)


@pytest.mark.parametrize("text", ["", "pong", "[]", '{"type":"event"}', '{"type":"news"}', "{}"])
def test_what_is_not_known_is_ignored(text: str) -> None:
    assert Following().on_frame(text) == ()
