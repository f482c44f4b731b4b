from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_events.timestamps import normalized, rfc3339

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS = 253_402_300_799_999  # the end of year 9999

CASES = [
    ("the wire's own form stays as it is", "2026-11-24T10:00:00.123Z", "2026-11-24T10:00:00.123Z"),
    ("seconds get milliseconds", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000Z"),
    ("nanoseconds are cut off", "2026-11-24T10:00:00.123999999Z", "2026-11-24T10:00:00.123Z"),
    ("an offset is taken out", "2026-11-24T11:00:00.5+01:00", "2026-11-24T10:00:00.500Z"),
    ("small letters are allowed", "2026-11-24t10:00:00.123z", "2026-11-24T10:00:00.123Z"),
    ("a time of no zone is none", "2026-11-24T10:00:00", None),
    ("a day alone is none", "2026-11-24", None),
    ("a week's day is none", "2026-W48-2T10:00:00.123Z", None),
    ("the basic form is none", "20261124T100000.123Z", None),
    ("the thirteenth month is none", "2026-13-24T10:00:00.123Z", None),
    ("a sixty-first second is none", "2026-11-24T10:00:60.123Z", None),
    ("letters are no digits", "2026-11-24T10:00:00.abcZ", None),
    ("other digits are no digits", "2026-11-24T10:00:00.12٣Z", None),
    ("before year 1 there is nothing", "0001-01-01T00:00:00+14:00", None),
    ("nothing is none", "", None),
    ("a thousand digits are none", "2026-11-24T10:00:00." + "1" * 1000 + "Z", None),
]


@pytest.mark.parametrize(("text", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_times_are_brought_into_the_wires_form(text: str, expected: str | None) -> None:
    assert normalized(text) == expected


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fullmatch=True))
def test_any_text_is_a_time_or_none_and_stays_so(text: str) -> None:
    once = normalized(text)

    assert once is None or (len(once) == 24 and normalized(once) == once)


@given(st.integers(0, LAST_MS))
def test_milliseconds_become_the_time_that_they_are(milliseconds: int) -> None:
    text = rfc3339(milliseconds)

    assert datetime.fromisoformat(text) - EPOCH == timedelta(milliseconds=milliseconds)
    assert normalized(text) == text


@given(st.integers())
def test_what_no_date_can_hold_becomes_1970(milliseconds: int) -> None:
    text = rfc3339(milliseconds)

    assert 0 <= milliseconds <= LAST_MS or text == "1970-01-01T00:00:00.000Z"
