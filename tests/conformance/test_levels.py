"""Which cases a client of each level is held to."""

from __future__ import annotations

import pytest

from tests.contract.table import Case, all_cases
from tests.house.files import ROOT
from unionflow_cli.conformance.core.cases import Step
from unionflow_cli.conformance.core.levels import Level, Time, chosen, hangs_on_a_moment

TABLE = all_cases()


def held(level: Level, time: Time = Time.VIRTUAL, *, browser: bool = False) -> set[str]:
    return {case.title for case in chosen(TABLE, level, time, browser=browser)[0]}


def test_each_level_holds_what_the_one_below_it_holds() -> None:
    assert held(Level.PLAIN) < held(Level.RESUME) < held(Level.FULL)


def test_no_case_is_left_out_silently() -> None:
    for browser in (False, True):
        for time in Time:
            kept, unseen = chosen(TABLE, Level.FULL, time, browser=browser)
            assert len(kept) + len(unseen) == len(TABLE)


def test_three_cases_alone_show_in_no_socket() -> None:
    _, unseen = chosen(TABLE, Level.FULL, Time.VIRTUAL, browser=False)
    assert len(unseen) == 3


def test_every_level_has_cases_of_back_off_close_codes_and_events() -> None:
    for level in Level:
        subjects = {title.partition(":")[0] for title in held(level)}
        assert {"backoff", "closing", "events", "heartbeat", "address", "refusals"} <= subjects


def test_resume_needs_neither_streams_nor_a_store_nor_a_slow_program() -> None:
    subjects = {title.partition(":")[0] for title in held(Level.RESUME)}
    assert {"resume", "repeats", "truncated", "drain", "tokens"} <= subjects
    assert subjects.isdisjoint({"slow", "network"})


def test_a_browser_is_held_to_no_status_that_it_cannot_see() -> None:
    titles = held(Level.FULL, browser=True)
    assert not any("HTTP 503" in title for title in titles)
    assert "closing: after code 4408 the client comes back with its cursor, after a wait" in titles


@pytest.mark.parametrize(
    "name", ["pong is an answer to a ping", "a connection shorter than a minute does not"]
)
def test_what_turns_on_milliseconds_is_left_to_virtual_time(name: str) -> None:
    (case,) = [case for case in TABLE if case.name == name]
    assert hangs_on_a_moment(case)
    assert case.title not in held(Level.FULL, Time.SCALED)


def test_a_case_without_waits_turns_on_no_moment() -> None:
    steps: list[Step] = [
        {"at": 0, "connect": True},
        {"at": 10, "opened": True},
        {"at": 20, "text": "x"},
    ]
    assert not hangs_on_a_moment(Case("frames", "quick", steps=steps))


def test_the_guide_tells_how_many_cases_each_level_has() -> None:
    guide = (ROOT / "docs" / "how-to" / "write-your-own-client.md").read_text("utf-8")
    for level in Level:
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{level}` |"))
        assert row.endswith(f"| {len(held(level))} |")
    assert f"{len(TABLE)} cases are never played" in guide
