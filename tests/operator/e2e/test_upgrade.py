"""A stream is changed while clients follow it, and the operator dies in the middle of it."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field

import pytest

from tests.chaos.tokens import SECRET
from tests.operator.e2e.conftest import NAMESPACE, Say
from tests.operator.e2e.installing import Installed
from tests.operator.e2e.load import Outcome, Target, under_load, wrongs
from tests.operator.e2e.replicas import how_it_ended, leader, send_signal
from tests.operator.e2e.watching import Leaving, Stream, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
PREFIX = "busy."
DRAIN_SECONDS = 10
PRE_STOP_SECONDS = 3
LATEST_END_SECONDS = 6  # of a relay, after its drain
SEEING_SECONDS = 3  # until the kubelet has said that a container ended, and we have asked
UPGRADE_SECONDS = 180.0
KUBE_PROXY_SECONDS = 3.0  # it gathers changes for a second before it writes them down


@dataclass(slots=True)
class Upgrade:
    """Changes the stream, kills the operator that rolls it out, and waits until all is new."""

    cluster: Installed
    stream: Stream
    leaving: Leaving = field(default_factory=Leaving)
    seconds: float = 0.0
    killed: str = ""

    def __call__(self) -> None:
        time.sleep(5)  # of the old relays' service, to compare with
        before = {pod["metadata"]["name"] for pod in self.stream.pods()}
        begun = time.monotonic()
        self.stream.patch({"relay": {"heartbeatSeconds": 4}})
        until("a new relay", lambda: self._new(before), 60)
        self.killed = leader(self.cluster)
        send_signal(self.cluster, self.killed, signal.SIGKILL)
        until("only new relays", lambda: self._is_over(before), UPGRADE_SECONDS)
        self.seconds = time.monotonic() - begun
        time.sleep(3)

    def _new(self, before: set[str]) -> set[str]:
        pods = self.stream.pods()
        self.leaving.see(pods)
        return {pod["metadata"]["name"] for pod in pods} - before

    def _is_over(self, before: set[str]) -> bool:
        pods = self.stream.pods()
        self.leaving.see(pods)
        names = {pod["metadata"]["name"] for pod in pods}
        return not names & before and len(self.leaving.took) == len(before)


@pytest.fixture(scope="module")
def stream(cluster: Installed) -> Stream:
    """Two relays that ask for tokens, Ready."""
    stream = Stream(cluster.kubectl, NAMESPACE, "busy")
    secret = ("create", "secret", "generic", "tokens", f"--from-literal=secret={SECRET}")
    cluster.kubectl("-n", NAMESPACE, *secret)
    stream.apply(
        {
            "kafka": {"bootstrapServers": cluster.kafka},
            "auth": {"secretRef": {"name": "tokens"}},
            "topicPrefix": PREFIX,
            "relay": {"drainSeconds": DRAIN_SECONDS, "heartbeatSeconds": 3},
        }
    )
    until("Ready=True", lambda: stream.condition("Ready")[0] == "True", 120)
    until("both relays serve", lambda: ready_addresses(stream) == 2, 60)
    time.sleep(KUBE_PROXY_SECONDS)
    return stream


def ready_addresses(stream: Stream) -> int:
    """How many relays the Service has."""
    slices = stream.object("endpointslices", f"-lkubernetes.io/service-name={stream.name}-relay")
    endpoints = [one for part in slices["items"] for one in part["endpoints"] or ()]
    return sum(bool(one["conditions"]["ready"]) for one in endpoints)


@pytest.fixture(scope="module")
def upgraded(cluster: Installed, stream: Stream) -> tuple[Upgrade, Outcome]:
    service = stream.object("service")["spec"]
    [port] = [port["port"] for port in service["ports"] if port["name"] == "clients"]
    upgrade = Upgrade(cluster, stream)
    target = Target(service["clusterIP"], port, cluster.kafka, PREFIX)
    return upgrade, asyncio.run(under_load(target, upgrade))


def test_an_upgrade_under_load_loses_nothing_though_the_operator_dies_in_it(
    upgraded: tuple[Upgrade, Outcome], say: Say
) -> None:
    upgrade, outcome = upgraded
    longest, median = outcome.away[-1], outcome.away[len(outcome.away) // 2]
    say(
        f"upgrade of 2 relays: {upgrade.seconds:.0f} s; {outcome.acknowledged:,} records, "
        f"{len(outcome.summary.clients)} clients; connections by relay "
        f"{list(outcome.relays.values())}, closes {dict(outcome.closes)}"
    )
    say(f"not served between two relays: median {median:.3f} s, longest {longest:.3f} s")
    assert wrongs(outcome.summary) == {}
    assert outcome.summary.holds
    assert len(outcome.relays) == 4, outcome.relays  # two old ones and two new ones


def test_every_client_is_sent_away_in_order_and_each_relay_ends_within_its_budget(
    upgraded: tuple[Upgrade, Outcome], say: Say
) -> None:
    upgrade, outcome = upgraded
    took = sorted(upgrade.leaving.took.values())
    say(f"relays that went took {[round(one, 1) for one in took]} s")
    budget = PRE_STOP_SECONDS + DRAIN_SECONDS + LATEST_END_SECONDS + SEEING_SECONDS
    assert budget < upgrade.leaving.grace  # so that none of them was killed
    assert (outcome.cut, [one for one in took if one > budget]) == (0, [])


def test_the_stream_is_ready_by_what_it_says_now_though_its_operator_had_died(
    upgraded: tuple[Upgrade, Outcome], cluster: Installed, stream: Stream, say: Say
) -> None:
    killed = upgraded[0].killed
    restarts, last = how_it_ended(cluster, killed)
    assert restarts == 1, last
    waited = until("Ready=True", lambda: stream.condition("Ready")[0] == "True", 60)
    until("done", lambda: stream.condition("Progressing")[0] == "False", 60)
    took_over = "the other operator" if leader(cluster) != killed else "the same, started anew"
    say(f"Ready=True {waited:.1f} s after the upgrade, by {took_over}")
    status = stream.object("ufs")["status"]
    assert status["observedGeneration"] == stream.object("ufs")["metadata"]["generation"]
    assert status["relaysReady"] == "2/2"
