"""The small rules by themselves: money, pages, tags."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_backend.core.etags import etag, require_match
from unionflow_backend.core.money import (
    DECIMALS,
    MAX_UNITS,
    read_amount,
    require_currency,
    write_amount,
)
from unionflow_backend.core.pages import After, Sort, read_cursor, read_sort, write_cursor
from unionflow_backend.errors import BadRequest, LostRace, Unprocessable

CURRENCIES = st.sampled_from(sorted(DECIMALS))
BY_TIME = Sort("createdAt", "created_at", int, descending=True)
BY_NAME = Sort("lastName", "last_name", str, descending=False)
ID = "0193a5c2-7b1e-7c3d-9f00-2b6e51a0c001"


@given(st.integers(1, MAX_UNITS), CURRENCIES)
def test_an_amount_that_was_written_reads_the_same(units: int, currency: str) -> None:
    text = write_amount(units, currency)
    if len(text.partition(".")[0]) <= 15:
        assert read_amount(text, currency) == units


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("125000", "XOF", 125_000),
        ("12.5", "EUR", 1_250),
        ("0.01", "EUR", 1),
        ("1", "TND", 1_000),
        ("0007", "XOF", 7),
    ],
)
def test_amounts_are_read_in_the_currencys_smallest_unit(
    text: str, currency: str, units: int
) -> None:
    assert read_amount(text, currency) == units


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.0", "XOF"),
        ("0.001", "EUR"),
        ("0", "XOF"),
        ("0.00", "EUR"),
        ("1000000000000001", "XOF"),
        ("999999999999999", "EUR"),
        ("1.", "EUR"),
        (".5", "EUR"),
        ("+1", "EUR"),
        ("١٢", "XOF"),
        ("1\n", "XOF"),
        ("", "XOF"),
        ("1", "ZZZ"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(Unprocessable):
        read_amount(text, currency)


def test_the_currencies_of_west_africa_have_no_decimals() -> None:
    assert (DECIMALS[require_currency("XOF")], DECIMALS["XAF"], DECIMALS["GNF"]) == (0, 0, 0)
    assert all(len(code) == 3 and code.isupper() for code in DECIMALS)


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_cursor_that_was_written_reads_the_same(value: int) -> None:
    after = After(value, ID)
    assert read_cursor(write_cursor(BY_TIME, after) or "", BY_TIME) == after


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


HOSTILE = {
    "nothing": "",
    "no base64": "%%%",
    "no JSON": base64.urlsafe_b64encode(b"{[").decode(),
    "no UTF-8": base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    "deep": base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    "an object": encoded({}),
    "too short": encoded(["-createdAt", 1]),
    "too long": encoded(["-createdAt", 1, ID, 1]),
    "another order": encoded(["createdAt", 1, ID]),
    "another field": encoded(["-amount", 1, ID]),
    "a text for a number": encoded(["-createdAt", "1", ID]),
    "a truth": encoded(["-createdAt", True, ID]),
    "a fraction": encoded(["-createdAt", 1.5, ID]),
    "nothing for a number": encoded(["-createdAt", None, ID]),
    "more than 64 bits": encoded(["-createdAt", 2**63, ID]),
    "an id that is none": encoded(["-createdAt", 1, "' OR 1=1 --"]),
    "an id with a line": encoded(["-createdAt", 1, ID + "\n"]),
    "a number for an id": encoded(["-createdAt", 1, 1]),
}


@pytest.mark.parametrize("cursor", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(cursor, BY_TIME)


@given(st.text(max_size=300))
def test_no_text_as_a_cursor_does_anything_but_be_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(text, BY_NAME)


@pytest.mark.parametrize("value", ["a\x00b", "x" * 257, "line\nbreak"])
def test_a_value_that_no_row_has_is_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(encoded(["lastName", value, ID]), BY_NAME)


def test_only_listed_fields_can_be_sorted_by() -> None:
    columns: dict[str, tuple[str, type[int | str]]] = {"amount": ("amount", int)}
    assert read_sort("-amount", columns) == Sort("amount", "amount", int, descending=True)
    for text in ("", "-", "id", "--amount", "amount;drop", "AMOUNT"):
        with pytest.raises(Unprocessable):
            read_sort(text, columns)


@pytest.mark.parametrize("header", [None, "*", '"3"', '"1", "3"', ' "3" '])
def test_who_has_read_this_version_or_does_not_say_may_go_on(header: str | None) -> None:
    require_match(header, 3)


@pytest.mark.parametrize("header", ['"2"', "3", 'W/"3"', "", '"33"'])
def test_who_has_read_another_version_has_lost(header: str) -> None:
    with pytest.raises(LostRace):
        require_match(header, 3)
    assert etag(3) == '"3"'
