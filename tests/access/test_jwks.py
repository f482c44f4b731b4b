"""A real endpoint of published keys: rotation, silence, slowness and lies."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import structlog

from tests.access.issuer import NOW, Endpoint, document, serving, signing_key
from unionflow_access import (
    Identity,
    InvalidRules,
    InvalidToken,
    JwksCache,
    Refusal,
    Timing,
    TokenRules,
    TokenVerifier,
    UnknownKey,
    checked_host,
)

OLD = signing_key("ES256", "old")
NEW = signing_key("ES256", "new")


class Stage:
    """A cache whose clock the test moves, and the verifier on it."""

    def __init__(self, endpoint: Endpoint, timing: Timing) -> None:
        self.endpoint = endpoint
        self.now = 1_000.0
        self.outcomes: Counter[str] = Counter()
        self.cache = JwksCache(
            endpoint.url,
            random.Random(1),
            timing=timing,
            on_fetch=lambda outcome: self.outcomes.update([outcome]),
            clock=lambda: self.now,
        )
        self.verifier = TokenVerifier(TokenRules(), keys=self.cache)

    async def check(self, token: str) -> Identity:
        """As a caller does it: a refresh for an unknown key, then once more."""
        try:
            return self.verifier.check(token, NOW)
        except UnknownKey:
            await self.cache.refresh()
            return self.verifier.check(token, NOW)


@contextlib.asynccontextmanager
async def staged(body: bytes, timing: Timing | None = None) -> AsyncIterator[Stage]:
    async with serving(body) as endpoint:
        stage = Stage(endpoint, timing or Timing(deadline=2.0))
        try:
            yield stage
        finally:
            await stage.cache.close()


async def test_an_unknown_key_is_fetched_once_and_then_at_hand() -> None:
    async with staged(document(OLD)) as stage:
        assert (await stage.check(OLD.token())).user == "awa"
        assert stage.verifier.check(OLD.token(sub="binta"), NOW).user == "binta"
        assert stage.endpoint.asked == 1


async def test_a_rotated_key_is_taken_with_its_first_token() -> None:
    async with staged(document(OLD)) as stage:
        await stage.check(OLD.token())
        stage.endpoint.body = document(OLD, NEW)
        stage.now += 10
        assert (await stage.check(NEW.token())).user == "awa"
        stage.endpoint.body = document(NEW)
        stage.now += 10
        await stage.cache.refresh()
        with pytest.raises(InvalidToken):
            await stage.check(OLD.token())


async def test_a_thousand_who_wait_share_one_request() -> None:
    async with staged(document(OLD)) as stage:
        stage.endpoint.gate.clear()
        tokens = [OLD.token(sub=f"user-{n}") for n in range(1_000)]
        checks = [asyncio.create_task(stage.check(token)) for token in tokens]
        await stage.endpoint.requests.acquire()
        stage.endpoint.gate.set()
        users = {identity.user for identity in await asyncio.gather(*checks)}
        assert (len(users), stage.endpoint.asked) == (1_000, 1)


async def test_unknown_keys_cost_one_request_in_ten_seconds_however_many_come() -> None:
    async with staged(document(OLD)) as stage:
        for second in range(30):
            for number in range(20):
                stranger = OLD.token(headers={"kid": f"made-up-{second}-{number}"})
                with pytest.raises(InvalidToken):
                    await stage.check(stranger)
            stage.now += 1
        assert stage.endpoint.asked == 3


async def test_one_waiter_who_goes_leaves_the_request_to_the_others() -> None:
    async with staged(document(OLD)) as stage:
        stage.endpoint.gate.clear()
        first, second = (asyncio.create_task(stage.check(OLD.token())) for _ in range(2))
        await stage.endpoint.requests.acquire()
        first.cancel()
        stage.endpoint.gate.set()
        assert (await second).user == "awa"
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_an_endpoint_that_is_away_leaves_the_known_keys_in_use_for_a_stated_time() -> None:
    async with staged(document(OLD), Timing(keep=3_600.0)) as stage:
        await stage.check(OLD.token())
        stage.endpoint.status = "503 Service Unavailable"
        for _ in range(3):
            stage.now += 1_199
            await stage.cache.refresh()
            assert (await stage.check(OLD.token())).user == "awa"
        assert stage.cache.trouble == ""
        stage.now += 10
        with pytest.raises(InvalidToken) as refused:
            await stage.check(OLD.token())
        assert refused.value.reason is Refusal.UNKNOWN_KEY
        assert "HTTP 503" in stage.cache.trouble
        stage.endpoint.status = "200 OK"
        stage.now += 10
        assert (await stage.check(OLD.token())).user == "awa"


async def test_an_endpoint_that_does_not_answer_is_given_up_at_the_deadline() -> None:
    async with staged(document(OLD), Timing(deadline=0.05)) as stage:
        stage.endpoint.gate.clear()
        with pytest.raises(InvalidToken):
            await stage.check(OLD.token())
        assert "TimeoutError" in stage.cache.trouble
        assert stage.outcomes == {"failed": 1}


async def test_an_endpoint_that_is_not_there_is_no_error_of_ours() -> None:
    async with staged(document(OLD)) as stage:
        pass
    stage = Stage(stage.endpoint, Timing(deadline=2.0))
    with pytest.raises(InvalidToken):
        await stage.check(OLD.token())
    assert "ConnectError" in stage.cache.trouble
    await stage.cache.close()


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (b"<html>login</html>", "200 OK", ""),
        (b"", "200 OK", ""),
        (b'{"keys":17}', "200 OK", ""),
        (b"[" * 200_000, "200 OK", ""),
        (b" " * 262_145, "200 OK", ""),
        (document(NEW), "404 Not Found", ""),
        (document(NEW), "302 Found", "Location: http://127.0.0.1:9/\r\n"),
        (document(NEW), "200 OK", "Content-Encoding: gzip\r\n"),
        (document(NEW), "lies and lies", ""),
    ],
    ids=["html", "empty", "no list", "deep", "large", "404", "redirect", "gzip", "no http"],
)
async def test_an_endpoint_that_lies_changes_nothing(
    body: bytes, status: str, headers: str
) -> None:
    async with staged(document(OLD)) as stage:
        await stage.check(OLD.token())
        stage.endpoint.body, stage.endpoint.status = body, status
        stage.endpoint.headers = headers
        stage.now += 10
        with pytest.raises(InvalidToken):
            await stage.check(NEW.token())
        assert stage.verifier.check(OLD.token(sub="binta"), NOW).user == "binta"
        assert stage.outcomes == {"ok": 1, "failed": 1}


async def test_a_key_set_that_was_emptied_is_believed() -> None:
    async with staged(document(OLD)) as stage:
        await stage.check(OLD.token())
        stage.endpoint.body = document()
        stage.now += 10
        await stage.cache.refresh()
        with pytest.raises(InvalidToken):
            await stage.check(OLD.token())
        assert "none that can be used" in stage.cache.trouble


async def test_it_is_asked_again_and_again_without_anybody_asking() -> None:
    timing = Timing(every=0.02, at_least=0.0, deadline=2.0)
    async with staged(document(OLD), timing) as stage:
        running = asyncio.create_task(stage.cache.run())
        for _ in range(3):
            await stage.endpoint.requests.acquire()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert stage.outcomes["failed"] == 0


async def test_a_silence_is_said_once_and_so_is_its_end() -> None:
    async with staged(document(OLD)) as stage:
        with structlog.testing.capture_logs() as logs:
            for status in ("200 OK", "500 No", "500 No", "500 No", "200 OK", "200 OK"):
                stage.endpoint.status = status
                stage.now += 10
                await stage.cache.refresh()
        assert [line["event"] for line in logs] == [
            "key set read",
            "key set not read",
            "key set answers again",
        ]
        assert logs[1]["keeps_keys_seconds"] == 86_400


@pytest.mark.parametrize(
    "url",
    [
        "",
        "certs",
        "ftp://id.example/certs",
        "file:///etc/passwd",
        "https://",
        "https://id.example:99999/certs",
        "https://id.example:x/certs",
        "https://[::1/certs",
        "https://awa:secret@id.example/certs",
    ],
)
def test_an_address_that_cannot_be_is_refused_at_start(url: str) -> None:
    with pytest.raises(InvalidRules) as refused:
        checked_host(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "warnings"),
    [
        ("https://id.example/certs", 0),
        ("http://localhost:8080/certs", 0),
        ("http://127.0.0.1/certs", 0),
        ("http://[::1]/certs", 0),
        ("http://keycloak:8080/certs", 1),
    ],
)
async def test_plain_http_is_warned_about_where_it_leaves_the_machine(
    url: str, warnings: int
) -> None:
    with structlog.testing.capture_logs() as logs:
        await JwksCache(url, random.Random(1)).close()
    assert len(logs) == warnings
