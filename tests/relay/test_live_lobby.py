"""What a client says before its `welcome`, and what `welcome` says this relay can do."""

from __future__ import annotations

import pytest

from tests.relay.clients import client
from tests.relay.live import RunningRelay
from tests.relay.past import cursor_of_a_first_visit
from tests.relay.topics import MEMBERS, Topics, body

pytestmark = pytest.mark.kafka


async def test_subscribe_before_welcome_is_answered_by_access_right_after_it(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    start = await cursor_of_a_first_visit(relay, "lobby")
    values = [body("no", "lobby"), body("yes", "lobby", "MEMBER_UPDATED")]
    shared_topics.write(MEMBERS, values, partition=0)
    async with client(relay, organization="lobby", cursor="message") as one:
        await one.say(type="subscribe", eventTypes=["MEMBER_UPDATED"])
        await one.say(type="resume", cursor=start)
        welcome, access = await one.frame(), await one.frame()
        assert [welcome["type"], access["type"]] == ["welcome", "access"]
        assert access["eventTypes"] == ["MEMBER_UPDATED"]
        assert access["cursor"] == welcome["cursor"]
        await one.until_event("yes")
        assert one.ids() == ["yes"]


async def test_who_asked_for_nothing_before_welcome_gets_no_access_after_it(
    relay: RunningRelay,
) -> None:
    async with client(relay, organization="lobby", cursor="message") as one:
        await one.say(type="resume", cursor="1")
        assert (await one.frame())["type"] == "welcome"
        await one.until("recovered")


async def test_a_relay_without_tokens_lists_no_refresh(relay: RunningRelay) -> None:
    async with client(relay) as one:
        assert set(one.welcome["features"]) == {"resume", "eventTypes", "conflate", "sse"}
