"""A relay leaves while clients come through an ingress: no storm on the other, and nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.ingress.pods import Pods, address, running_pods
from tests.ingress.proxies import Kind, Proxy, proxying
from tests.ingress.visitors import visitor
from tests.relay.clients import Client
from tests.relay.live import eventually
from tests.relay.topics import MEMBERS, Topics, body
from tests.support.tls import Certificates

pytestmark = [pytest.mark.kafka, pytest.mark.nginx]

CROWD = 120
DRAIN_SECONDS = 6
ORGANIZATION = "drain"


@pytest.fixture
def draining_pods(ingress_topics: Topics, tmp_path: Path) -> Iterator[Pods]:
    """Two relays of this test's own."""
    settings = {"UNIONFLOW_DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with running_pods(tmp_path, ingress_topics, settings) as two:
        yield two


class Phone:
    """A client that does what it is told, and comes back with its cursor."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.came: list[float] = []
        self.told = False

    async def live(self, proxy: Proxy) -> None:
        """Until it is cancelled."""
        cursor = ""
        while True:
            async with visitor(proxy, organization=ORGANIZATION, cursor=cursor) as one:
                self.came.append(time.monotonic())
                await self._listen(one)
                cursor = one.resume

    async def _listen(self, one: Client) -> None:
        """Until it is to go, or its relay has closed."""
        before = len(self.ids)
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(None) as leaving:
                while True:
                    said = await one.frame()
                    self.ids[before:] = one.ids()
                    if said["type"] == "reconnect":
                        self.told = True
                        now = asyncio.get_running_loop().time()
                        leaving.reschedule(now + said["afterMs"] / 1000)


async def write_until(stop: asyncio.Event, topics: Topics) -> list[str]:
    """Events in one partition, ten a second; which they were."""
    written: list[str] = []
    while not stop.is_set():
        id = f"e{len(written)}"
        event = body(id, ORGANIZATION)
        await asyncio.to_thread(topics.write, MEMBERS, [event], partition=0)
        written.append(id)
        await asyncio.sleep(0.1)
    return written


async def test_a_relay_that_leaves_sends_its_clients_over_at_an_even_rate_and_none_is_short(
    kind: Kind, draining_pods: Pods, ingress_topics: Topics, tls: Certificates, tmp_path: Path
) -> None:
    """As in a cluster: first the controller hears that the pod is not ready, then the pod ends."""
    leaving = draining_pods.one
    with proxying(kind, draining_pods.addresses, tls, tmp_path / "proxy") as proxy:
        phones = [Phone() for _ in range(CROWD)]
        lives = [asyncio.create_task(phone.live(proxy)) for phone in phones]
        await eventually(lambda: all(phone.came for phone in phones))
        stop = asyncio.Event()
        writing = asyncio.create_task(write_until(stop, ingress_topics))
        await asyncio.to_thread(proxy.take_out, address(leaving))
        leaving.process.signal(signal.SIGTERM)
        begun = time.monotonic()
        assert await asyncio.to_thread(leaving.process.wait, DRAIN_SECONDS + 30)
        moved = [phone for phone in phones if phone.told]
        await eventually(lambda: all(len(phone.came) > 1 for phone in moved))
        stop.set()
        written = await writing
        await eventually(lambda: all(set(written) <= set(phone.ids) for phone in phones))
        for life in lives:
            life.cancel()
        await asyncio.wait(lives)
    assert all(list(dict.fromkeys(phone.ids)) == written for phone in phones)
    assert [len(phone.came) for phone in phones] == [2 if p.told else 1 for p in phones]
    assert CROWD / 3 < len(moved) < CROWD * 2 / 3
    per_second = Counter(int(phone.came[1] - begun) for phone in moved)
    budget = len(moved) / (DRAIN_SECONDS - 2)
    assert max(per_second.values()) <= 2 * budget, per_second  # a busy machine shifts some
