"""Latencies, and how they are told."""

from __future__ import annotations

import pytest

from unionflow_cli.core.latency import UNMATCHED, LatencyBook, milliseconds, percentiles


def test_percentiles_are_by_nearest_rank() -> None:
    measured = percentiles(range(1, 101))
    assert measured is not None
    assert (measured.p50, measured.p99, measured.count) == (50, 99, 100)


def test_of_nothing_there_are_no_percentiles() -> None:
    assert percentiles([]) is None


@pytest.mark.parametrize("received_first", [False, True])
def test_publish_and_receipt_are_joined_whichever_is_known_first(received_first: bool) -> None:
    book = LatencyBook()
    if received_first:
        book.on_received("a", 10.5)
    book.on_published("a", 10.0)
    if not received_first:
        book.on_received("a", 10.5)
    measured = book.percentiles()
    assert measured is not None
    assert measured.p50 == 0.5


def test_events_that_are_never_matched_are_forgotten_at_last() -> None:
    book = LatencyBook()
    for number in range(UNMATCHED + 1):
        book.on_received(str(number), 0.0)
    book.on_published("0", 0.0)
    assert book.percentiles() is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0008, "0.8 ms"), (0.0123, "12 ms"), (0.00996, "10 ms"), (1.44, "1.4 s")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text
