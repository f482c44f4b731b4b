"""From record batches to slices of events: once each, in order, and exact after every slice."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.relay import batches
from tests.relay.batches import ABORT, COMMIT, RawName, Row, batch, corrupted, marker
from unionflow_events import Rejected
from unionflow_relay.adapters.kafka.fetched import SLICE_BYTES, Decoder, Fetched
from unionflow_relay.core.dialects import Form
from unionflow_relay.core.lanes import Lane
from unionflow_relay.core.relayed import Slice

LANE = Lane("unionflow.members.events", "q3Zk1PfA", 0)
OTHER = Lane("unionflow.members.events", "q3Zk1PfA", 1)


class Heard:
    """What was said of records that could not be relayed."""

    def __init__(self) -> None:
        self.rejected: list[tuple[Lane, int, str]] = []
        self.unreadable: list[tuple[Lane, int]] = []

    def on_rejected(self, lane: Lane, offset: int, rejected: Rejected, records: int = 1) -> None:
        self.rejected += [(lane, offset + n, rejected.reason.value) for n in range(records)]

    def on_unreadable(self, lane: Lane, offset: int, error: Exception) -> None:
        assert str(error)
        self.unreadable.append((lane, offset))


def event(number: int, size: int = 10) -> bytes:
    return json.dumps(
        {
            "id": f"e{number}",
            "eventType": "MEMBER_CREATED",
            "organizationId": "A",
            "data": {"n": number, "fill": "x" * size},
        }
    ).encode()


def rows(start: int, count: int, size: int = 10) -> list[Row]:
    return [Row(event(n, size)) for n in range(start, start + count)]


def fetched(
    records: bytes,
    offset: int = 0,
    lane: Lane = LANE,
    aborted: Sequence[tuple[int, int]] = (),
) -> Fetched:
    return Fetched(lane, "unionflow.members.events", offset, records, tuple(aborted))


def sliced(*pieces: Fetched, heard: Heard | None = None) -> list[Slice]:
    """The slices of a response that nothing comes between."""
    decoder = Decoder(heard or Heard(), lambda _lane, _offset: True, log_records=False)
    return list(decoder.slices(pieces))


def numbers(slices: Sequence[Slice]) -> list[int]:
    return [json.loads(r.encoded)["data"]["n"] for piece in slices for r in piece.records]


@pytest.mark.parametrize(
    "codec",
    [batches.NONE, batches.GZIP, batches.SNAPPY, batches.LZ4, batches.ZSTD],
    ids=["uncompressed", "gzip", "snappy", "lz4", "zstd"],
)
def test_a_batch_of_any_codec_is_read(codec: int) -> None:
    slices = sliced(fetched(batch(rows(0, 50), codec=codec)))
    assert numbers(slices) == list(range(50))
    assert slices[-1].progress == {LANE: 50}


def test_the_position_of_an_event_is_its_record_s_own() -> None:
    (piece,) = sliced(fetched(batch(rows(0, 2), base_offset=1_833), offset=1_833))
    assert b'"position":"q3Zk1PfA.0.1834"' in piece.records[1].frame(Form.V1)
    assert b"position" not in piece.records[1].frame(Form.PLAIN)


def test_records_before_the_offset_that_was_asked_for_are_not_repeated() -> None:
    slices = sliced(fetched(batch(rows(0, 10), codec=batches.LZ4), offset=7))
    assert numbers(slices) == [7, 8, 9]


def test_a_response_without_records_moves_nothing() -> None:
    assert sliced() == []
    slices = sliced(fetched(b"", offset=5))
    assert numbers(slices) == []
    assert all(piece.progress == {LANE: 5} for piece in slices)


def test_a_batch_that_the_response_cuts_short_is_left_for_the_next_fetch() -> None:
    whole = batch(rows(0, 3))
    cut = batch(rows(3, 3), base_offset=3)[:-1]
    slices = sliced(fetched(whole + cut))
    assert numbers(slices) == [0, 1, 2]
    assert slices[-1].progress == {LANE: 3}


sizes = st.lists(st.sampled_from([10, 1_000, 50_000, 300_000]), min_size=1, max_size=12)


@settings(deadline=None, max_examples=40)
@given(sizes, sizes)
def test_slices_are_bounded_and_exact_after_each(mine: list[int], others: list[int]) -> None:
    pieces = [
        fetched(b"".join(batch([Row(event(n, size))], n) for n, size in enumerate(own)), lane=lane)
        for lane, own in ((LANE, mine), (OTHER, others))
    ]
    sent: dict[Lane, int] = {}
    for piece in sliced(*pieces):
        assert piece.size < SLICE_BYTES + max((len(r.encoded) for r in piece.records), default=1)
        for record in piece.records:
            partition, offset = (
                record.frame(Form.V1).split(b"q3Zk1PfA.")[1].split(b'"')[0].split(b".")
            )
            lane = (LANE, OTHER)[int(partition)]
            assert int(offset) == sent.get(lane, 0)
            sent[lane] = int(offset) + 1
        for lane, next_offset in piece.progress.items():
            assert next_offset == sent.get(lane, 0)
    assert sent == {LANE: len(mine), OTHER: len(others)}


def test_of_a_topic_that_is_given_up_between_two_slices_nothing_more_comes() -> None:
    followed = {LANE, OTHER}
    decoder = Decoder(Heard(), lambda lane, _offset: lane in followed, log_records=False)
    slices = decoder.slices(
        [fetched(batch(rows(0, 9, 100_000))), fetched(batch(rows(9, 1)), lane=OTHER)]
    )
    first = next(slices)
    followed.discard(LANE)
    rest = list(slices)
    assert numbers([first]) == [0, 1, 2]
    assert numbers(rest) == [9]
    assert [piece.progress for piece in rest] == [{OTHER: 1}]


def test_a_response_that_another_one_has_overtaken_is_left_alone() -> None:
    decoder = Decoder(Heard(), lambda lane, offset: (lane, offset) != (LANE, 0), log_records=False)
    slices = list(
        decoder.slices([fetched(batch(rows(0, 3))), fetched(batch(rows(3, 1)), lane=OTHER)])
    )
    assert numbers(slices) == [3]
    assert [piece.progress for piece in slices] == [{OTHER: 1}]


def test_what_another_response_has_brought_meanwhile_is_not_brought_again() -> None:
    reached = 0
    decoder = Decoder(Heard(), lambda _lane, offset: offset == reached, log_records=False)
    slices = decoder.slices([fetched(batch(rows(0, 9, 100_000)))])
    assert numbers([next(slices)]) == [0, 1, 2]
    reached = 5
    assert numbers(list(slices)) == []


def test_a_poison_record_is_told_and_passed_over_and_its_neighbours_are_not_hurt() -> None:
    heard = Heard()
    mixed = [Row(event(0)), Row(None), Row(b"\xff"), Row(event(3)), Row(b"[]"), Row(b"{}")]
    slices = sliced(fetched(batch(mixed, base_offset=100), offset=100), heard=heard)
    assert numbers(slices) == [0, 3]
    assert slices[-1].progress == {LANE: 106}
    assert heard.rejected == [
        (LANE, 101, "empty"),
        (LANE, 102, "not_json"),
        (LANE, 104, "not_an_object"),
        (LANE, 105, "no_event_type"),
    ]
    assert heard.unreadable == []


def test_poison_to_the_end_moves_the_partition_all_the_same() -> None:
    (piece,) = sliced(fetched(batch([Row(None)] * 20)))
    assert piece.records == []
    assert piece.progress == {LANE: 20}


def test_a_corrupt_batch_holds_its_partition_after_what_was_good() -> None:
    heard = Heard()
    log = batch(rows(0, 2)) + corrupted(batch(rows(2, 2), 2)) + batch(rows(4, 2), 4)
    slices = sliced(fetched(log), fetched(batch(rows(9, 1)), lane=OTHER), heard=heard)
    assert numbers(slices) == [0, 1, 9]
    assert heard.unreadable == [(LANE, 2)]
    assert slices[-1].progress == {LANE: 2, OTHER: 1}


def test_aborted_records_and_markers_are_passed_over_and_committed_ones_are_not() -> None:
    log = b"".join(
        [
            batch(rows(0, 2), 0, producer_id=7, transactional=True),
            batch(rows(2, 1), 2, producer_id=8, transactional=True),
            marker(ABORT, 3, 7),
            batch(rows(4, 1), 4, producer_id=7, transactional=True),
            marker(COMMIT, 5, 8),
            marker(COMMIT, 6, 7),
        ]
    )
    slices = sliced(fetched(log, aborted=[(7, 0)]))
    assert numbers(slices) == [2, 4]
    assert slices[-1].progress == {LANE: 7}


def test_a_response_of_markers_alone_moves_the_partition() -> None:
    (piece,) = sliced(fetched(marker(COMMIT, 5, 7) + marker(ABORT, 6, 8), offset=5))
    assert piece.records == []
    assert piece.progress == {LANE: 7}


def test_a_header_without_a_value_is_no_reason_to_stop() -> None:
    slices = sliced(fetched(batch([Row(event(0), headers=[("trace", None)])])))
    assert numbers(slices) == [0]


def test_a_header_whose_name_is_no_utf_8_does_not_hold_its_partition() -> None:
    """No broker checks it, so that one foreign record would end the partition for everyone."""
    heard = Heard()
    log = batch(
        [Row(event(0)), Row(event(1), headers=[(RawName(b"\xff\xfe"), b"x")]), Row(event(2))]
    )
    slices = sliced(fetched(log), heard=heard)
    assert heard.unreadable == []
    assert {0, 2} <= set(numbers(slices))
    assert slices[-1].progress == {LANE: 3}


def test_what_was_read_before_such_a_header_is_not_brought_again() -> None:
    odd = [Row(event(4)), Row(event(5), headers=[(RawName(b"\xff"), b"x")]), Row(event(6))]
    response = batch(rows(0, 2)) + batch(rows(2, 2), base_offset=2) + batch(odd, base_offset=4)
    assert numbers(sliced(fetched(response))) == [0, 1, 2, 3, 4, 6]


def test_the_next_offset_never_goes_back_for_a_response_that_is_behind() -> None:
    """Such a response is in flight when a partition moves to another broker."""
    slices = sliced(fetched(batch(rows(0, 3)), offset=10))
    assert numbers(slices) == []
    assert all(piece.progress[LANE] >= 10 for piece in slices)


def test_decoding_gives_way_also_where_nothing_can_be_relayed() -> None:
    """8 MB of poison take half a second to judge: too long for one turn of the event loop."""
    poison = batch([Row(b'{"eventType":' + b" " * 100)] * 20_000)
    assert len(sliced(fetched(poison))) > 1


def test_progress_never_steps_back_over_a_whole_response() -> None:
    slices = sliced(fetched(batch(rows(0, 20, 60_000))))
    assert len(slices) > 2
    assert all(a.progress[LANE] <= b.progress[LANE] for a, b in pairwise(slices))


CODECS = {
    "gzip": batches.GZIP,
    "snappy": batches.SNAPPY,
    "lz4": batches.LZ4,
    "zstd": batches.ZSTD,
}


def bomb(base_offset: int, codec: int, producer_id: int = -1) -> bytes:
    """A batch of forty records that unpacks to forty megabytes."""
    large = [Row(b"x" * 1_000_000)] * 40
    transactional = producer_id >= 0
    return batch(
        large, base_offset, codec=codec, producer_id=producer_id, transactional=transactional
    )


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
def test_a_batch_that_unpacks_to_too_much_is_told_and_passed_over_whole(codec: int) -> None:
    heard = Heard()
    log = batch(rows(0, 3), codec=codec) + bomb(3, codec) + batch(rows(43, 3), 43, codec=codec)
    tracemalloc.start()
    try:
        slices = sliced(fetched(log), heard=heard)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert numbers(slices) == [0, 1, 2, 43, 44, 45]
    assert slices[-1].progress == {LANE: 46}
    assert heard.rejected == [(LANE, offset, "unpacks_too_large") for offset in range(3, 43)]
    assert heard.unreadable == []
    assert peak < 8_000_000


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
def test_a_large_batch_is_no_bomb(codec: int) -> None:
    heard = Heard()
    large = batch(rows(0, 30, 900_000), codec=codec)
    assert numbers(sliced(fetched(large), heard=heard)) == list(range(30))
    assert heard.rejected == []


def test_a_bomb_that_lies_before_what_was_asked_for_is_not_told_again() -> None:
    heard = Heard()
    log = bomb(0, batches.ZSTD) + batch(rows(40, 1), 40)
    assert numbers(sliced(fetched(log, offset=40), heard=heard)) == [40]
    assert heard.rejected == []


def test_a_bomb_that_a_fetch_cuts_short_is_left_for_the_next_one() -> None:
    heard = Heard()
    slices = sliced(fetched(batch(rows(0, 1)) + bomb(1, batches.GZIP)[:-1]), heard=heard)
    assert slices[-1].progress == {LANE: 1}
    assert heard.rejected == []


def test_a_bomb_within_a_transaction_does_not_change_which_records_were_aborted() -> None:
    log = b"".join(
        [
            batch(rows(0, 1), 0, producer_id=7, transactional=True),
            bomb(1, batches.LZ4, producer_id=7),
            marker(ABORT, 41, 7),
            batch(rows(42, 1), 42, producer_id=7, transactional=True),
            marker(COMMIT, 43, 7),
        ]
    )
    slices = sliced(fetched(log, aborted=[(7, 0)]))
    assert numbers(slices) == [42]
    assert slices[-1].progress == {LANE: 44}
