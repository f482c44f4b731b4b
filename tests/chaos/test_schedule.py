"""The schedule is the seed's, and never asks for what could not heal."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.schedule import QUIET_BEGIN, QUIET_END, Cast, Fault, Kind, Room, plan

CAST = Cast(clients=300, relays=3, brokers=3, topics=5, heavy=(0, 25, 50, 75))
SEEDS = st.integers(0, 2**32)
LENGTHS = st.floats(30, 1_200)


def of_room(faults: Sequence[Fault], room: Room) -> Sequence[Fault]:
    return [fault for fault in faults if fault.room is room]


@given(SEEDS, LENGTHS)
def test_the_same_seed_gives_the_same_faults(seed: int, seconds: float) -> None:
    assert plan(seed, seconds, CAST) == plan(seed, seconds, CAST)


@given(SEEDS, LENGTHS)
def test_no_two_brokers_are_away_at_once(seed: int, seconds: float) -> None:
    brokers = of_room(plan(seed, seconds, CAST), Room.BROKERS)
    ends = [fault.at + fault.seconds for fault in brokers]
    begins = [fault.at for fault in brokers[1:]]
    assert all(end < begin for end, begin in zip(ends, begins, strict=False))


@given(SEEDS, LENGTHS)
def test_faults_come_in_order_after_a_quiet_beginning_and_before_a_quiet_end(
    seed: int, seconds: float
) -> None:
    times = [fault.at for fault in plan(seed, seconds, CAST)]
    assert times == sorted(times)
    assert QUIET_BEGIN * seconds <= times[0]
    assert times[-1] <= QUIET_END * seconds


@given(SEEDS)
def test_ten_minutes_have_every_kind_of_fault(seed: int) -> None:
    assert {fault.kind for fault in plan(seed, 600, CAST)} == set(Kind)


@given(SEEDS)
def test_one_minute_has_a_fault_of_every_room_and_the_topics_faults_once_each(seed: int) -> None:
    faults = plan(seed, 60, CAST)
    assert {fault.room for fault in faults} == set(Room)
    assert sorted(f.kind for f in of_room(faults, Room.TOPICS)) == [Kind.REMAKE, Kind.GROW]


@given(SEEDS)
def test_targets_and_clients_exist(seed: int) -> None:
    sizes = {Room.BROKERS: 3, Room.RELAYS: 3, Room.TOPICS: 5, Room.CLIENTS: 1, Room.MEMBERS: 1}
    for fault in plan(seed, 120, CAST):
        assert 0 <= fault.target < sizes[fault.room]
        assert all(0 <= client < CAST.clients for client in fault.clients)
        assert len(str(fault)) <= 70


def test_one_broker_alone_is_left_in_peace() -> None:
    faults = plan(1, 120, Cast(clients=10, relays=1, brokers=1, topics=5, heavy=(0,)))
    assert of_room(faults, Room.BROKERS) == []


@given(SEEDS)
def test_a_topic_that_is_to_be_kept_is_never_deleted(seed: int) -> None:
    cast = Cast(clients=10, relays=1, brokers=1, topics=5, kept=(3,))
    remade = [f.target for f in plan(seed, 60, cast) if f.kind is Kind.REMAKE]
    assert remade
    assert 3 not in remade
