"""An idle hour behind an ingress, at a test's pace: time-outs are short, and so is the hour."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.ingress.pods import Pods
from tests.ingress.proxies import Kind, Proxy, proxying
from tests.ingress.sites import HEARTBEAT_SECONDS, HOUR, Edge
from tests.ingress.visitors import cut, listener, visitor
from tests.relay.clients import Client
from tests.relay.event_source import Listening
from tests.relay.topics import MEMBERS, Topics, body
from tests.support.tls import Certificates

pytestmark = [pytest.mark.kafka, pytest.mark.nginx]

# An hour of 9 s: heartbeats of 3 s are 20 minutes apart, and 60 s are over in 0.15 s.
SHORT_HOUR = 3.0 * HEARTBEAT_SECONDS
# Heartbeats 25 s apart, as they are by default: 60 s are 7.2 s.
USUAL = HOUR * HEARTBEAT_SECONDS / 25
CLIENT_TIMEOUT = {Kind.NGINX: "50s", Kind.HAPROXY: "3700s"}


async def live_after(
    proxies: Sequence[Proxy], seconds: float, topics: Topics, organization: str
) -> None:
    """Both transports through each of the proxies, silent for a time: all hear the next event."""
    async with AsyncExitStack() as stack:
        visitors: list[Client | Listening] = []
        for proxy in proxies:
            for way in (visitor, listener):
                coming = way(proxy, organization=organization)
                visitors.append(await stack.enter_async_context(coming))
        hearing = asyncio.gather(*(one.until_event("at-last") for one in visitors))
        await asyncio.sleep(seconds)
        assert not hearing.done()
        event = body("at-last", organization)
        await asyncio.to_thread(topics.write, MEMBERS, [event], partition=0)
        await hearing


async def test_an_hour_without_an_event_ends_no_connection(
    kind: Kind, pods: Pods, ingress_topics: Topics, tls: Certificates, tmp_path: Path
) -> None:
    """By the operator's annotations with rare heartbeats, and by usual heartbeats without them."""
    rare = Edge(hour=SHORT_HOUR, client_timeout=CLIENT_TIMEOUT[kind])
    usual = Edge(hour=USUAL)
    with (
        proxying(kind, pods.addresses, tls, tmp_path / "rare", rare) as annotated,
        proxying(kind, pods.addresses, tls, tmp_path / "usual", usual, annotated=False) as bare,
    ):
        await live_after([annotated, bare], SHORT_HOUR, ingress_topics, f"hour-{kind}")


@pytest.mark.parametrize(
    ("kind", "transport"), [(Kind.NGINX, "ws"), (Kind.NGINX, "sse"), (Kind.HAPROXY, "sse")]
)
async def test_without_the_operator_s_annotations_rare_heartbeats_come_too_late(
    kind: Kind, transport: str, pods: Pods, tls: Certificates, tmp_path: Path
) -> None:
    rare = Edge(hour=SHORT_HOUR, client_timeout=CLIENT_TIMEOUT[kind])
    with proxying(kind, pods.addresses, tls, tmp_path / "bare", rare, annotated=False) as proxy:
        assert await cut(proxy, transport)


async def test_an_event_is_not_kept_in_a_buffer_until_there_are_more(
    kind: Kind, pods: Pods, ingress_topics: Topics, tls: Certificates, tmp_path: Path
) -> None:
    with proxying(kind, pods.addresses, tls, tmp_path / "proxy") as proxy:
        async with listener(proxy, organization=f"buffer-{kind}") as one:
            await one.until("welcome")
            event = body("alone", f"buffer-{kind}")
            await asyncio.to_thread(ingress_topics.write, MEMBERS, [event], partition=0)
            await one.until_event("alone")
            assert one.response.num_bytes_downloaded < 4_096  # a buffer's worth, at both
