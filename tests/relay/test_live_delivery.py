"""Every event type through both dialects to exactly its audience, and every key in its order."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.relay.clients import PLAIN, V1, Client, client, relayed
from tests.relay.live import RunningRelay
from tests.relay.topics import CONTRIBUTIONS, MEMBERS, NOTIFICATIONS, STATS, Lies, Topics, body
from unionflow_events import EventPublisher, EventType, KafkaConnection, TopicNames

pytestmark = pytest.mark.kafka

UNKNOWN = "ASSEMBLY_ANNOUNCED"  # no type of the catalogue: relayed as it is
AUDIENCES: Mapping[str, Mapping[str, Any]] = {
    "organisation A": {"organization": "A"},
    "organisation B": {"organization": "B"},
    "both organisations": {"organization": ["A", "B"]},
    "user ann": {"user": "ann"},
    "ann in organisation A": {"organization": "A", "user": "ann"},
    "user A": {"user": "A"},
    "nobody we know": {"organization": "Z", "user": "zoe"},
    "everything": {},
}
IN_A = {"organisation A", "both organisations", "ann in organisation A", "everything"}
IN_B = {"organisation B", "both organisations", "everything"}
ANN = {"user ann", "ann in organisation A", "everything"}
ALL = set(AUDIENCES)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was published, by event id, and what each client got of it, in order."""

    audience: Mapping[str, set[str]]
    type_of: Mapping[str, str]
    got: Mapping[tuple[str, str], Client]


async def publish_one_of_each(
    publisher: EventPublisher, topics: Topics
) -> tuple[dict[str, set[str]], dict[str, str], list[Lies]]:
    """One event of each type for organisation A, some for B, and every kind of notification."""
    audience: dict[str, set[str]] = {}
    types: dict[str, str] = {}
    written: list[Lies] = []

    async def publish(
        event_type: EventType, of: set[str], organization: str | None, user: str | None
    ) -> None:
        done = await publisher.publish(
            event_type, {"id": "x"}, organization_id=organization, user_id=user
        )
        audience[done.id] = of
        types[done.id] = event_type.value
        written.append(Lies(done.topic, done.partition, done.offset))

    for event_type in EventType:
        if event_type is EventType.USER_NOTIFICATION:
            await publish(event_type, ANN, None, "ann")
            await publish(event_type, ANN, "B", "ann")  # a user's event is that user's alone
        else:
            await publish(event_type, IN_A, "A", None)
    await publish(EventType.MEMBER_UPDATED, IN_B, "B", None)
    await publish(EventType.BROADCAST_NOTIFICATION, ALL, None, None)
    for event_id, organization, of in (("unknown-a", "A", IN_A), ("unknown-b", "B", IN_B)):
        value = body(event_id, organization, UNKNOWN)
        written += topics.write(MEMBERS, [value], key=organization)
        audience[event_id] = of
        types[event_id] = UNKNOWN
    return audience, types, written


@pytest.fixture(scope="module")
def sent(relay: RunningRelay, shared_topics: Topics) -> Sent:
    async def run() -> Sent:
        connection = KafkaConnection(shared_topics.bootstrap_servers)
        names = TopicNames.from_entries(prefix=shared_topics.prefix)
        async with AsyncExitStack() as stack:
            got = {
                (who, dialect): await stack.enter_async_context(client(relay, dialect, **query))
                for who, query in AUDIENCES.items()
                for dialect in (PLAIN, V1)
            }
            publisher = await stack.enter_async_context(EventPublisher(connection, topics=names))
            audience, types, written = await publish_one_of_each(publisher, shared_topics)
            await relayed(relay, shared_topics, written)
            for one in got.values():
                await one.drained()
            return Sent(audience, types, got)

    return asyncio.run(run())


@pytest.mark.parametrize("dialect", [PLAIN, V1])
@pytest.mark.parametrize("event_type", [*EventType, UNKNOWN])
def test_exactly_its_audience_gets_each_event_once(
    sent: Sent, event_type: str, dialect: str
) -> None:
    ids = [id for id, kind in sent.type_of.items() if kind == event_type]
    assert ids
    for who in AUDIENCES:
        got = sorted(id for id in sent.got[who, dialect].ids() if id in ids)
        assert got == sorted(id for id in ids if who in sent.audience[id]), who


@pytest.mark.parametrize("who", AUDIENCES)
def test_both_dialects_carry_the_same_event_word_for_word(sent: Sent, who: str) -> None:
    plain = sorted(json.dumps(event) for event in sent.got[who, PLAIN].events)
    v1 = sorted(json.dumps(event) for event in sent.got[who, V1].events)
    assert plain == v1
    for event in sent.got[who, V1].events:
        assert {"id", "eventType", "timestamp", "organizationId", "data"} <= event.keys()


def test_welcome_says_whom_the_relay_takes_a_client_for(sent: Sent) -> None:
    said = {
        who: (sent.got[who, V1].welcome["organizations"], sent.got[who, V1].welcome["user"])
        for who in AUDIENCES
    }
    assert said["ann in organisation A"] == (["A"], "ann")
    assert said["both organisations"] == (["A", "B"], None)
    assert said["user ann"] == ([], "ann")
    assert said["everything"] == (["*"], None)


async def test_each_key_keeps_its_order_under_load(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    """Records of forty organisations, users and broadcasts, mixed in the same partitions."""
    rng = random.Random(4)
    run = f"load{rng.getrandbits(32):x}"
    organizations = [f"{run}-o{n}" for n in range(40)]
    written: list[Lies] = []
    expected: dict[str, list[str]] = {organization: [] for organization in organizations}
    broadcasts: list[str] = []
    async with AsyncExitStack() as stack:
        clients = {
            organization: await stack.enter_async_context(
                client(relay, V1 if n % 2 else PLAIN, organization=organization, user=f"{run}-u{n}")
            )
            for n, organization in enumerate(organizations)
        }
        for burst in range(10):
            for organization in rng.sample(organizations, 20):
                ids = [f"{organization}-{burst}-{n}" for n in range(20)]
                written += shared_topics.write(
                    MEMBERS,
                    [body(id, organization, fill="x" * 200) for id in ids],
                    key=organization,
                )
                expected[organization] += ids
            broadcast = f"{run}-all-{burst}"
            broadcasts.append(broadcast)
            written += shared_topics.write(
                NOTIFICATIONS,
                [body(broadcast, None, "BROADCAST_NOTIFICATION")],
                partition=0,
            )
        await relayed(relay, shared_topics, written)
        for organization, one in clients.items():
            await one.drained()
            mine = [id for id in one.ids() if id.startswith(f"{organization}-")]
            assert mine == expected[organization]
            assert [id for id in one.ids() if id.startswith(f"{run}-all")] == broadcasts
            assert len(one.ids()) == len(set(one.ids()))


async def test_one_partition_s_records_of_all_kinds_come_in_its_own_order(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    kinds = {
        "o": lambda id: body(id, "mix-A"),
        "p": lambda id: body(id, "mix-B"),
        "u": lambda id: body(id, None, "USER_NOTIFICATION", user="mix-ann"),
        "b": lambda id: body(id, None, "BROADCAST_NOTIFICATION"),
    }
    rng = random.Random(7)
    ids = [f"mix-{rng.choice('opub')}-{n}" for n in range(600)]
    async with (
        client(relay, V1, organization="mix-A", user="mix-ann") as ann,
        client(relay, V1, organization="mix-B") as other,
        client(relay, PLAIN) as everything,
    ):
        written = shared_topics.write(NOTIFICATIONS, [kinds[id[4]](id) for id in ids], partition=1)
        await relayed(relay, shared_topics, written)
        assert [e["id"] for e in await ann.drained()] == [id for id in ids if id[4] in "oub"]
        assert [e["id"] for e in await other.drained()] == [id for id in ids if id[4] in "pb"]
        assert [e["id"] for e in await everything.drained()] == ids
        offsets = [int(position.rsplit(".", 1)[1]) for position in ann.positions]
        mine = [lies.offset for lies, id in zip(written, ids, strict=True) if id[4] in "oub"]
        assert offsets == mine


async def test_two_relays_both_see_all(
    relay: RunningRelay, second_relay: RunningRelay, shared_topics: Topics
) -> None:
    async with (
        client(relay, organization="two") as one,
        client(second_relay, organization="two") as two,
    ):
        written = [
            lies
            for topic in (MEMBERS, STATS, CONTRIBUTIONS)
            for partition in range(3)
            for lies in shared_topics.write(
                topic,
                [body(f"{topic}-{partition}-{n}", "two") for n in range(20)],
                partition=partition,
            )
        ]
        for which, whose in ((relay, one), (second_relay, two)):
            await relayed(which, shared_topics, written)
            await whose.drained()
        assert len(one.ids()) == 180
        assert sorted(one.ids()) == sorted(two.ids())
        assert sorted(one.positions) == sorted(two.positions)


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
async def test_what_a_producer_compressed_is_read(
    relay: RunningRelay, shared_topics: Topics, codec: str
) -> None:
    ids = [f"{codec}-{n}" for n in range(100)]
    async with client(relay, organization=codec) as one:
        written = shared_topics.write(
            MEMBERS,
            [body(id, codec, text="the same again " * 10) for id in ids],
            key=codec,
            producing={"compression.type": codec},
        )
        await relayed(relay, shared_topics, written)
        assert [event["id"] for event in await one.drained()] == ids


async def test_an_event_of_almost_a_megabyte_arrives_whole(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    text = "é" * 490_000
    value = json.dumps(
        {"id": "big", "eventType": "X", "organizationId": "big", "data": {"text": text}},
        ensure_ascii=False,
    ).encode()
    async with client(relay, V1, organization="big") as one:
        shared_topics.write(MEMBERS, [value], key="big")
        await one.until_event("big")
        assert one.events[0]["data"]["text"] == text


async def test_records_of_foreign_producers_are_completed_by_headers_key_and_position(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, organization="foreign") as one:
        (bare,) = shared_topics.write(
            MEMBERS, [b'{"eventType":"X","data":{"n":1}}'], key="foreign", partition=2
        )
        shared_topics.write(
            MEMBERS,
            [b'{"n":2}'],
            partition=2,
            headers=[
                ("ce_specversion", b"1.0"),
                ("ce_type", b"Y"),
                ("ce_source", b"crm"),
                ("ce_id", b"17"),
                ("ce_time", b"2026-11-24T12:00:00Z"),
                ("ce_subject", b"foreign"),
            ],
        )
        await one.until_events(2)
        first, second = one.events
        assert first["id"] == f"{shared_topics.short_id(MEMBERS)}.2.{bare.offset}"
        assert (first["eventType"], first["organizationId"]) == ("X", "foreign")
        assert (second["id"], second["eventType"]) == ("crm#17", "Y")
        assert second["timestamp"] == "2026-11-24T12:00:00.000Z"
        assert second["data"] == {"n": 2}
