"""What of a relay is reached through an ingress, by which protocols: the two paths, and no more."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.ingress.pods import Pods
from tests.ingress.proxies import LOOPBACK, Kind, Proxy, proxying
from tests.ingress.sites import BASE_PATH, HOST
from tests.ingress.visitors import visitor
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


async def curl(proxy: Proxy, path: str, *options: str) -> str:
    """What curl prints: its own HTTP/2, and paths as they are written."""
    port = proxy.ports.https
    try:
        process = await asyncio.create_subprocess_exec(
            *("curl", "--silent", "--no-buffer", "--path-as-is", "--cacert", str(proxy.tls.ca)),
            *("--noproxy", "*", "--max-time", "30", "--resolve", f"{HOST}:{port}:{LOOPBACK}"),
            *(*options, f"https://{HOST}:{port}{path}"),
            stdout=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        tier_is_missing("this needs curl. Install: apt-get install -y curl")
    said, _ = await process.communicate()
    return said.decode()


async def test_nothing_but_the_two_paths_is_reached(
    kind: Kind, pods: Pods, tls: Certificates, tmp_path: Path
) -> None:
    with proxying(kind, pods.addresses, tls, tmp_path / "proxy") as proxy:
        for management_port in (pods.one.management_port, pods.other.management_port):
            assert str(management_port) not in proxy.configuration
        written = ("--write-out", "\n%{http_code}")
        answers = await asyncio.gather(*(curl(proxy, path, *written) for path in ELSEWHERE))
        assert {answer.rpartition("\n")[2] for answer in answers} <= {"404", "400"}
        assert not any("unionflow_relay_" in answer for answer in answers)
        by_http_1 = ("--http1.1", *written)
        reached = await curl(proxy, f"{BASE_PATH}/ws/dashboard", *by_http_1)
        assert reached.endswith("\n426")


async def test_server_sent_events_come_by_http_2_and_web_sockets_by_an_upgrade_under_tls(
    kind: Kind, pods: Pods, ingress_topics: Topics, tls: Certificates, tmp_path: Path
) -> None:
    with proxying(kind, pods.addresses, tls, tmp_path / "proxy") as proxy:
        path = f"{BASE_PATH}/sse/dashboard?organization=tls-{kind}&cursor=earliest"
        event = body("secret", f"tls-{kind}")
        await asyncio.to_thread(ingress_topics.write, MEMBERS, [event], partition=0)
        by_http_2 = curl(proxy, path, "--http2", "--include", "--max-time", "4")
        async with visitor(
            proxy, secure=True, organization=f"tls-{kind}", cursor="earliest"
        ) as one:
            await one.until_event("secret")
        said = await by_http_2
        assert said.startswith("HTTP/2 200")
        data = [line.removeprefix("data: ") for line in said.splitlines() if "data: " in line]
        assert "secret" in [json.loads(text).get("event", {}).get("id") for text in data]


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
                if cursor:
                    await one.until("recovered")
                cursor = one.resume
                seen += one.ids()
            event = body(f"e{number}", organization)
            await asyncio.to_thread(ingress_topics.write, MEMBERS, [event], partition=0)
        assert len(met) == 2
        assert seen == ["e0", "e1", "e2"]
