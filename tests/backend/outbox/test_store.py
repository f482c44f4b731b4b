"""Rows of the outbox in both databases: who may take them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from tests.backend.outbox.recording import record, rows_of
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.leases import Holder, Lease
from unionflow_backend.adapters.outbox.publisher import OutboxSettings, open_store
from unionflow_backend.adapters.outbox.store import Store, forget_sent, measure
from unionflow_backend.core.outbox import SetAside, Settlement, Waiting
from unionflow_backend.core.portion import MOST

DELETING = OutboxSettings(keep_seconds=0)
KEEPING = OutboxSettings(keep_seconds=3_600)


def numbers(rows: Sequence[Waiting]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.lane, []).append(row.number)
    return found


async def take(store: Store) -> Sequence[Waiting]:
    return await store.take(frozenset(), MOST)


async def test_each_lanes_rows_come_in_the_order_of_their_numbers(database: Database) -> None:
    for turn in range(3):
        await record(database, "dakar", [turn, turn])
        await record(database, "abidjan", [turn])
    rows = await take(open_store(database, Holder("one"), DELETING))
    assert numbers(rows) == {"abidjan": [1, 2, 3], "dakar": [1, 2, 3, 4, 5, 6]}


async def test_sent_rows_are_deleted_where_none_are_kept(database: Database) -> None:
    await record(database, "dakar", range(3))
    store = open_store(database, Holder("one"), DELETING)
    rows = await take(store)
    await store.settle(Settlement(sent=rows[:2]))
    assert [row.number for row in await rows_of(database)] == [3]
    assert numbers(await take(store)) == {"dakar": [3]}


async def test_sent_rows_are_kept_for_their_time(database: Database) -> None:
    await record(database, "dakar", range(2))
    store = open_store(database, Holder("one"), KEEPING)
    await store.settle(Settlement(sent=await take(store)))
    kept = await rows_of(database)
    assert [row.status for row in kept] == ["SENT", "SENT"]
    assert not await take(store)
    assert await forget_sent(database, kept[0].settled_ms) == 0
    assert await forget_sent(database, kept[0].settled_ms + 1) == 2


async def test_a_row_that_is_set_aside_keeps_its_reason_and_its_lane_goes_on(
    database: Database,
) -> None:
    await record(database, "dakar", range(2))
    store = open_store(database, Holder("one"), DELETING)
    first, second = await take(store)
    await store.settle(Settlement(set_aside=[SetAside(first.id, "too large")], tried=[second]))
    aside, left = await rows_of(database)
    assert (aside.status, aside.reason) == ("SET_ASIDE", "too large")
    assert (left.status, left.attempts) == ("PENDING", 1)
    assert numbers(await take(store)) == {"dakar": [2]}


async def test_lanes_that_rest_are_left_alone(database: Database) -> None:
    await record(database, "dakar", range(2))
    await record(database, "abidjan", range(1))
    rows = await open_store(database, Holder("one"), DELETING).take({"dakar"}, MOST)
    assert numbers(rows) == {"abidjan": [1]}


async def test_depth_and_age_are_of_what_waits(database: Database) -> None:
    assert (await measure(database)).oldest_ms is None
    await record(database, "dakar", range(3))
    store = open_store(database, Holder("one"), KEEPING)
    first, second, third = await take(store)
    await store.settle(Settlement(sent=[first], set_aside=[SetAside(second.id, "too large")]))
    depth = await measure(database)
    assert (depth.waiting, depth.set_aside, depth.oldest_ms) == (1, 1, third.timestamp_ms)


async def test_in_sqlite_one_publisher_takes_all_until_it_lets_go(
    sqlite_database: Database,
) -> None:
    await record(sqlite_database, "dakar", range(2))
    one, two = (open_store(sqlite_database, Holder(name), DELETING) for name in ("one", "two"))
    assert len(await take(one)) == 2
    assert not await take(two)
    await one.let_go()
    assert len(await take(two)) == 2


async def test_in_postgresql_lanes_are_shared_between_publishers(
    postgres_database: Database,
) -> None:
    database = postgres_database
    await record(database, "dakar", range(2))
    one, two = (open_store(database, Holder(name), DELETING) for name in ("one", "two"))
    held = await take(one)
    await record(database, "abidjan", range(1))
    await record(database, "dakar", range(1))
    assert (numbers(held), numbers(await take(two))) == ({"dakar": [1, 2]}, {"abidjan": [1]})
    await one.settle(Settlement(sent=held))
    assert numbers(await take(two)) == {"abidjan": [1], "dakar": [3]}


async def test_in_postgresql_nobody_waits_for_a_lane_that_is_just_being_taken(
    postgres_database: Database,
) -> None:
    database = postgres_database
    await record(database, "dakar", range(1))
    await record(database, "abidjan", range(1))
    one = open_store(database, Holder("one"), DELETING)
    await one.settle(Settlement(sent=[row for row in await take(one) if row.lane == "none"]))
    async with database.engine.begin() as connection:
        lock = "SELECT lane FROM outbox_lanes WHERE lane = 'dakar' FOR UPDATE"
        await connection.execute(text(lock))
        assert numbers(await take(open_store(database, Holder("two"), DELETING))) == {
            "abidjan": [1]
        }


async def test_in_postgresql_the_lanes_of_a_dead_publisher_go_to_another_when_its_time_is_over(
    postgres_database: Database,
) -> None:
    database = postgres_database
    await record(database, "dakar", range(2))
    await take(open_store(database, Holder("dead"), DELETING))
    other = open_store(database, Holder("other"), DELETING)
    assert not await take(other)
    await shift_leases(database, -60_000)
    assert numbers(await take(other)) == {"dakar": [1, 2]}


async def test_who_begins_where_another_has_died_takes_over_what_it_held(
    database: Database,
) -> None:
    await record(database, "dakar", range(2))
    await record(database, "abidjan", range(1))
    await take(open_store(database, Holder("host:80", "dead"), DELETING))
    everything = {"abidjan": [1], "dakar": [1, 2]}
    assert not await take(open_store(database, Holder("host:8080", "other"), DELETING))
    again = open_store(database, Holder("host:80", "again"), DELETING)
    assert numbers(await take(again)) == everything


async def test_a_place_that_two_claim_is_taken_over_once_and_not_in_turn(
    database: Database,
) -> None:
    one, two = (Lease(database, "work", Holder("host:80", life), 60.0) for life in "12")
    taken = [await lease.take() for lease in (one, two, one, two)]
    assert taken == [True, True, False, True]


async def test_in_postgresql_a_clock_set_back_holds_no_lane_for_ever(
    postgres_database: Database,
) -> None:
    database = postgres_database
    await record(database, "dakar", range(2))
    await take(open_store(database, Holder("dead"), DELETING))
    await shift_leases(database, 3_600_000)  # as if the clock had been an hour ahead then
    other = open_store(database, Holder("other"), DELETING)
    assert numbers(await take(other)) == {"dakar": [1, 2]}


async def shift_leases(database: Database, by_ms: int) -> None:
    async with database.engine.begin() as connection:
        change = "UPDATE outbox_lanes SET held_until_ms = held_until_ms + :by"
        await connection.execute(text(change), {"by": by_ms})


async def test_a_lane_much_longer_than_a_round_lets_the_others_have_their_turn(
    postgres_database: Database,
) -> None:
    database = postgres_database
    await record(database, "abidjan", range(2_500))
    await record(database, "dakar", range(1))
    found = numbers(await take(open_store(database, Holder("one"), DELETING)))
    assert found["dakar"] == [1]
    assert found["abidjan"] == list(range(1, 501))


async def test_no_more_rows_are_taken_than_asked_for_and_of_each_lane_the_first(
    postgres_database: Database,
) -> None:
    database = postgres_database
    for lane in ("abidjan", "cotonou", "dakar"):
        await record(database, lane, range(40))
    rows = await open_store(database, Holder("one"), DELETING).take(frozenset(), 50)
    assert len(rows) == 50
    assert numbers(rows) == {
        "abidjan": list(range(1, 18)),
        "cotonou": list(range(1, 18)),
        "dakar": list(range(1, 17)),
    }


async def test_large_rows_are_taken_few_at_a_time(database: Database) -> None:
    for turn in range(12):
        await record(database, "dakar", [turn], text="x" * 900_000)
    rows = await take(open_store(database, Holder("one"), DELETING))
    assert numbers(rows) == {"dakar": list(range(1, 10))}
