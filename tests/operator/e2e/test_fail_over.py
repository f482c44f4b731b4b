"""The leading operator stands still, and the other replica of the Deployment takes its place."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.operator.e2e.conftest import NAMESPACE, Say
from tests.operator.e2e.installing import SYSTEM, Installed
from tests.operator.e2e.replicas import leader, send_signal
from tests.operator.e2e.watching import Stream, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
FAIL_OVER_SECONDS = 20.0


def test_the_other_replica_leads_within_twenty_seconds_and_the_first_writes_no_more(
    cluster: Installed, say: Say
) -> None:
    stream = Stream(cluster.kubectl, NAMESPACE, "led")
    spec = {"kafka": {"bootstrapServers": cluster.kafka}, "auth": {"none": True}}
    stream.apply({**spec, "topicPrefix": "led."})
    until("Ready=True", lambda: stream.condition("Ready")[0] == "True", 120)
    until("both replicas are ready", lambda: ready_replicas(cluster) == 2, 60)

    first = leader(cluster)
    send_signal(cluster, first, signal.SIGSTOP)
    stopped_at = time.monotonic()
    stream.patch({"relay": {"heartbeatSeconds": 7}})
    until("another leads", lambda: leader(cluster) != first, FAIL_OVER_SECONDS)
    took = time.monotonic() - stopped_at
    until("it has written", lambda: stream.condition("Progressing")[0] != "", 30)
    wrote = time.monotonic() - stopped_at
    say(f"fail-over: another leads after {took:.1f} s, and has written after {wrote:.1f} s")

    # The kubelet finds the first one dead and starts it anew; then it follows, and does not lead.
    until("both are ready again", lambda: ready_replicas(cluster) == 2, 120)
    assert leader(cluster) != first
    stream.delete()
    until("it is gone", lambda: not stream.exists(), 60)


def ready_replicas(cluster: Installed) -> int:
    found = cluster.kubectl("-n", SYSTEM, "get", "deployment", "unionflow-operator", "-o", "json")
    return int(json.loads(found)["status"].get("readyReplicas", 0))
