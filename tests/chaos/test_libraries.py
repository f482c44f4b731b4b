"""What is said of a program by what it was handed: right where all is, and wrong where not."""

from __future__ import annotations

import random
from array import array
from dataclasses import replace

import pytest

from tests.chaos.history import Range
from tests.chaos.ledger import Audience, Entry, Outcome, Scope, Truth, Viewer
from tests.chaos.libraries.judge import judge, missing
from tests.chaos.libraries.patrons import Library, Life, Patron, patrons
from tests.chaos.places import Lanes, place
from tests.chaos.verdict import Verdict, Wrong

COUNT = 40
OURS = Audience(Scope.ORGANIZATION, "A")
THEIRS = Audience(Scope.ORGANIZATION, "B")


def truth(*, retired: bool = False) -> Truth:
    """Records 0 to 39, in turn on two partitions; every tenth is somebody else's."""
    lanes = Lanes()
    numbers = [lanes.number("topic.0"), lanes.number("topic.1")]
    entries = [
        Entry(THEIRS if n % 10 == 9 else OURS, "X", "topic", Outcome.ACKNOWLEDGED)
        for n in range(COUNT)
    ]
    found = {place(numbers[n % 2], n // 2): n for n in range(COUNT)}
    return Truth(entries, lanes, found, {numbers[0]: "topic"} if retired else {})


def program(*lives: list[int], ranges: tuple[Range, ...] = ()) -> Patron:
    made = [Life(array("q", numbers)) for numbers in lives]
    viewer = Viewer(frozenset({"A"}))
    one = Patron("p", Library.PYTHON, viewer, sse=False, life=None, token=1, lives=made)
    return replace(one, ranges=list(ranges), arrived=True)


def wrongs(verdict: Verdict) -> dict[Wrong, int]:
    return dict(+verdict.wrongs)


OWED = [n for n in range(COUNT) if n % 10 != 9]


def test_a_program_that_was_handed_everything_once_and_in_order_is_right() -> None:
    verdict = judge(truth(), program(OWED))
    assert (wrongs(verdict), verdict.delivered) == ({}, len(OWED))


def test_partitions_may_come_in_any_order_to_one_another() -> None:
    assert wrongs(judge(truth(), program(sorted(OWED, key=lambda n: n % 2)))) == {}


def test_a_program_that_died_may_be_handed_again_what_it_had_not_stored() -> None:
    verdict = judge(truth(), program(OWED[:20], OWED[15:]))
    assert (wrongs(verdict), verdict.repeated) == ({}, 5)


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        (OWED[:7] + OWED[8:], Wrong.LOSS),
        (OWED[:7] + OWED[5:], Wrong.STEP_BACK),
        ([2, 0, *OWED[1:2], *OWED[3:]], Wrong.STEP_BACK),
        ([*OWED, 9], Wrong.LEAK),
        ([*OWED, COUNT], Wrong.UNFOUNDED),
    ],
)
def test_one_fault_is_one_kind_of_wrong(numbers: list[int], wrong: Wrong) -> None:
    assert wrongs(judge(truth(), program(numbers))).keys() == {wrong}


def test_what_a_reload_was_called_for_is_not_owed_and_nothing_else_is_excused() -> None:
    gone = Range("topic", 0, 10, 0, "topic-replaced")
    had = [n for n in OWED if n % 2 or n < 20]
    real = truth(retired=True)
    assert wrongs(judge(real, program(had, ranges=(gone,)))) == {}
    assert missing(real, program(had[1:], ranges=(gone,))) == {had[0]}


def test_a_reload_where_nothing_is_gone_is_wrong() -> None:
    gone = Range("topic", 1, 10, 0, "topic-replaced")
    assert wrongs(judge(truth(), program(OWED, ranges=(gone,)))) == {Wrong.MISDECLARED: 1}


def test_programs_come_by_both_ways_die_and_have_short_tokens_and_no_member_s_user() -> None:
    made = patrons(random.Random(1), Library.TYPESCRIPT, 60)
    assert {patron.sse for patron in made} == {True, False}
    assert any(patron.life for patron in made)
    assert any(patron.token < 60 for patron in made)
    assert len({patron.viewer.user for patron in made}) == 60
