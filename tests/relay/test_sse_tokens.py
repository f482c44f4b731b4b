"""Server-sent events with tokens: who is let in, until when, and what ends a membership."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.event_source import listening, refused
from tests.relay.live import RunningRelay, eventually
from tests.relay.tokens import Issuer, bearer, issuing
from tests.relay.topics import APPROVALS, MEMBERS, Topics, body
from tests.support.kafka import Kafka
from unionflow_events import rfc3339

pytestmark = pytest.mark.kafka

MINE, OTHER = "sse-mine", "sse-others"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as one:
        yield one


@pytest.fixture(scope="module")
def guarded(
    kafka: Kafka, shared_topics: Topics, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay that asks for tokens of the issuer's."""
    settings = {**shared_topics.settings, **issuer.settings, "UNIONFLOW_LOG_LEVEL": "debug"}
    folder = tmp_path_factory.mktemp("sse-guarded")
    with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


def approval(id: str, organization: str) -> bytes:
    return body(id, organization, "APPROVAL_PENDING")


def suspension(id: str, user: str) -> bytes:
    fields = json.loads(body(id, MINE, "MEMBER_UPDATED", userId=user, status="SUSPENDED"))
    return json.dumps({**fields, "timestamp": rfc3339(int(time.time() * 1000))}).encode()


async def test_a_client_waits_for_its_token_s_key_and_is_served(
    kafka: Kafka, shared_topics: Topics, tmp_path: Path
) -> None:
    with issuing() as silent:
        silent.answering.clear()
        settings = {**shared_topics.settings, **silent.settings}
        with RunningRelay.start(tmp_path, kafka.bootstrap_servers, settings) as relay:
            await relay.until_ready()

            async def welcomed() -> str:
                async with listening(relay, headers=bearer(silent.token("awa", MINE))) as stream:
                    return str((await stream.until("welcome"))["user"])

            waiting = asyncio.create_task(welcomed())
            await eventually(lambda: relay.metric("key_waiters") == 1)
            silent.answering.set()
            assert await waiting == "awa"


async def test_a_token_gives_its_organisations_and_nothing_else(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics
) -> None:
    token = issuer.token("awa", MINE)
    async with (
        listening(guarded, headers=bearer(token), user="chef") as by_header,
        listening(guarded, access_token=token) as by_query,
    ):
        for stream in (by_header, by_query):
            welcome = await stream.until("welcome")
            assert (welcome["user"], welcome["organizations"]) == ("awa", [MINE])
            assert "refresh" not in welcome["features"]
        values = [approval("theirs", OTHER), approval("mine", MINE)]
        shared_topics.write(APPROVALS, values, partition=0)
        for stream in (by_header, by_query):
            await stream.until_event("mine")
            assert stream.ids() == ["mine"]
    assert not any(part in guarded.log.read_text() for part in token.split(".")[1:])


async def test_who_has_no_good_token_is_refused_by_a_status(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    none = await refused(guarded)
    assert (none.status_code, none.text) == (401, "a token is needed\n")
    assert none.headers["WWW-Authenticate"] == 'Bearer realm="unionflow"'
    stale = await refused(guarded, headers=bearer(issuer.token(exp=int(time.time()) - 60)))
    assert (stale.status_code, "expired" in stale.text) == (401, True)
    other = await refused(guarded, headers=bearer(issuer.token("awa", MINE)), organization=OTHER)
    assert other.status_code == 403


async def test_a_client_is_warned_and_its_stream_ends_with_its_token(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    ends = int(time.time()) + 3
    token = issuer.token("awa", MINE, exp=ends)
    async with listening(guarded, headers=bearer(token)) as stream:
        said = await stream.until("token_expiring")
        assert said["expiresAt"] == rfc3339(ends * 1000)
        last = await stream.ended()
        assert (last["code"], last["reason"]) == (4401, "the token has expired")
        assert 0 <= time.time() - ends < 2.5


async def test_a_membership_that_ends_takes_its_organisation_from_the_stream_at_once(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics
) -> None:
    token = issuer.token("sse-binta", MINE, OTHER, iat=int(time.time()) - 5)
    async with listening(guarded, headers=bearer(token)) as stream:
        start = (await stream.until("welcome"))["cursor"]
        values = [approval("before", MINE), suspension("out", "sse-binta"), approval("after", MINE)]
        shared_topics.write(MEMBERS, values, partition=0)
        shared_topics.write(MEMBERS, [approval("end", OTHER)], partition=0)
        said = await stream.until("access")
        assert said["organizations"] == [OTHER]
        await stream.until_event("end")
        assert "after" not in stream.ids()
    async with listening(guarded, headers=bearer(token), last_event_id=start) as back:
        assert (await back.until("welcome"))["organizations"] == [OTHER]
        await back.until("recovered")
        assert back.ids() == ["end"]
