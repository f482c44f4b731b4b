"""Clients with tokens, against a real relay: who is let in, as whom, and until when."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.access.issuer import SECRET, signing_key
from tests.relay.clients import PLAIN, V1, Client, client, raw_client, request_head
from tests.relay.live import RunningRelay, eventually
from tests.relay.tokens import AUDIENCE, ISSUER, Issuer, bearer, issuing, refusal
from tests.relay.topics import APPROVALS, MEMBERS, NOTIFICATIONS, Topics, body
from tests.support.kafka import Kafka
from unionflow_events import rfc3339


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as one:
        yield one


@pytest.fixture(scope="module")
def guarded(
    kafka: Kafka,
    shared_topics: Topics,
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningRelay]:
    """A relay that asks for tokens of the issuer's."""
    settings = {**shared_topics.settings, **issuer.settings, "UNIONFLOW_LOG_LEVEL": "debug"}
    folder = tmp_path_factory.mktemp("guarded")
    with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


def approval(id: str, organization: str) -> bytes:
    return body(id, organization, "APPROVAL_PENDING")


# Who is let in


async def test_a_client_with_a_token_is_told_whom_it_is_taken_for(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    token = issuer.token("awa", "tk-dakar", "tk-abidjan")
    async with client(guarded, V1, headers=bearer(token)) as one:
        assert one.welcome["user"] == "awa"
        assert one.welcome["organizations"] == ["tk-abidjan", "tk-dakar"]


@pytest.mark.parametrize("dialect", [V1, PLAIN])
async def test_a_client_sees_what_its_token_gives_and_nothing_else(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics, dialect: str
) -> None:
    mine, other = f"tk-mine-{dialect}", f"tk-other-{dialect}"
    token = issuer.token(f"user-{dialect}", mine)
    async with client(guarded, dialect, headers=bearer(token), user="chef") as one:
        shared_topics.write(APPROVALS, [approval("theirs", other), approval("mine", mine)])
        notes = [
            body("chefs", None, "USER_NOTIFICATION", user="chef"),
            body("my note", None, "USER_NOTIFICATION", user=f"user-{dialect}"),
        ]
        shared_topics.write(NOTIFICATIONS, notes, partition=0)
        shared_topics.write(
            NOTIFICATIONS, [body(f"all-{dialect}", None, "BROADCAST_NOTIFICATION")], partition=0
        )
        await one.until_event(f"all-{dialect}")
        await one.until_event("mine")
        assert sorted(one.ids()) == sorted(["mine", "my note", f"all-{dialect}"])


async def test_a_browser_s_script_brings_its_token_as_a_subprotocol(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    token = issuer.token("awa", "tk-dakar")
    for offered in ([V1, f"bearer.{token}"], [f"bearer.{token}", V1]):
        async with connect(
            guarded.url(), subprotocols=[Subprotocol(name) for name in offered], proxy=None
        ) as connection:
            assert connection.subprotocol == V1
            assert json.loads(await connection.recv())["user"] == "awa"


@pytest.mark.parametrize("dialect", [V1, PLAIN])
async def test_a_token_in_the_query_is_taken_and_is_in_no_log(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics, dialect: str
) -> None:
    token = issuer.token("awa", "tk-query")
    async with client(guarded, dialect, access_token=token) as one:
        shared_topics.write(APPROVALS, [approval(f"q-{dialect}", "tk-query")])
        await one.until_event(f"q-{dialect}")
    stale = issuer.token("awa", exp=int(time.time()) - 100)
    await refusal(guarded, dialect, access_token=stale)
    async with raw_client(guarded) as broken:
        await broken.send(request_head(f"/ws/dashboard?access_token={token}", method="POST"))
        await broken.until_closed()
    log = guarded.log.read_text()
    assert "access_token" not in log
    for secret in (token, stale):
        assert not any(part in log for part in secret.split(".")[1:])


async def test_a_token_of_the_secret_is_taken_where_one_is_configured(
    guarded: RunningRelay,
) -> None:
    now = int(time.time())
    claims = {"sub": "batch", "iat": now, "exp": now + 60, "iss": ISSUER, "aud": AUDIENCE}
    token = jwt.encode(claims, SECRET, "HS256")
    async with client(guarded, V1, headers=bearer(token)) as one:
        assert one.welcome["user"] == "batch"
        assert one.welcome["organizations"] == []


def now() -> int:
    return int(time.time())


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": lambda: now() - 60}, "expired"),
    "issued too long ago": ({"iat": lambda: now() - 86_500}, "too long ago"),
    "not valid yet": ({"nbf": lambda: now() + 60}, "not valid yet"),
    "of another issuer": ({"iss": "https://mallory.example"}, "another issuer"),
    "for another audience": ({"aud": "account"}, "another audience"),
    "without an end": ({"exp": ...}, "when it expires"),
    "without a beginning": ({"iat": ...}, "when it was issued"),
    "of nobody": ({"sub": ...}, "no user"),
    "too large": ({"note": "x" * 9_000}, "too large"),
}


@pytest.mark.parametrize(("changes", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_token_is_refused_that_is(
    guarded: RunningRelay, issuer: Issuer, changes: dict[str, Any], words: str
) -> None:
    said = {name: value() if callable(value) else value for name, value in changes.items()}
    token = issuer.token(**{"user": "awa", **said})
    code, reason, _ = await refusal(guarded, V1, token)
    assert (code, words in reason) == (4401, True), reason
    status, text, headers = await refusal(guarded, PLAIN, token)
    assert (status, words in text) == (401, True), text
    assert headers["WWW-Authenticate"].startswith('Bearer realm="unionflow", error="invalid_token"')


async def test_who_has_no_token_is_asked_for_one(guarded: RunningRelay) -> None:
    assert (await refusal(guarded, V1))[:2] == (4401, "a token is needed")
    status, _, headers = await refusal(guarded, PLAIN)
    assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="unionflow"')
    basic = {"Authorization": "Basic YXdhOnNlY3JldA=="}
    assert (await refusal(guarded, V1, headers=basic))[0] == 4401


async def test_a_forged_token_is_refused(guarded: RunningRelay, issuer: Issuer) -> None:
    mallory = signing_key("ES256", "mallory")
    for token in (
        issuer.token("awa", "tk-dakar", key=mallory, headers={"kid": issuer.key.key_id}),
        jwt.encode({"sub": "awa", "iat": now(), "exp": now() + 60}, "", "none"),
        jwt.encode({"sub": "awa", "iat": now(), "exp": now() + 60}, b"x" * 32, "HS256"),
        "not.a.token",
        "x",
    ):
        assert (await refusal(guarded, V1, token))[0] == 4401
        assert (await refusal(guarded, PLAIN, token))[0] == 401


# Which organisations


@pytest.mark.parametrize("dialect", [V1, PLAIN])
async def test_the_query_narrows_within_the_token(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics, dialect: str
) -> None:
    one_of, another = f"tk-one-{dialect}", f"tk-another-{dialect}"
    token = issuer.token("awa", one_of, another)
    async with client(guarded, dialect, headers=bearer(token), organization=one_of) as narrow:
        shared_topics.write(
            APPROVALS, [approval("outside", another), approval("inside", one_of)], partition=0
        )
        await narrow.until_event("inside")
        assert narrow.ids() == ["inside"]


async def test_an_organisation_outside_the_token_is_forbidden(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    token = issuer.token("awa", "tk-dakar")
    wanted = ["tk-dakar", "tk-cotonou"]
    assert (await refusal(guarded, V1, token, organization=wanted))[0] == 4403
    assert (await refusal(guarded, PLAIN, token, organization=wanted))[0] == 403


# Until when


async def test_a_client_is_warned_and_then_closed_when_its_token_expires(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    ends = now() + 4
    async with client(guarded, V1, headers=bearer(issuer.token(exp=ends))) as one:
        said = await one.until("token_expiring")
        assert said["expiresAt"] == rfc3339(ends * 1000)
        assert await one.closed() == (4401, "the token has expired")
        assert 0 <= time.time() - ends < 2.5


async def test_a_plain_client_is_closed_too(guarded: RunningRelay, issuer: Issuer) -> None:
    ends = now() + 3
    async with client(guarded, PLAIN, headers=bearer(issuer.token(exp=ends))) as one:
        assert (await one.closed())[0] == 4401
        assert one.events == []
        assert 0 <= time.time() - ends < 2.5


async def test_a_client_that_refreshes_stays_and_sees_what_the_new_token_gives(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics
) -> None:
    ends = now() + 3
    first = issuer.token("awa", "tk-old", "tk-both", exp=ends)
    async with client(guarded, V1, headers=bearer(first)) as one:
        later = now() + 600
        await one.say(type="refresh", token=issuer.token("awa", "tk-both", "tk-new", exp=later))
        said = await one.until("access")
        assert said["organizations"] == ["tk-both", "tk-new"]
        assert said["expiresAt"] == rfc3339(later * 1000)
        await asyncio.sleep(max(0, ends + 2 - time.time()))
        shared_topics.write(
            APPROVALS,
            [approval("r-old", "tk-old"), approval("r-both", "tk-both"), approval("r", "tk-new")],
            partition=0,
        )
        await one.until_event("r")
        assert one.ids() == ["r-both", "r"]


async def test_a_refresh_keeps_to_the_organisations_that_were_asked_for(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    token = issuer.token("awa", "tk-a", "tk-b")
    async with client(guarded, V1, headers=bearer(token), organization="tk-a") as one:
        await one.say(type="refresh", token=issuer.token("awa", "tk-a", "tk-b", "tk-c"))
        assert (await one.until("access"))["organizations"] == ["tk-a"]
        await one.say(type="refresh", token=issuer.token("awa", "tk-b"))
        assert (await one.until("access"))["organizations"] == []


async def test_a_refresh_that_is_refused_leaves_the_old_token_its_time(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    ends = now() + 4
    async with client(guarded, V1, headers=bearer(issuer.token("awa", "tk-a", exp=ends))) as one:
        for token, code in (
            (issuer.token("binta", "tk-a"), "other_user"),
            (issuer.token("awa", "tk-a", exp=now() - 60), "invalid_token"),
            (issuer.token("awa", "tk-a", key=signing_key("ES256", "mallory")), "invalid_token"),
            ("", "invalid_token"),
            ("x" * 60_000, "invalid_token"),
        ):
            await one.say(type="refresh", token=token)
            said = await one.until("error")
            assert (said["code"], token[:20] in said["message"] and bool(token)) == (code, False)
        assert (await one.closed())[0] == 4401
        assert 0 <= time.time() - ends < 2.5


async def test_access_after_subscribe_says_until_when(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    ends = now() + 500
    async with client(guarded, V1, headers=bearer(issuer.token("awa", "tk-a", exp=ends))) as one:
        await one.say(type="subscribe", eventTypes=["KPI_UPDATED"])
        said = await one.until("access")
        assert (said["eventTypes"], said["expiresAt"]) == (["KPI_UPDATED"], rfc3339(ends * 1000))


async def test_a_client_that_awaits_its_cursor_may_refresh_before_it(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    token = issuer.token("awa", "tk-a")
    async with client(guarded, V1, headers=bearer(token), cursor="message") as one:
        await one.say(type="refresh", token=issuer.token("awa", "tk-b"))
        await one.say(type="resume", cursor="earliest")
        said = await one.frame()
        assert (said["type"], said["organizations"]) == ("welcome", ["tk-b"])
        assert "refresh" in said["features"]
        assert (await one.frame())["type"] == "access"


# Keys


async def test_a_rotated_key_is_fetched_when_its_first_token_comes(
    kafka: Kafka, shared_topics: Topics, tmp_path: Any
) -> None:
    with issuing() as own:
        settings = {**shared_topics.settings, **own.settings}
        with RunningRelay.start(tmp_path, kafka.bootstrap_servers, settings) as relay:
            await relay.until_ready()
            assert own.asked == 1
            await asyncio.sleep(10)  # not asked more often than that, whoever knocks
            rotated = signing_key("EdDSA", "second")
            own.published = [rotated]
            own.answering.clear()
            crowd = [
                asyncio.create_task(_user(relay, own.token(f"user-{n}", key=rotated)))
                for n in range(50)
            ]
            await eventually(lambda: relay.metric("key_waiters") == 50)
            async with client(relay, V1, headers=bearer(own.token("known"))) as one:
                await one.say(type="refresh", token=own.token("known", "tk-new", key=rotated))
                assert await one.drained() == []  # served while its new token waits
                own.answering.set()
                assert (await one.until("access"))["organizations"] == ["tk-new"]
            assert sorted(await asyncio.gather(*crowd)) == sorted(f"user-{n}" for n in range(50))
            assert own.asked == 2
            code, reason, _ = await refusal(relay, V1, own.token("known"))
            assert (code, reason) == (4401, "the token's key is not known")
            for number in range(20):
                stranger = own.token("x", headers={"kid": f"made-up-{number}"})
                assert (await refusal(relay, PLAIN, stranger))[0] == 401
            assert own.asked == 2


async def _user(relay: RunningRelay, token: str) -> str:
    async with client(relay, V1, headers=bearer(token)) as one:
        return str(one.welcome["user"])


async def test_a_relay_without_a_key_is_not_ready_and_says_so(
    kafka: Kafka, shared_topics: Topics, tmp_path: Any
) -> None:
    with issuing() as own:
        settings = {**shared_topics.settings, **own.settings}
        del settings["UNIONFLOW_JWT_SECRET"]
        own.answering.clear()
        with RunningRelay.start(tmp_path, kafka.bootstrap_servers, settings) as relay:
            await relay.until_not_ready_for("no key of 127.0.0.1")
            await eventually(lambda: relay.metric("key_set_fetches_total", result="failed") >= 1)
            own.answering.set()
            await relay.until_ready()


async def test_refusals_are_counted_by_reason(guarded: RunningRelay, issuer: Issuer) -> None:
    before = guarded.metric("token_refusals_total", refusal="expired")
    await refusal(guarded, V1, issuer.token(exp=now() - 60))
    assert guarded.metric("token_refusals_total", refusal="expired") == before + 1


async def test_clients_that_are_gone_leave_nothing_behind(
    guarded: RunningRelay, issuer: Issuer, shared_topics: Topics
) -> None:
    async def come_and_go(number: int) -> None:
        one: Client
        async with client(guarded, V1, headers=bearer(issuer.token(f"gone-{number}", "g"))) as one:
            await one.drained()

    await asyncio.gather(*(come_and_go(number) for number in range(20)))
    shared_topics.write(MEMBERS, [body("after-gone", "g")])
    async with client(guarded, V1, headers=bearer(issuer.token("here", "g"))) as one:
        shared_topics.write(MEMBERS, [body("for-here", "g")])
        await one.until_event("for-here")


async def test_nothing_comes_before_welcome_though_the_token_is_about_to_expire(
    guarded: RunningRelay, issuer: Issuer
) -> None:
    token = issuer.token("awa", "tk-a", exp=now() + 30)
    async with client(guarded, V1, headers=bearer(token), cursor="message") as one:
        await asyncio.sleep(2.1)
        await one.say(type="resume", cursor="earliest")
        assert (await one.frame())["type"] == "welcome"
        await one.until("token_expiring")
