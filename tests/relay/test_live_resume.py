"""Clients that come back, to any pod, after any while: they get what they missed, in order."""

from __future__ import annotations

import asyncio

import pytest

from tests.relay.clients import V1, Client, client, offsets_in
from tests.relay.live import RunningRelay, eventually
from tests.relay.past import cursor_of_a_first_visit, events, written
from tests.relay.topics import MEMBERS, NOTIFICATIONS, STATS, Topics, body

pytestmark = pytest.mark.kafka

CROWD = 300
CROWD_SECONDS = 2.5


@pytest.fixture(params=["memory", "kafka"])
def source(request: pytest.FixtureRequest) -> str:
    """Where a replay comes from."""
    return str(request.param)


@pytest.fixture
def pod(source: str, relay: RunningRelay, forgetful_relay: RunningRelay) -> RunningRelay:
    """A relay whose replays come from there."""
    return relay if source == "memory" else forgetful_relay


def in_order(one: Client) -> bool:
    """Whether no partition ever went back."""
    offsets: dict[str, int] = {}
    for position in one.positions:
        lane, _, offset = position.rpartition(".")
        if int(offset) <= offsets.get(lane, -1):
            return False
        offsets[lane] = int(offset)
    return True


async def test_what_was_missed_comes_between_welcome_and_recovered(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"missed-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    for partition in range(3):
        numbers = range(partition * 10, partition * 10 + 10)
        await written(pod, shared_topics, events(organization, *numbers), partition=partition)
        await written(pod, shared_topics, events("somebody-else", 1), partition=partition)
    replays = pod.metric("replays_total", verdict="whole")
    replayed = pod.metric("replayed_events_total", source=source)
    async with client(pod, organization=organization, cursor=cursor) as one:
        said = await one.until("recovered")
        assert said["replayed"] == 30
        assert sorted(one.ids()) == sorted(f"{organization}{n}" for n in range(30))
        assert in_order(one)
    assert pod.metric("replays_total", verdict="whole") == replays + 1
    assert pod.metric("replayed_events_total", source=source) == replayed + 30
    async with client(pod, organization=organization, cursor=one.resume) as again:
        assert (await again.until("recovered"))["replayed"] == 0


async def test_a_client_that_hops_between_pods_misses_nothing_and_gets_nothing_twice(
    relay: RunningRelay, forgetful_relay: RunningRelay, shared_topics: Topics
) -> None:
    resume = await cursor_of_a_first_visit(relay, "hops")
    got: list[str] = []
    for hop in range(6):
        numbers = range(hop * 20, hop * 20 + 20)
        shared_topics.write(MEMBERS, events("hops", *numbers), partition=1)
        pod = (relay, forgetful_relay)[hop % 2]
        async with client(pod, organization="hops", cursor=resume) as one:
            await one.until_events(15)  # and it goes in the midst of what it is being sent
            resume = one.resume
            got += one.ids()
    async with client(relay, organization="hops", cursor=resume) as one:
        await one.until_event("hops119")
        got += one.ids()
    assert got == [f"hops{n}" for n in range(120)]


async def test_positions_after_the_cursor_override_it(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"override-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    lies = await written(pod, shared_topics, events(organization, *range(6)), partition=1)
    have = f"{shared_topics.short_id(MEMBERS)}.1.{lies[3].offset}"
    async with client(pod, organization=organization, cursor=f"{cursor}~{have}") as one:
        key = (shared_topics.short_id(MEMBERS), 1)
        assert offsets_in(one.welcome["cursor"])[key] == lies[4].offset
        assert (await one.until("recovered"))["replayed"] == 2
        assert one.ids() == [f"{organization}4", f"{organization}5"]


async def test_a_long_cursor_comes_as_the_first_message(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"message-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    lies = await written(pod, shared_topics, events(organization, *range(300)), partition=0)
    positions = [f"{shared_topics.short_id(MEMBERS)}.0.{one.offset}" for one in lies[:290]]
    resume = "~".join([cursor, *positions])
    assert len(resume) > 4_096
    async with client(pod, organization=organization, cursor="message") as one:
        await one.say(type="resume", cursor=resume)
        assert (await one.frame())["type"] == "welcome"
        assert (await one.until("recovered"))["replayed"] == 10


async def test_only_the_event_types_that_were_asked_for_are_replayed(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"types-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    kinds = ["X", "Y", "Z"] * 5
    values = [body(f"{n}", organization, kind) for n, kind in enumerate(kinds)]
    await written(pod, shared_topics, values, partition=2)
    async with client(pod, organization=organization, cursor=cursor, eventTypes="X,Z") as one:
        assert (await one.until("recovered"))["replayed"] == 10
        assert {event["eventType"] for event in one.events} == {"X", "Z"}
    async with client(pod, organization=organization, cursor=one.resume) as later:
        assert (await later.until("recovered"))["replayed"] == 0  # it moved past what it left out


async def test_subscribe_holds_from_its_own_place_in_a_replay(
    forgetful_relay: RunningRelay, shared_topics: Topics
) -> None:
    """Before `access` all that was asked for till then, after it all that was asked by it."""
    pod = forgetful_relay
    cursor = await cursor_of_a_first_visit(pod, "narrow")
    values = [body(f"{n}", "narrow", "XY"[n % 2], fill="x" * 200) for n in range(20_000)]
    await written(pod, shared_topics, values, partition=0)
    async with client(pod, organization="narrow", cursor=cursor) as one:
        await one.say(type="subscribe", eventTypes=["X"])
        said = await one.until("access")
        before = len(one.events)
        key = (shared_topics.short_id(MEMBERS), 0)
        first = int(one.positions[0].rpartition(".")[2]) if before else offsets_in(cursor)[key]
        assert [event["id"] for event in one.events] == [str(n) for n in range(before)]
        assert offsets_in(said["cursor"])[key] >= first + before
        await one.until("recovered")
        after = one.events[before:]
        assert {event["eventType"] for event in after} == {"X"}
        start = offsets_in(said["cursor"])[key] - first
        assert [event["id"] for event in after] == [
            str(n) for n in range(20_000)[start:] if n % 2 == 0
        ]


async def test_of_a_night_s_statistics_the_newest_alone_is_sent_at_its_own_place(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"night-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    kinds = ["DASHBOARD_STATS_UPDATED"] * 500 + ["ACTIVITY_CREATED"]
    values = [body(f"{n}", organization, kind) for n, kind in enumerate(kinds * 3)]
    await written(pod, shared_topics, values, STATS, partition=1)
    conflate = "DASHBOARD_STATS_UPDATED,KPI_UPDATED"
    async with client(pod, organization=organization, cursor=cursor, conflate=conflate) as one:
        said = await one.until("recovered")
        assert (said["replayed"], said["conflated"]) == (4, 1_499)
        assert one.ids() == ["500", "1001", "1501", "1502"]
        await written(pod, shared_topics, values[:2], STATS, partition=1)
        await one.until_events(6)  # live ones are not conflated
    async with client(pod, organization=organization, cursor=cursor) as whole:
        assert (await whole.until("recovered"))["replayed"] == 1_505


async def test_a_user_s_own_records_are_replayed_to_that_user_alone(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    user = f"ann-{source}"
    async with client(pod, user=user) as one:
        cursor = one.welcome["cursor"]
    values = [
        body(f"{who}{n}", None, "USER_NOTIFICATION", user=who)
        for n in range(3)
        for who in (user, f"bob-{source}")
    ]
    await written(pod, shared_topics, values, NOTIFICATIONS, partition=0)
    async with client(pod, user=user, cursor=cursor) as one:
        await one.until("recovered")
        assert one.ids() == [f"{user}{n}" for n in range(3)]


async def test_a_plain_client_knows_no_cursor_and_begins_live(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    await written(relay, shared_topics, events("plain-past", 1), partition=0)
    async with client(relay, "plain", organization="plain-past", cursor="earliest") as one:
        await written(relay, shared_topics, events("plain-past", 2), partition=0)
        await one.until_event("plain-past2")
        assert one.ids() == ["plain-past2"]


async def test_aborted_records_and_markers_make_no_gap_and_never_come(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"aborted-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    producer = shared_topics.transactional(f"aborts-{source}")
    topic = shared_topics.prefix + MEMBERS
    for run in range(6):
        producer.begin_transaction()
        for n in range(5):
            producer.produce(topic, events(organization, run * 5 + n)[0], partition=0)
        producer.flush(20)
        if run % 2:
            producer.abort_transaction(20)
        else:
            producer.commit_transaction(20)
    await eventually_past(pod, shared_topics, cursor, 36)
    async with client(pod, organization=organization, cursor=cursor) as one:
        said = await one.until("recovered")
        assert said["replayed"] == 15
        assert one.ids() == [f"{organization}{run * 5 + n}" for run in (0, 2, 4) for n in range(5)]
        key = (shared_topics.short_id(MEMBERS), 0)
        assert offsets_in(said["cursor"])[key] == offsets_in(cursor)[key] + 36


async def eventually_past(pod: RunningRelay, topics: Topics, cursor: str, offsets: int) -> None:
    key = (topics.short_id(MEMBERS), 0)
    async with asyncio.timeout(20):
        while True:
            async with client(pod, user="nobody") as one:
                if offsets_in(one.welcome["cursor"])[key] >= offsets_in(cursor)[key] + offsets:
                    return
            await asyncio.sleep(0.05)


async def test_live_records_that_come_during_a_replay_leave_no_gap_and_no_step_back(
    pod: RunningRelay, source: str, shared_topics: Topics
) -> None:
    organization = f"during-{source}"
    cursor = await cursor_of_a_first_visit(pod, organization)
    fill = "x" * 200
    past = [body(f"past{n}", organization, fill=fill) for n in range(20_000)]
    await written(pod, shared_topics, past, partition=1)
    stop = asyncio.Event()
    lives: list[str] = []

    async def write_on() -> None:
        while not stop.is_set():
            ids = [f"live{len(lives) + n}" for n in range(20)]
            values = [body(id, organization) for id in ids]
            await asyncio.to_thread(shared_topics.write, MEMBERS, values, partition=1)
            lives.extend(ids)

    writing = asyncio.create_task(write_on())
    async with client(pod, organization=organization, cursor=cursor) as one:
        await one.until("recovered")
        stop.set()
        await writing
        await one.until_event(lives[-1])
        assert one.ids() == [*(f"past{n}" for n in range(20_000)), *lives]
        assert in_order(one)


async def test_a_forgetful_relay_holds_nothing(forgetful_relay: RunningRelay) -> None:
    assert forgetful_relay.metric("history_bytes") == 0


async def test_a_heartbeat_during_a_replay_says_where_the_replay_is(
    forgetful_relay: RunningRelay, shared_topics: Topics
) -> None:
    """A client that is cut off there resumes there: nothing is lost, and it never goes back."""
    cursor = await cursor_of_a_first_visit(forgetful_relay, "beats")
    fill = "x" * 20_000
    values = [body(f"{n}", "beats", fill=fill) for n in range(1_500)]
    await written(forgetful_relay, shared_topics, values, partition=2)
    got: list[str] = []
    for _ in range(40):
        async with client(forgetful_relay, organization="beats", cursor=cursor) as one:
            said = await one.frame()
            while said["type"] not in {"heartbeat", "recovered"}:
                if len(one.events) % 50 == 0:
                    await asyncio.sleep(0.05)
                    await one.say(type="ping")  # as clients do: one that is heard is not given up
                said = await one.frame()
            got += one.ids()
            cursor = one.resume
            if said["type"] == "recovered":
                break
    assert got == [f"{n}" for n in range(1_500)]


async def test_a_crowd_that_comes_back_over_seconds_reads_each_partition_about_once(
    forgetful_relay: RunningRelay, shared_topics: Topics
) -> None:
    """By the relay's own count of what it has read from Kafka for replays."""
    pod = forgetful_relay
    cursor = await cursor_of_a_first_visit(pod, "crowd")
    for partition in range(3):
        await written(
            pod, shared_topics, events("crowd", *range(partition, 120, 3)), partition=partition
        )
    read_before = pod.metric("replay_read_records_total")
    sent_before = pod.metric("replayed_events_total", source="kafka")

    async def come_back(number: int) -> list[str]:
        await asyncio.sleep(number * CROWD_SECONDS / CROWD)
        async with client(pod, V1, organization="crowd", cursor=cursor) as one:
            await one.until("recovered")
            return one.ids()

    everyone = await asyncio.gather(*(come_back(number) for number in range(CROWD)))
    for partition in range(3):
        due = [f"crowd{n}" for n in range(partition, 120, 3)]
        assert {tuple(id for id in ids if id in due) for ids in everyone} == {tuple(due)}
    assert pod.metric("replayed_events_total", source="kafka") - sent_before == CROWD * 120
    assert 120 <= pod.metric("replay_read_records_total") - read_before <= 2 * 120


async def test_what_replays_leave_behind_is_nothing(forgetful_relay: RunningRelay) -> None:
    await eventually(lambda: forgetful_relay.metric("connections") == 0)
    assert "Traceback" not in forgetful_relay.log.read_text()
