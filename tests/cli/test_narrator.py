"""What `watch` says of its connection."""

from __future__ import annotations

import pytest

from unionflow_cli.core.narrator import Narrator, Say, notice, refusal
from unionflow_client import Complaint, Lost, Range, Reason, Slow, State


def test_the_first_connection_is_live_from_now() -> None:
    assert Narrator().on_status(State.LIVE, None, "", 0) == Say("online, live from now")


def test_the_second_one_is_online_again_and_then_says_that_nothing_is_missing() -> None:
    narrator = Narrator()
    narrator.on_status(State.LIVE, None, "", 0)
    told = [narrator.on_status(state, None, "", 0) for state in (State.REPLAYING, State.LIVE)]
    assert told == [Say("online again"), Say("caught up: nothing is missing")]


def test_a_loss_says_why_and_when_the_next_try_is() -> None:
    said = Narrator().on_status(State.OFFLINE, Reason.LOST, "close code 1006", 1.25)
    expected = "offline: the connection was lost (close code 1006); again in 1.2 s"
    assert said == Say(expected, caution=True)


def test_its_own_goodbye_is_not_said() -> None:
    assert Narrator().on_status(State.OFFLINE, Reason.DISCONNECTED, "", 0) is None


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
    assert notice(Lost((Range("a", 3, 5, 9, reason),))) == [Say(words, caution=True)]


def test_gaps_in_many_partitions_are_one_sentence() -> None:
    gaps = tuple(Range(t, p, 1, 3, "retention") for t in ("a", "b", None) for p in range(6))
    told = "truncated: at most 36 events are no longer in Kafka: a and 2 more topics"
    assert notice(Lost(gaps)) == [Say(told, caution=True)]


def test_a_gap_without_ranges_is_said_all_the_same() -> None:
    assert notice(Lost(())) == [Say("truncated: some events are gone", caution=True)]


def test_what_else_there_is_to_know_is_said() -> None:
    assert notice(Slow(7)) == [Say("7 events wait for this terminal", caution=True)]
    assert notice(Complaint("x", "no")) == [Say("the relay says: no", caution=True)]


def test_a_refusal_by_http_says_what_was_answered() -> None:
    assert refusal(Reason.CURSOR, "HTTP 400: too long") == "the relay answered HTTP 400: too long"
    assert refusal(Reason.FORBIDDEN, "x") == "the relay does not allow this organisation (x)"
