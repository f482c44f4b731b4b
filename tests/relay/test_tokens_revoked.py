"""Memberships that end while tokens still say them, on a real relay and a real Kafka."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.clients import PLAIN, V1, Client, client
from tests.relay.live import RunningRelay
from tests.relay.tokens import Issuer, bearer, issuing, refusal
from tests.relay.topics import APPROVALS, MEMBERS, Lies, Topics, body
from tests.support.kafka import Kafka
from unionflow_events import rfc3339

MINE = "rv-mine"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as one:
        yield one


@pytest.fixture
def guarded(kafka: Kafka, topics: Topics, issuer: Issuer, tmp_path: Path) -> Iterator[RunningRelay]:
    topics.create()
    with started(kafka, topics, issuer, tmp_path) as relay:
        yield relay.wait_until_ready()


def started(kafka: Kafka, topics: Topics, issuer: Issuer, folder: Path) -> RunningRelay:
    settings = {**topics.settings, **issuer.settings}
    return RunningRelay.start(folder, kafka.bootstrap_servers, settings)


def member(
    id: str,
    status: str,
    *,
    user: str = "awa",
    organization: str = MINE,
    after: float = 0.0,
) -> bytes:
    """A `MEMBER_UPDATED` of now, or of some seconds after it."""
    fields = json.loads(body(id, organization, "MEMBER_UPDATED", userId=user, status=status))
    fields["timestamp"] = rfc3339(int((time.time() + after) * 1000))
    return json.dumps(fields).encode()


def approvals(*ids: str, organization: str = MINE) -> list[bytes]:
    return [body(id, organization, "APPROVAL_PENDING") for id in ids]


async def organizations_of(relay: RunningRelay, token: str) -> list[str]:
    async with client(relay, V1, headers=bearer(token)) as one:
        return list(one.welcome["organizations"])


async def passed(one: Client, topics: Topics, id: str) -> None:
    """Return when the relay has passed everything that was written so far to partition 0."""
    topics.write(MEMBERS, [body(id, "rv-other")], partition=0)
    await one.until_event(id)


@pytest.mark.parametrize("dialect", [V1, PLAIN])
async def test_a_suspension_takes_the_organisation_at_once_and_active_gives_it_back(
    guarded: RunningRelay, topics: Topics, issuer: Issuer, dialect: str
) -> None:
    token = issuer.token("awa", MINE, "rv-other")
    async with client(guarded, dialect, headers=bearer(token)) as one:
        topics.write(
            MEMBERS,
            [
                body("before", MINE),
                member("suspends", "SUSPENDED"),
                body("after", MINE),
                body("others", "rv-other"),
            ],
            partition=0,
        )
        await one.until_event("others")
        await passed(one, topics, "later")
        assert {"after", "suspends"}.isdisjoint(one.ids())
        topics.write(
            MEMBERS, [member("restores", "ACTIVE", after=1), body("again", MINE)], partition=0
        )
        await passed(one, topics, "latest")
        topics.write(MEMBERS, [body("at last", MINE)], partition=0)
        await one.until_event("at last")
        assert {"after", "suspends"}.isdisjoint(one.ids())


async def test_a_v1_client_is_told_what_it_lost_and_what_it_has_again(
    guarded: RunningRelay, topics: Topics, issuer: Issuer
) -> None:
    token = issuer.token("awa", MINE, "rv-other")
    async with client(guarded, V1, headers=bearer(token)) as one:
        topics.write(MEMBERS, [member("s", "EXCLUDED")], partition=0)
        assert (await one.until("access"))["organizations"] == ["rv-other"]
        topics.write(MEMBERS, [member("a", "ACTIVE", after=1)], partition=0)
        assert (await one.until("access"))["organizations"] == [MINE, "rv-other"]


async def test_only_the_user_s_own_connections_lose_and_all_of_them(
    guarded: RunningRelay, topics: Topics, issuer: Issuer
) -> None:
    async with (
        client(guarded, V1, headers=bearer(issuer.token("awa", MINE))) as phone,
        client(guarded, V1, headers=bearer(issuer.token("awa", MINE))) as browser,
        client(guarded, V1, headers=bearer(issuer.token("binta", MINE))) as other,
    ):
        topics.write(MEMBERS, [member("s", "SUSPENDED"), body("after", MINE)], partition=0)
        for one in (phone, browser):
            assert (await one.until("access"))["organizations"] == []
        await other.until_event("after")
        assert other.ids() == ["s", "after"]
        assert await phone.drained() == await browser.drained() == []


async def test_a_token_issued_after_it_brings_the_organisation_back(
    guarded: RunningRelay, topics: Topics, issuer: Issuer
) -> None:
    old = issuer.token("awa", MINE, iat=int(time.time()) - 60)
    async with client(guarded, V1, headers=bearer(old)) as one:
        topics.write(MEMBERS, [member("s", "SUSPENDED", after=3_600)], partition=0)
        assert (await one.until("access"))["organizations"] == []
        assert await organizations_of(guarded, old) == []
        await asyncio.sleep(1.1)  # a token says whole seconds
        new = issuer.token("awa", MINE)
        assert await organizations_of(guarded, new) == [MINE]
        await one.say(type="refresh", token=new)
        assert (await one.until("access"))["organizations"] == [MINE]
        topics.write(MEMBERS, [body("mine again", MINE)], partition=0)
        await one.until_event("mine again")


async def test_a_replay_brings_nothing_of_an_organisation_that_was_taken(
    guarded: RunningRelay, topics: Topics, issuer: Issuer
) -> None:
    token = issuer.token("awa", MINE, "rv-other", iat=int(time.time()) - 60)
    async with client(guarded, V1, headers=bearer(token)) as one:
        cursor = one.welcome["cursor"]
    topics.write(MEMBERS, [*approvals("m1", "m2"), body("o1", "rv-other")], partition=0)
    suspended = topics.write(MEMBERS, [member("s", "SUSPENDED")], partition=1)
    await seen(guarded, topics, issuer, suspended)
    for resumed in (cursor, "earliest"):
        async with client(guarded, V1, headers=bearer(token), cursor=resumed) as one:
            await one.until("recovered")
            assert one.ids() == ["o1"]


async def test_a_client_in_mid_replay_loses_the_organisation_too(
    guarded: RunningRelay, topics: Topics, issuer: Issuer
) -> None:
    token = issuer.token("awa", MINE, "rv-other", iat=int(time.time()) - 60)
    filler = "x" * 4_000
    many = [
        body(f"e{n}", MINE if n % 2 else "rv-other", "APPROVAL_PENDING", fill=filler)
        for n in range(12_000)
    ]
    written = topics.write(APPROVALS, many, partition=0)
    await seen(guarded, topics, issuer, written[-1:])
    async with client(guarded, V1, headers=bearer(token), cursor="earliest") as one:
        await one.until_events(100)
        topics.write(MEMBERS, [member("s", "SUSPENDED")], partition=0)
        while (said := await one.frame())["type"] != "access":
            assert said["type"] != "recovered", "the replay was over before the suspension came"
        assert said["organizations"] == ["rv-other"]
        before = len(one.events)
        await one.until("recovered")
        late = one.events[before:]
        assert late
        assert {event["organizationId"] for event in late} == {"rv-other"}
        theirs = [event["id"] for event in one.events if event["organizationId"] == "rv-other"]
        assert theirs == [f"e{n}" for n in range(0, 12_000, 2)]


async def test_a_new_pod_knows_what_was_revoked_before_it_came(
    kafka: Kafka, topics: Topics, issuer: Issuer, tmp_path: Path
) -> None:
    topics.create()
    old = issuer.token("awa", MINE, iat=int(time.time()) - 60)
    other = issuer.token("binta", MINE, iat=int(time.time()) - 60)
    topics.write(MEMBERS, [member("s", "SUSPENDED"), member("a", "ACTIVE", user="binta")])
    topics.write(MEMBERS, [body(f"m{n}", MINE, fill="x" * 900) for n in range(3_000)])
    settings = {**topics.settings, **issuer.settings, "UNIONFLOW_HISTORY_BYTES": "0"}
    with RunningRelay.start(tmp_path, kafka.bootstrap_servers, settings) as new:
        await new.until_ready()
        assert await organizations_of(new, old) == []
        assert await organizations_of(new, other) == [MINE]
        assert new.lines("revoked memberships read")[0]["rulings"] == 2
        assert new.metric("membership_rulings") == 2


async def test_where_the_members_topic_keeps_less_older_tokens_are_refused_and_that_is_said(
    kafka: Kafka, topics: Topics, issuer: Issuer, tmp_path: Path
) -> None:
    topics.create()
    old = issuer.token("awa", MINE, iat=int(time.time()) - 60)
    gone = topics.write(MEMBERS, [member("s", "SUSPENDED")], partition=1)
    topics.write(MEMBERS, [body("kept", MINE)], partition=1)
    topics.delete_records(MEMBERS, 1, gone[0].offset + 1)
    with started(kafka, topics, issuer, tmp_path) as relay:
        await relay.until_ready()
        code, reason, _ = await refusal(relay, V1, old)
        assert (code, reason) == (4401, "the token was issued too long ago")
        assert (await refusal(relay, PLAIN, old))[0] == 401
        await asyncio.sleep(1.1)
        assert await organizations_of(relay, issuer.token("awa", MINE)) == [MINE]
        (line,) = [line for line in log_lines(relay) if "covers_since" in line]
        assert line["covers_since"] > line["needed_since"]


async def test_records_that_go_unread_cost_every_older_token(
    guarded: RunningRelay, topics: Topics, issuer: Issuer
) -> None:
    async with (
        client(guarded, V1, headers=bearer(issuer.token("awa", MINE))) as one,
        client(guarded, PLAIN, headers=bearer(issuer.token("binta", MINE))) as other,
    ):
        os.kill(guarded.process.pid, signal.SIGSTOP)  # a pod that is cut off
        try:
            topics.write(MEMBERS, [body("answers the fetch that waits", MINE)], partition=0)
            await asyncio.sleep(1)
            unread = topics.write(MEMBERS, [member("s", "SUSPENDED"), body("m", MINE)], partition=0)
            topics.delete_records(MEMBERS, 0, unread[-1].offset)
        finally:
            os.kill(guarded.process.pid, signal.SIGCONT)
        assert await one.closed() == (4401, "the token was issued too long ago")
        assert (await other.closed())[0] == 4401
    await asyncio.sleep(1.1)
    assert await organizations_of(guarded, issuer.token("binta", MINE)) == [MINE]


async def test_a_relay_without_the_members_topic_says_that_it_notices_nothing(
    kafka: Kafka, topics: Topics, issuer: Issuer, tmp_path: Path
) -> None:
    topics.create(APPROVALS)
    settings = {**topics.settings, **issuer.settings, "UNIONFLOW_TOPICS": APPROVALS}
    with RunningRelay.start(tmp_path, kafka.bootstrap_servers, settings) as relay:
        await relay.until_ready()
        assert any("members topic is not relayed" in line["event"] for line in log_lines(relay))
        assert await organizations_of(relay, issuer.token("awa", MINE)) == [MINE]


def log_lines(relay: RunningRelay) -> list[dict[str, str]]:
    return [json.loads(text) for text in relay.log.read_text().splitlines() if text.startswith("{")]


async def seen(relay: RunningRelay, topics: Topics, issuer: Issuer, written: list[Lies]) -> None:
    """Return when the relay has passed these records: a client's `welcome` says where it is."""
    token = issuer.token("watcher")
    async with asyncio.timeout(30):
        while True:
            async with client(relay, V1, headers=bearer(token)) as one:
                cursor = one.welcome["cursor"]
            if all(_covers(cursor, topics, lies) for lies in written):
                return
            await asyncio.sleep(0.02)


def _covers(cursor: str, topics: Topics, lies: Lies) -> bool:
    short_id = topics.short_id(lies.topic.removeprefix(topics.prefix))
    for part in cursor.split("~")[1:]:
        name, _, offsets = part.partition(":")
        if name == short_id:
            return int(offsets.split(",")[lies.partition]) > lies.offset
    return False
