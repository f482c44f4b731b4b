"""Records that are no events: counted, passed over, and no harm to their neighbours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest

from tests.relay.batches import ZSTD, RawName, Row, batch
from tests.relay.clients import PLAIN, V1, client, relayed
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, NOTIFICATIONS, Lies, Topics, body

pytestmark = pytest.mark.kafka

POISON: dict[str, tuple[str, bytes | None]] = {
    "no value": ("empty", None),
    "an empty value": ("empty", b""),
    "no UTF-8": ("not_json", b"\xff\xfe\x00"),
    "half an object": ("not_json", body("x")[:-1]),
    "NaN": ("not_json", b'{"eventType":"X","organizationId":"p","data":{"n":NaN}}'),
    "two objects": ("not_json", body("x") + body("y")),
    "a lone surrogate": ("not_json", b'{"eventType":"\\ud800","organizationId":"p","data":{}}'),
    "a list": ("not_an_object", b"[]"),
    "a text": ("not_an_object", b'"MEMBER_CREATED"'),
    "null": ("not_an_object", b"null"),
    "5,000 levels": ("too_deep", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "a key twice": (
        "duplicate_key",
        b'{"eventType":"X","organizationId":"p","data":{"a":1,"a":2}}',
    ),
    "nothing in it": ("no_event_type", b"{}"),
    "a type that is a number": ("bad_field", b'{"eventType":1,"organizationId":"p","data":{}}'),
    "an organisation that is a list": (
        "bad_field",
        b'{"eventType":"X","organizationId":["p"],"data":{}}',
    ),
    "an empty organisation": ("bad_field", b'{"eventType":"X","organizationId":"","data":{}}'),
    "data that is a list": ("bad_field", b'{"eventType":"X","organizationId":"p","data":[]}'),
    "nobody to get it": ("no_audience", b'{"eventType":"X","organizationId":null,"data":{}}'),
    "a user's message without a user": (
        "no_audience",
        b'{"eventType":"USER_NOTIFICATION","organizationId":"p","data":{}}',
    ),
    "a broadcast that is not on its own topic": (
        "no_audience",
        b'{"eventType":"BROADCAST_NOTIFICATION","organizationId":null,"data":{}}',
    ),
    "a megabyte and one byte": ("too_large", b"x" * 1_000_001),
}


@pytest.fixture
def small(topics: Topics) -> Topics:
    """One topic of one partition, so that nothing can get out of the way of anything."""
    topics.create_with(MEMBERS, 1, **{"max.message.bytes": "5000000"})
    return topics


async def write_foreign(topics: Topics, raw: bytes) -> None:
    """Write a batch that no producer would make."""
    kafka = AIOKafkaClient(bootstrap_servers=topics.bootstrap_servers)
    await kafka.bootstrap()
    try:
        node = topics.leader(MEMBERS, 0)
        request = ProduceRequest(None, -1, 10_000, [(topics.prefix + MEMBERS, [(0, raw)])])
        response = await kafka.send(node, request)
        ((_topic, ((_partition, code, *_),)),) = response.topics
        assert code == 0
    finally:
        await kafka.close()


async def test_good_records_between_poison_of_every_kind_all_arrive_in_order(
    small: Topics, tmp_path: Path
) -> None:
    settings = {**small.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, small.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1, organization="p") as v1, client(relay, PLAIN) as plain:
            written: list[Lies] = []
            good = []
            for number, (_reason, value) in enumerate(POISON.values()):
                good.append(f"good{number}")
                written += small.write(MEMBERS, [value, body(good[-1], "p")])
            foreign = [
                Row(body("f0", "p")),
                Row(body("f1", "p"), headers=[(RawName(b"\xff"), b"x")]),
            ]
            await write_foreign(small, batch([*foreign, Row(body("f2", "p"))]))
            await write_foreign(small, batch([Row(b"x" * 1_000_000)] * 40, codec=ZSTD))
            written += small.write(MEMBERS, [body("last", "p")])
            await relayed(relay, small, written)
            for one in (v1, plain):
                got = [event["id"] for event in await one.drained()]
                assert [id for id in got if id != "f1"] == [*good, "f0", "f2", "last"]
        reasons = Counter(reason for reason, _ in POISON.values())
        reasons["bad_field"] += 1
        reasons["unpacks_too_large"] = 40
        counted = {r: relay.metric("records_skipped_total", reason=r) for r in reasons}
        assert counted == reasons
        assert relay.reasons() == []


async def test_a_flood_of_poison_is_logged_as_a_sample(small: Topics, tmp_path: Path) -> None:
    settings = {**small.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, small.bootstrap_servers, settings) as relay:
        relay.wait_until_ready()
        async with client(relay, V1, organization="p") as one:
            small.write(MEMBERS, [b"secret-poison"] * 5_000)
            small.write(MEMBERS, [body("after", "p")])
            await one.until_event("after")
        assert relay.metric("records_skipped_total", reason="not_json") == 5_000
        lines = relay.lines("record skipped")
        assert 1 <= len(lines) <= 5
        assert lines[0]["reason"] == "not_json"
        assert "secret-poison" not in relay.log.read_text()


async def test_the_records_of_an_aborted_transaction_are_never_delivered(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    producer = shared_topics.transactional("relay-test")
    topic = shared_topics.prefix + MEMBERS

    def transact(*ids: str) -> None:
        producer.begin_transaction()
        for id in ids:
            producer.produce(topic, body(id, "tx"), partition=2)
        producer.flush(20)

    async with client(relay, V1, organization="tx") as one:
        shared_topics.write(MEMBERS, [body("before", "tx")], partition=2)
        await one.until_event("before")
        transact("no1", "no2")
        (beside,) = shared_topics.write(MEMBERS, [body("beside", "tx")], partition=2)
        producer.abort_transaction(20)
        transact("yes1", "yes2")
        producer.commit_transaction(20)
        transact("no3")
        producer.abort_transaction(20)
        shared_topics.write(MEMBERS, [body("after", "tx")], partition=2)
        await one.until_event("after")
        assert one.ids() == ["before", "beside", "yes1", "yes2", "after"]
        assert one.positions[1].endswith(f".2.{beside.offset}")


async def test_what_lies_behind_an_open_transaction_waits_for_its_end(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    producer = shared_topics.transactional("relay-test-open")
    topic = shared_topics.prefix + NOTIFICATIONS
    async with client(relay, V1, organization="open") as one, client(relay) as other:
        producer.begin_transaction()
        producer.produce(topic, body("open1", "open"), partition=0)
        producer.flush(20)
        shared_topics.write(NOTIFICATIONS, [body("behind", "open")], partition=0)
        shared_topics.write(NOTIFICATIONS, [body("elsewhere", "open")], partition=1)
        await other.until_event("elsewhere")
        assert [event["id"] for event in await one.drained()] == ["elsewhere"]
        producer.commit_transaction(20)
        await one.until_event("behind")
        assert one.ids() == ["elsewhere", "open1", "behind"]
