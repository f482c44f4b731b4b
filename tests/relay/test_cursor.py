"""Cursors and positions: the grammar of the wire, its bounds, and the way there and back."""

from __future__ import annotations

import string
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unionflow_relay.core.cursor import (
    EVERYTHING_RETAINED,
    MAX_CURSOR_LENGTH,
    parse_cursor,
    position,
    short_topic_id,
)
from unionflow_relay.core.lanes import Lane, Positions
from unionflow_relay.errors import MalformedCursor

ID = "q3Zk1PfA"
OTHER = "9bXw-_0z"

topic_ids = st.text(string.ascii_letters + string.digits + "-_", min_size=8, max_size=8)
offsets = st.integers(0, 2**63 - 2)
plans = st.dictionaries(topic_ids, st.lists(offsets, min_size=1, max_size=7), max_size=5)


def lane(topic: str, partition: int) -> Lane:
    return Lane(f"the topic {topic}", topic, partition)


def positions_of(plan: dict[str, list[int]]) -> Positions:
    positions = Positions()
    for topic, offsets_of_topic in plan.items():
        for partition, offset in enumerate(offsets_of_topic):
            positions.assign(lane(topic, partition), offset)
    return positions


@given(plans)
def test_what_a_pod_writes_as_its_cursor_it_reads_back(plan: dict[str, list[int]]) -> None:
    cursor = parse_cursor(positions_of(plan).text())
    expected = {
        (topic, partition): offset
        for topic, own in plan.items()
        for partition, offset in enumerate(own)
    }
    assert dict(cursor.next_offsets) == expected
    assert cursor.topics == frozenset(plan)


@given(plans, st.data())
def test_a_position_after_the_cursor_says_this_one_i_have(
    plan: dict[str, list[int]], data: st.DataObject
) -> None:
    topic = data.draw(topic_ids)
    partition = data.draw(st.integers(0, 9))
    offset = data.draw(st.integers(0, 2**63 - 2))
    text = f"{positions_of(plan).text()}~{position(topic, partition, offset)}"
    assert parse_cursor(text).wanted(topic, partition) == offset + 1


@given(plans, st.data())
def test_advancing_shows_in_the_next_text_and_in_that_alone(
    plan: dict[str, list[int]], data: st.DataObject
) -> None:
    positions = positions_of(plan)
    before = positions.text()
    if not plan:
        return
    topic = data.draw(st.sampled_from(sorted(plan)))
    partition = data.draw(st.integers(0, len(plan[topic]) - 1))
    offset = data.draw(offsets)
    positions.advance(lane(topic, partition), offset)
    plan[topic][partition] = offset
    assert positions.text() == positions_of(plan).text()
    assert positions.offsets[lane(topic, partition)] == offset
    positions.forget(topic)
    del plan[topic]
    assert positions.text() == positions_of(plan).text()
    assert parse_cursor(before).topics >= frozenset(plan)


def test_the_text_is_the_wire_reference_s_own_example() -> None:
    positions = positions_of({ID: [120, 44, 1835], OTHER: [7, 7, 7]})
    assert positions.text() == f"1~{ID}:120,44,1835~{OTHER}:7,7,7"
    assert position(ID, 2, 1834) == "q3Zk1PfA.2.1834"


def test_a_pod_that_follows_nothing_has_a_cursor_of_its_version_alone() -> None:
    assert Positions().text() == "1"
    assert parse_cursor("1").next_offsets == {}


def test_the_short_id_is_the_first_eight_characters_that_kafka_itself_prints() -> None:
    topic_id = bytes(range(240, 256))
    assert short_topic_id(topic_id) == urlsafe_b64encode(topic_id).decode()[:8]
    assert len(short_topic_id(bytes(16))) == 8


def test_earliest_wants_everything_from_offset_0() -> None:
    assert parse_cursor("earliest") is EVERYTHING_RETAINED
    assert EVERYTHING_RETAINED.wanted(ID, 5) == 0


def test_a_partition_that_the_cursor_does_not_name_is_wanted_from_offset_0() -> None:
    cursor = parse_cursor(f"1~{ID}:5,6")
    assert cursor.wanted(ID, 2) == 0
    assert cursor.wanted(OTHER, 0) == 0


def test_partitions_are_assigned_in_order_or_not_at_all() -> None:
    positions = Positions()
    with pytest.raises(ValueError, match="follows 0 others"):
        positions.assign(lane(ID, 1), 0)
    positions.assign(lane(ID, 0), 0)
    with pytest.raises(ValueError, match="follows 1 others"):
        positions.assign(lane(ID, 0), 0)


MALFORMED = {
    "empty": "",
    "another version": f"2~{ID}:1",
    "no version": f"{ID}:1",
    "a version with a zero before it": f"01~{ID}:1",
    "earliest in capitals": "EARLIEST",
    "earliest with a position after it": f"earliest~{ID}.0.1",
    "a tilde at the end": f"1~{ID}:1~",
    "two tildes": f"1~~{ID}:1",
    "a topic of seven characters": "1~q3Zk1Pf:1",
    "a topic of nine characters": "1~q3Zk1PfAA:1",
    "a topic with standard base64's own characters": "1~q3Zk1P/+:1",
    "no offset": f"1~{ID}:",
    "an empty offset": f"1~{ID}:1,,2",
    "a comma at the end": f"1~{ID}:1,",
    "a negative offset": f"1~{ID}:-1",
    "a plus before an offset": f"1~{ID}:+1",
    "a zero before an offset": f"1~{ID}:01",
    "a fraction": f"1~{ID}:1.5",
    "a space": f"1~{ID}: 1",
    "a line break at the end": f"1~{ID}:1\n",
    "an offset of 64 bits": f"1~{ID}:9223372036854775808",
    "an offset that leaves no next one": f"1~{ID}:9223372036854775807",
    "an offset of twenty digits": f"1~{ID}:10000000000000000000",
    "Arabic digits": f"1~{ID}:\u0661\u0662",
    "full-width digits": f"1~{ID}:\uff11",
    "a position without a partition": f"1~{ID}.5",
    "a position with a negative partition": f"1~{ID}.-1.5",
    "a position with a zero before its partition": f"1~{ID}.01.5",
    "a position with a fourth part": f"1~{ID}.1.5.6",
    "a position whose partition has eleven digits": f"1~{ID}.10000000000.5",
    "NUL": "1~\0",
    "too long by one": "1~" + f"{ID}:1".ljust(MAX_CURSOR_LENGTH - 1, "1"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_cursor_is_malformed_with(text: str) -> None:
    with pytest.raises(MalformedCursor):
        parse_cursor(text)


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="1~.:,0q3Zk1PfA", max_size=200))
def test_no_text_does_more_than_be_taken_or_refused(text: str) -> None:
    try:
        cursor = parse_cursor(text)
    except MalformedCursor:
        return
    assert len(cursor.next_offsets) <= len(text)


def test_the_largest_cursor_is_taken_and_costs_no_more_than_its_length() -> None:
    parts = MAX_CURSOR_LENGTH // len(f"~{ID}:1")
    topics = [f"{n:08d}" for n in range(parts)]
    text = ("1" + "".join(f"~{t}:1" for t in topics))[:MAX_CURSOR_LENGTH]
    text = text[: text.rindex("~")]
    assert len(parse_cursor(text).next_offsets) == text.count("~")


def test_of_two_words_on_one_partition_the_later_counts() -> None:
    assert parse_cursor(f"1~{ID}:5~{ID}.0.9~{ID}.0.7").wanted(ID, 0) == 8
