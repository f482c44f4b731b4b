"""When to come back after a connection ended, and with which cursor: the wire reference's table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unionflow_cli.core.reconnect import Again, Bookmark, Reconnect, Stop, backoff

CURSOR = "1~q3Zk1PfA:120,44,1835"


def connected(at: float = 0.0) -> Reconnect:
    reconnect = Reconnect(Bookmark())
    reconnect.bookmark.on_cursor(CURSOR)
    reconnect.on_connected(at)
    return reconnect


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1007, 1009, 4401, 4403, 4500, 4999])
def test_these_codes_stop_the_client(code: int) -> None:
    assert isinstance(connected().on_closed(code, "", 1.0, 0.5), Stop)


@pytest.mark.parametrize(
    "code", [1001, 1006, 1011, 1012, 1013, 4402, 4408, 4409, 4429, 4499, 3000, 5000]
)
def test_these_codes_bring_the_client_back_with_its_cursor(code: int) -> None:
    reconnect = connected()
    assert isinstance(reconnect.on_closed(code, "", 1.0, 0.5), Again)
    assert reconnect.bookmark.text() == CURSOR


def test_only_a_goodbye_is_a_clean_end() -> None:
    goodbye, refused = (connected().on_closed(code, "", 1.0, 0.5) for code in (1000, 4403))
    assert goodbye == Stop("the relay said goodbye", clean=True)
    assert isinstance(refused, Stop)
    assert not refused.clean


def test_a_close_reason_is_passed_on() -> None:
    decision = connected().on_closed(4408, "the send buffer is full", 1.0, 0.0)
    assert decision == Again(0.0, "this client read too slowly (the send buffer is full)")


def test_a_cursor_that_the_relay_cannot_read_is_dropped_once() -> None:
    reconnect = connected()
    assert isinstance(reconnect.on_closed(4400, "", 1.0, 0.5), Again)
    assert reconnect.bookmark.text() is None


def test_a_second_malformed_verdict_stops_the_client() -> None:
    reconnect = connected()
    reconnect.on_closed(4400, "", 1.0, 0.5)
    reconnect.on_connected(2.0)
    assert isinstance(reconnect.on_closed(4400, "", 3.0, 0.5), Stop)


def test_delays_double_with_each_try() -> None:
    reconnect = connected()
    delays = [reconnect.on_unreachable("nobody", 1.0) for _ in range(8)]
    assert [delay.delay for delay in delays if isinstance(delay, Again)] == [
        *(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0)
    ]


def test_a_stable_minute_begins_the_delays_anew() -> None:
    reconnect = connected()
    for _ in range(5):
        reconnect.on_unreachable("nobody", 1.0)
    reconnect.on_connected(100.0)
    assert reconnect.on_closed(1006, "", 160.0, 1.0) == Again(
        1.0, "the connection was lost, code 1006"
    )


def test_a_connection_shorter_than_a_minute_does_not() -> None:
    reconnect = connected()
    for _ in range(5):
        reconnect.on_unreachable("nobody", 1.0)
    reconnect.on_connected(100.0)
    decision = reconnect.on_closed(1006, "", 159.0, 1.0)
    assert isinstance(decision, Again)
    assert decision.delay == 32.0


def test_after_an_announced_restart_the_client_does_not_wait_again() -> None:
    reconnect = connected()
    reconnect.on_announced()
    assert reconnect.on_closed(1012, "", 5.0, 1.0) == Again(0.0, "the relay hands over to another")


def test_an_announcement_holds_for_its_own_connection_only() -> None:
    reconnect = connected()
    reconnect.on_announced()
    reconnect.on_closed(1012, "", 5.0, 1.0)
    reconnect.on_connected(6.0)
    decision = reconnect.on_closed(1012, "", 7.0, 1.0)
    assert isinstance(decision, Again)
    assert decision.delay > 0


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_refusal_that_passes_is_tried_again_after_what_it_asks(status: int) -> None:
    decision = connected().on_refused(status, 5.0, 0.5)
    assert isinstance(decision, Again)
    assert decision.delay == 5.5


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 426])
def test_any_other_refusal_stops_the_client(status: int) -> None:
    assert isinstance(connected().on_refused(status, 0.0, 0.5), Stop)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_back_off_is_never_longer_than_a_minute(attempt: int, chance: float) -> None:
    assert 0 <= backoff(attempt, chance) <= 60


def test_a_bookmark_is_the_cursor_and_the_newest_position_of_each_partition_since() -> None:
    bookmark = Bookmark()
    bookmark.on_cursor(CURSOR)
    for position in ("q3Zk1PfA.1.44", "q3Zk1PfA.2.1835", "q3Zk1PfA.2.1836"):
        bookmark.on_position(position)
    assert bookmark.text() == f"{CURSOR}~q3Zk1PfA.1.44~q3Zk1PfA.2.1836"


def test_a_new_cursor_replaces_the_positions() -> None:
    bookmark = Bookmark()
    bookmark.on_cursor(CURSOR)
    bookmark.on_position("q3Zk1PfA.1.44")
    bookmark.on_cursor("1~q3Zk1PfA:120,45,1837")
    assert bookmark.text() == "1~q3Zk1PfA:120,45,1837"


def test_without_a_cursor_there_is_nothing_to_resume() -> None:
    assert Bookmark().query() is None


def test_a_bookmark_over_4_kb_goes_as_a_message() -> None:
    bookmark = Bookmark()
    bookmark.on_cursor(CURSOR)
    for partition in range(300):
        bookmark.on_position(f"q3Zk1PfA.{partition}.1000000")
    assert bookmark.query() == "message"
    assert len(bookmark.text() or "") > 4096
