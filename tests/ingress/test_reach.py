"""What of a relay is reached through an ingress, by which protocols: the two paths, and no more."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from tests.ingress.pods import Pods
from tests.ingress.proxies import LOOPBACK, Kind, Proxy, proxying
from tests.ingress.sites import BASE_PATH, HOST
from tests.ingress.visitors import visitor
from tests.relay.clients import PATIENCE_SECONDS
from tests.relay.topics import MEMBERS, Topics, body
from tests.support.tiers import tier_is_missing
from tests.support.tls import Certificates

pytestmark = [pytest.mark.kafka, pytest.mark.nginx]

ELSEWHERE = [
    *(f"{prefix}/{page}" for prefix in ("", BASE_PATH) for page in ("metrics", "readyz", "livez")),
    "/ws/dashboard",
    f"{BASE_PATH}/",
    f"{BASE_PATH}/ws/dashboard/",
    f"{BASE_PATH}/ws/dashboard/../../../metrics",
    f"{BASE_PATH}/ws/dashboard/%2e%2e/%2e%2e/metrics",
    f"{BASE_PATH}/ws/dashboard%2f..%2f..%2fmetrics",
    "//metrics",
]


async def curling(proxy: Proxy, path: str, *options: str) -> Process:
    """A curl that asks for a path as it is written; it speaks HTTP/2 where that is offered."""
    port = proxy.ports.https
    try:
        return await asyncio.create_subprocess_exec(
            *("curl", "--silent", "--no-buffer", "--path-as-is", "--cacert", str(proxy.tls.ca)),
            *("--noproxy", "*", "--max-time", "60", "--resolve", f"{HOST}:{port}:{LOOPBACK}"),
            *(*options, f"https://{HOST}:{port}{path}"),
            stdout=PIPE,
        )
    except FileNotFoundError:
        tier_is_missing("this needs curl. Install: apt-get install -y curl")


async def answer(proxy: Proxy, path: str, *options: str) -> tuple[int, str]:
    """The status and the body of what is no stream."""
    process = await curling(proxy, path, "--write-out", "\n%{http_code}", *options)
    said, _ = await process.communicate()
    body, _, status = said.decode().rpartition("\n")
    return int(status), body


async def head_and_event(proxy: Proxy, path: str, id: str) -> tuple[str, str]:
    """The first line of a stream's answer, and the line with an event's id in it."""
    process = await curling(proxy, path, "--include")
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        first = line = (await process.stdout.readline()).decode()
        while line and id not in line:
            line = (await process.stdout.readline()).decode()
    process.kill()
    await process.wait()
    return first.strip(), line


async def test_nothing_but_the_two_paths_is_reached(
    kind: Kind, pods: Pods, tls: Certificates, tmp_path: Path
) -> None:
    with proxying(kind, pods.addresses, tls, tmp_path / "proxy") as proxy:
        for management_port in (pods.one.management_port, pods.other.management_port):
            assert str(management_port) not in proxy.configuration
        answers = await asyncio.gather(*(answer(proxy, path) for path in ELSEWHERE))
        assert {status for status, _ in answers} <= {404, 400}
        assert not any("unionflow_relay_" in said for _, said in answers)
        # By HTTP/1.1: nginx hands the answer's `Upgrade` on by HTTP/2 too, where it may not be.
        status, _ = await answer(proxy, f"{BASE_PATH}/ws/dashboard", "--http1.1")
        assert status == 426


async def test_server_sent_events_come_by_http_2_and_web_sockets_by_an_upgrade_under_tls(
    kind: Kind, pods: Pods, ingress_topics: Topics, tls: Certificates, tmp_path: Path
) -> None:
    with proxying(kind, pods.addresses, tls, tmp_path / "proxy") as proxy:
        path = f"{BASE_PATH}/sse/dashboard?organization=tls-{kind}&cursor=earliest"
        written = body("secret", f"tls-{kind}")
        await asyncio.to_thread(ingress_topics.write, MEMBERS, [written], partition=0)
        status, line = await head_and_event(proxy, path, "secret")
        assert status.startswith("HTTP/2 200")
        assert json.loads(line.removeprefix("data: "))["event"]["id"] == "secret"
        async with visitor(
            proxy, secure=True, organization=f"tls-{kind}", cursor="earliest"
        ) as one:
            await one.until_event("secret")


async def test_who_comes_back_to_the_other_relay_misses_nothing_so_nobody_need_be_sticky(
    kind: Kind, pods: Pods, ingress_topics: Topics, tls: Certificates, tmp_path: Path
) -> None:
    organization = f"round-{kind}"
    with proxying(kind, pods.addresses, tls, tmp_path / "proxy") as proxy:
        seen: list[str] = []
        met: set[str] = set()
        cursor = ""
        for number in range(4):
            async with visitor(proxy, organization=organization, cursor=cursor) as one:
                met.add(one.welcome["session"].rpartition("-")[0])
                if number:
                    await one.until_event(f"e{number - 1}")
                cursor = one.resume
                seen += one.ids()
            event = body(f"e{number}", organization)
            await asyncio.to_thread(ingress_topics.write, MEMBERS, [event], partition=0)
        assert len(met) == 2
        assert seen == ["e0", "e1", "e2"]
