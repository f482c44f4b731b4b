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
from tests.ingress.visitors import kept, listener, visitor
from tests.relay.clients import Client
from tests.relay.event_source import Listening
from tests.relay.topics import MEMBERS, Topics, body
from tests.support.tls import Certificates

pytestmark = [pytest.mark.kafka, pytest.mark.nginx]

# An hour of 6 s: heartbeats of 2 s are 20 minutes apart, and 60 s are over in 0.1 s.
SHORT_HOUR = 3.0 * HEARTBEAT_SECONDS
# Heartbeats 25 s apart, as they are by default: 60 s are 4.8 s.
USUAL = HOUR * HEARTBEAT_SECONDS / 25


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
    rare = Edge(hour=SHORT_HOUR)
    usual = Edge(hour=USUAL)
    with (
        proxying(kind, pods.addresses, tls, tmp_path / "rare", rare) as annotated,
        proxying(kind, pods.addresses, tls, tmp_path / "usual", usual, annotated=False) as bare,
    ):
        await live_after([annotated, bare], SHORT_HOUR, ingress_topics, f"hour-{kind}")


async def test_without_the_operator_s_annotations_rare_heartbeats_come_too_late_for_nginx(
    pods: Pods, tls: Certificates, tmp_path: Path
) -> None:
    kind, rare = Kind.NGINX, Edge(hour=SHORT_HOUR)
    with proxying(kind, pods.addresses, tls, tmp_path / "bare", rare, annotated=False) as proxy:
        assert await kept(proxy) == (False, False)


async def test_for_haproxy_rare_heartbeats_come_too_late_where_its_tunnels_are_short_alone(
    pods: Pods, tls: Certificates, tmp_path: Path
) -> None:
    """A stream without a length is a tunnel to it, as a WebSocket is: no other time-out counts."""
    kind, short = Kind.HAPROXY, Edge(SHORT_HOUR, tunnel_timeout="60s")
    usual = Edge(36 * HEARTBEAT_SECONDS)  # 50 s are half a heartbeat's period
    with (
        proxying(kind, pods.addresses, tls, tmp_path / "short", short) as cutting,
        proxying(kind, pods.addresses, tls, tmp_path / "bare", usual, annotated=False) as keeping,
    ):
        were_cut, were_kept = await asyncio.gather(kept(cutting), kept(keeping))
    assert were_cut == (False, False)
    assert were_kept == (True, True)


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
