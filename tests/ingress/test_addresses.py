"""Whose address counts behind an ingress: what a trusted hop says, and nothing that a client says.

Every source here is an address of loopback; relays trust the proxy's and the load balancer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.ingress.pods import address
from tests.ingress.proxies import LOOPBACK, Kind, Proxy, proxying
from tests.ingress.sites import BASE_PATH, Edge
from tests.ingress.visitors import visitor
from tests.relay.live import RunningRelay
from tests.relay.topics import Topics
from tests.support.tls import Certificates

pytestmark = [pytest.mark.kafka, pytest.mark.nginx]

BALANCER = "127.0.0.2"
CLIENTS = ("127.0.0.9", "127.0.0.10")
MOST = 2
OPEN, TOO_MANY, ABNORMAL = 0, 4429, 1006
FORGED = {"X-Forwarded-For": "203.0.113.99", "X-Real-IP": "203.0.113.99"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a client comes to the proxy."""

    source: str
    says_first: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def by_proxy_protocol(source: str, client: str) -> Arrival:
    """With the line that a load balancer for TCP sends ahead."""
    return Arrival(source, f"PROXY TCP4 {client} 127.0.0.1 50000 443\r\n".encode(), FORGED)


def by_header(source: str, client: str) -> Arrival:
    """With the header that a load balancer for HTTP completes: what a client wrote is its left."""
    return Arrival(source, headers={"X-Forwarded-For": f"203.0.113.99, {client}"})


@pytest.fixture(scope="module")
def pod(ingress_topics: Topics, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRelay]:
    """A relay that takes MOST connections of an address."""
    settings = {
        **ingress_topics.settings,
        "UNIONFLOW_BASE_PATH": BASE_PATH,
        "UNIONFLOW_MAX_CONNECTIONS_PER_ADDRESS": str(MOST),
        "UNIONFLOW_TRUSTED_PROXIES": f"{LOOPBACK}/32,{BALANCER}/32",
    }
    folder = tmp_path_factory.mktemp("pod")
    with RunningRelay.start(folder, ingress_topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


async def closed_with(proxy: Proxy, arrivals: list[Arrival]) -> list[int]:
    """With which code each of these, who come one after the other and stay, is closed."""
    verdicts: list[int] = []
    async with AsyncExitStack() as stack:
        for arrival in arrivals:
            coming = visitor(
                proxy,
                source=arrival.source,
                says_first=arrival.says_first,
                headers=arrival.headers,
            )
            try:
                await stack.enter_async_context(coming)
                verdicts.append(OPEN)
            except ConnectionClosed as closed:
                verdicts.append(closed.rcvd.code if closed.rcvd is not None else ABNORMAL)
    return verdicts


async def test_each_client_s_own_address_counts_and_a_forged_header_does_not(
    kind: Kind, pod: RunningRelay, tls: Certificates, tmp_path: Path
) -> None:
    one, other = CLIENTS
    arrivals = [Arrival(one), Arrival(one), Arrival(one), Arrival(one, headers=FORGED)]
    with proxying(kind, (address(pod),), tls, tmp_path / "proxy") as proxy:
        assert await closed_with(proxy, [*arrivals, Arrival(other)]) == [
            OPEN,
            OPEN,
            TOO_MANY,
            TOO_MANY,
            OPEN,
        ]


async def test_by_proxy_protocol_a_trusted_balancer_says_whose_connection_it_is(
    kind: Kind, pod: RunningRelay, tls: Certificates, tmp_path: Path
) -> None:
    mine, theirs = "198.51.100.7", "198.51.100.8"
    arrivals = [by_proxy_protocol(BALANCER, mine)] * 3 + [by_proxy_protocol(BALANCER, theirs)]
    edge = Edge(proxy_protocol=f"{BALANCER}/32")
    with proxying(kind, (address(pod),), tls, tmp_path / "proxy", edge) as proxy:
        assert await closed_with(proxy, arrivals) == [OPEN, OPEN, TOO_MANY, OPEN]


async def test_by_proxy_protocol_nobody_else_can_say_who_they_are(
    kind: Kind, pod: RunningRelay, tls: Certificates, tmp_path: Path
) -> None:
    """nginx counts their own address; to HAProxy their line is no HTTP."""
    liars = [by_proxy_protocol(CLIENTS[0], f"198.51.100.{n}") for n in range(20, 23)]
    edge = Edge(proxy_protocol=f"{BALANCER}/32")
    with proxying(kind, (address(pod),), tls, tmp_path / "proxy", edge) as proxy:
        if kind is Kind.NGINX:
            assert await closed_with(proxy, liars) == [OPEN, OPEN, TOO_MANY]
        else:
            with pytest.raises((InvalidMessage, InvalidStatus)):
                await closed_with(proxy, liars)


async def test_by_header_a_trusted_balancer_says_whose_request_it_is_and_nobody_else(
    kind: Kind, pod: RunningRelay, tls: Certificates, tmp_path: Path
) -> None:
    mine = [by_header(BALANCER, "198.51.100.30")] * 3
    liars = [by_header(CLIENTS[0], f"198.51.100.{n}") for n in range(40, 43)]
    edge = Edge(forwarded=f"{BALANCER}/32")
    with proxying(kind, (address(pod),), tls, tmp_path / "proxy", edge) as proxy:
        assert await closed_with(proxy, [*mine, *liars]) == [OPEN, OPEN, TOO_MANY] * 2
