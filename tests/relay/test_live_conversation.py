"""What a client and a running relay say to each other: sections 2, 3 and 5 of the wire."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.relay.clients import (
    PLAIN,
    V1,
    client,
    current_cursor,
    offsets_in,
    raw_client,
    relayed,
    request_head,
    until_closes,
)
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, NOTIFICATIONS, Topics, body
from unionflow_events import CATALOGUE

pytestmark = pytest.mark.kafka

SUBPROTOCOLS = [Subprotocol(V1)]


async def test_welcome_is_the_first_frame_and_has_what_the_wire_says(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, organization="w", user="ann") as one:
        said = one.welcome
        assert set(said) == {
            "type",
            "session",
            "features",
            "cursor",
            "heartbeatSeconds",
            "serverTime",
            "user",
            "organizations",
        }
        assert said["heartbeatSeconds"] == 25
        assert isinstance(said["features"], list)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["serverTime"])
        assert datetime.fromisoformat(said["serverTime"]).tzinfo is not None
        positions = offsets_in(said["cursor"])
        ids = {shared_topics.short_id(topic.name) for topic in CATALOGUE}
        assert positions.keys() == {(id, partition) for id in ids for partition in range(3)}


async def test_two_sessions_have_names_of_their_own(relay: RunningRelay) -> None:
    async with client(relay) as one, client(relay) as two:
        assert one.welcome["session"] != two.welcome["session"]


async def test_the_cursor_of_a_welcome_is_where_the_next_record_will_lie(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    (before,) = shared_topics.write(MEMBERS, [body("c1", "cursors")], partition=1)
    await relayed(relay, shared_topics, [before])
    async with client(relay, organization="cursors") as one:
        id = shared_topics.short_id(MEMBERS)
        assert offsets_in(one.welcome["cursor"])[id, 1] == before.offset + 1
        shared_topics.write(MEMBERS, [body("c2", "cursors")], partition=1)
        await one.until_event("c2")
        assert one.positions == [f"{id}.1.{before.offset + 1}"]


async def test_pings_are_answered_in_the_client_s_own_form(relay: RunningRelay) -> None:
    async with client(relay, PLAIN) as one:
        await one.connection.send("ping")
        assert await one.frame() == "pong"
        await one.connection.send('{"type":"ping"}')
        assert await one.frame() == {"type": "pong"}
    async with client(relay, V1) as one:
        await one.say(type="ping")
        assert await one.until("pong") == {"type": "pong"}


async def test_an_rfc_6455_ping_is_answered(relay: RunningRelay) -> None:
    async with client(relay, PLAIN) as one, asyncio.timeout(20):
        await (await one.connection.ping(b"anybody there?"))


async def test_unknown_messages_are_ignored_and_errors_are_said(relay: RunningRelay) -> None:
    async with client(relay, PLAIN) as one:
        await one.connection.send("what is this")
        await one.connection.send("ping")
        assert await one.frame() == "pong"
    async with client(relay, V1) as one:
        await one.say(type="hello", unknown=1)
        await one.say(type="subscribe", eventTypes="A")
        assert (await one.until("error"))["code"] == "bad_event_types"
        await one.say(type="ping")
        await one.until("pong")


async def test_a_heartbeat_says_how_far_this_connection_was_sent(
    second_relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(second_relay, organization="hb") as one:
        assert one.welcome["heartbeatSeconds"] == 1
        id = shared_topics.short_id(MEMBERS)
        (mine,) = shared_topics.write(MEMBERS, [body("hb1", "hb")], partition=0)
        await one.until_event("hb1")
        said = offsets_in((await one.until("heartbeat"))["cursor"])
        assert said[id, 0] == mine.offset + 1
        (other,) = shared_topics.write(MEMBERS, [body("hb2", "not hb")], partition=0)
        await relayed(second_relay, shared_topics, [other])
        await one.drained()
        said = offsets_in((await one.until("heartbeat"))["cursor"])
        assert said[id, 0] == other.offset + 1
        assert one.ids() == ["hb1"]


async def test_the_plain_dialect_has_no_heartbeat_frames(second_relay: RunningRelay) -> None:
    async with (
        client(second_relay, PLAIN, organization="quiet") as plain,
        client(second_relay) as v1,
    ):
        await v1.until("heartbeat")
        await v1.until("heartbeat")
        await v1.until("heartbeat")
        await plain.connection.send("ping")
        assert await plain.frame() == "pong"


async def test_a_client_silent_for_three_heartbeats_is_closed_with_4409(
    second_relay: RunningRelay,
) -> None:
    """A library answers pings by itself; this socket does not."""
    before = second_relay.metric("closes_total", code="4409")
    async with raw_client(second_relay) as one:
        await one.send(request_head())
        await one.upgraded()
        data = await one.until_closed()
    assert data.count(b"\x89\x00") >= 3
    assert b"\x88" in data
    assert (4409).to_bytes(2, "big") in data
    await until_closes(second_relay, 4409, before + 1)


async def test_a_client_that_answers_pings_stays(second_relay: RunningRelay) -> None:
    async with client(second_relay, V1) as one:
        for _ in range(5):
            await one.until("heartbeat")
        await one.say(type="ping")
        await one.until("pong")


async def test_event_types_in_the_query_narrow_from_the_first_event_on(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with (
        client(relay, V1, organization="n", eventTypes="KPI_UPDATED,X") as v1,
        client(relay, PLAIN, organization="n", eventTypes="KPI_UPDATED,X") as plain,
    ):
        kinds = ["X", "MEMBER_CREATED", "KPI_UPDATED", "Y", "X"]
        values = [body(f"n{i}", "n", kind) for i, kind in enumerate(kinds)]
        written = shared_topics.write(MEMBERS, values, partition=0)
        await relayed(relay, shared_topics, written)
        assert [e["id"] for e in await v1.drained()] == ["n0", "n2", "n4"]
        assert [e["id"] for e in await plain.drained()] == ["n0", "n2", "n4"]


async def test_subscribe_narrows_from_the_next_record_on_and_is_confirmed(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async def pass_all(run: int) -> None:
        values = [body(f"s{run}-{kind}", "s", kind) for kind in ("X", "Y", "Z")]
        await relayed(relay, shared_topics, shared_topics.write(MEMBERS, values, partition=0))

    async with client(relay, V1, organization="s", user="ann") as one:
        await pass_all(0)
        await one.say(type="subscribe", eventTypes=["Z", "X"])
        said = await one.until("access")
        assert said["organizations"] == ["s"]
        assert said["eventTypes"] == ["X", "Z"]
        assert said["expiresAt"] is None
        assert offsets_in(said["cursor"]) == await current_cursor(relay)
        await pass_all(1)
        await one.drained()
        await one.say(type="subscribe", eventTypes=[])
        assert (await one.until("access"))["eventTypes"] == []
        await pass_all(2)
        await one.drained()
        await one.say(type="subscribe", eventTypes=None)
        assert (await one.until("access"))["eventTypes"] is None
        await pass_all(3)
        assert [e["id"] for e in await one.drained()] == [
            *("s0-X", "s0-Y", "s0-Z", "s1-X", "s1-Z", "s3-X", "s3-Y", "s3-Z")
        ]


async def test_the_user_of_a_client_stays_when_it_narrows(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, user="narrow-ann") as one:
        await one.say(type="subscribe", eventTypes=["USER_NOTIFICATION"])
        await one.until("access")
        value = body("for-ann", None, "USER_NOTIFICATION", user="narrow-ann")
        shared_topics.write(NOTIFICATIONS, [value], key="narrow-ann")
        await one.until_event("for-ann")


# Coming back


async def test_a_client_whose_cursor_is_up_to_date_is_recovered(relay: RunningRelay) -> None:
    async with client(relay, V1, organization="back") as one:
        cursor = one.welcome["cursor"]
    async with client(relay, V1, organization="back", cursor=cursor) as one:
        said = await one.until("recovered")
        assert said["replayed"] == 0
        assert offsets_in(said["cursor"]) == offsets_in(cursor)


async def test_positions_after_the_cursor_count(relay: RunningRelay, shared_topics: Topics) -> None:
    async with client(relay, V1, organization="pos") as one:
        cursor = one.welcome["cursor"]
        shared_topics.write(MEMBERS, [body("p1", "pos"), body("p2", "pos")], partition=2)
        await one.until_event("p2")
        resume = f"{cursor}~{one.positions[-1]}"
    async with client(relay, V1, organization="pos", cursor=resume) as one:
        assert (await one.until("recovered"))["replayed"] == 0
        assert one.ids() == []


async def test_a_client_with_a_gap_gets_what_it_missed_and_goes_on_live(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, organization="gap") as one:
        cursor = one.welcome["cursor"]
    written = shared_topics.write(MEMBERS, [body(f"g{n}", "gap") for n in range(3)], partition=1)
    await relayed(relay, shared_topics, written)
    async with client(relay, V1, organization="gap", cursor=cursor) as one:
        said = await one.until("recovered")
        assert one.ids() == ["g0", "g1", "g2"]
        assert one.positions == [
            f"{shared_topics.short_id(MEMBERS)}.1.{lies.offset}" for lies in written
        ]
        assert said["replayed"] == 3
        assert "conflated" not in said
        assert offsets_in(said["cursor"]) == await current_cursor(relay)
        assert offsets_in(one.welcome["cursor"]) == offsets_in(cursor)
        shared_topics.write(MEMBERS, [body("g-live", "gap")], partition=1)
        await one.until_event("g-live")
        assert one.ids() == ["g0", "g1", "g2", "g-live"]


async def test_a_cursor_of_a_topic_that_is_gone_is_told_so(relay: RunningRelay) -> None:
    async with client(relay, V1, organization="gone") as one:
        cursor = one.welcome["cursor"]
    async with client(relay, V1, organization="gone", cursor=f"{cursor}~gonegone:5") as one:
        said = await one.until("truncated")
        assert said["ranges"] == [
            {
                "topic": None,
                "partition": 0,
                "requested": 5,
                "earliest": 0,
                "reason": "topic-replaced",
            }
        ]


async def test_a_cursor_may_come_as_the_first_message(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, organization="msg") as one:
        cursor = one.welcome["cursor"]
    async with client(relay, V1, organization="msg", cursor="message") as one:
        await one.say(type="resume", cursor=cursor)
        assert (await one.frame())["type"] == "welcome"
        assert (await one.frame())["type"] == "recovered"
        shared_topics.write(MEMBERS, [body("msg1", "msg")], key="msg")
        await one.until_event("msg1")
        await one.say(type="resume", cursor=cursor)
        assert (await one.until("error"))["code"] == "resume_not_expected"


async def test_nothing_comes_before_welcome_while_a_cursor_is_awaited(
    second_relay: RunningRelay, shared_topics: Topics
) -> None:
    """A heartbeat's cursor, kept by the client, would lose all that it missed."""
    async with (
        client(second_relay, V1, organization="early", cursor="message") as one,
        client(second_relay, V1, organization="early") as other,
    ):
        shared_topics.write(MEMBERS, [body("early1", "early")], key="early")
        await other.until_event("early1")
        for _ in range(3):
            await other.until("heartbeat")
        await one.say(type="resume", cursor=other.welcome["cursor"])
        assert (await one.frame())["type"] == "welcome"
        said = await one.frame()
        assert (said["type"], one.ids()) == ("event", ["early1"])
        assert (await one.until("recovered"))["replayed"] == 1


@pytest.mark.parametrize("cursor", ["1~", "nonsense", "2~q3Zk1PfA:1", ""])
async def test_a_malformed_cursor_closes_with_4400(relay: RunningRelay, cursor: str) -> None:
    async with (
        connect(
            relay.url(cursor=cursor), subprotocols=SUBPROTOCOLS, ping_interval=None, proxy=None
        ) as connection,
        asyncio.timeout(20),
    ):
        await connection.wait_closed()
        assert connection.close_code == 4400
        assert connection.close_reason


async def test_a_malformed_cursor_in_a_message_closes_with_4400(relay: RunningRelay) -> None:
    async with client(relay, V1, cursor="message") as one:
        await one.say(type="resume", cursor="1~")
        assert (await one.closed())[0] == 4400
