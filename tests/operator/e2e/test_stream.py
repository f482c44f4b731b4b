"""A stream of the shortest kind on a real node, from its declaration to its deletion."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.cli.plan.asking import ask
from tests.operator.e2e.conftest import NAMESPACE, Say
from tests.operator.e2e.installing import Installed
from tests.operator.e2e.watching import Stream, seconds_to_ready, until
from tests.operator.live.streams import Topics
from unionflow_events import CATALOGUE, EventPublisher, EventType, KafkaConnection, TopicNames
from unionflow_operator.core.reasons import Reason

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
READY_SECONDS = 120.0


@pytest.fixture(scope="module")
def stream(cluster: Installed) -> Stream:
    return Stream(cluster.kubectl, NAMESPACE, "mutuelle")


@pytest.fixture(scope="module")
def ready_seconds(cluster: Installed, stream: Stream) -> float:
    """It is applied, and Ready; how long that took."""
    begun = time.monotonic()
    stream.apply({"kafka": {"bootstrapServers": cluster.kafka}, "auth": {"none": True}})
    try:
        until("Ready=True", lambda: stream.condition("Ready")[0] == "True", READY_SECONDS)
    except AssertionError as error:
        said = stream.object("ufs").get("status", {})
        raise AssertionError(f"{error}\n{json.dumps(said, indent=1)}") from None
    return time.monotonic() - begun


@pytest.fixture(scope="module")
def address(stream: Stream, ready_seconds: float) -> str:
    """Where its clients connect: the Service."""
    assert ready_seconds > 0
    spec = stream.object("service")["spec"]
    [port] = [port["port"] for port in spec["ports"] if port["name"] == "clients"]
    return f"ws://{spec['clusterIP']}:{port}/ws/dashboard"


def test_ready_says_that_a_relay_has_answered_a_handshake_through_the_service(
    cluster: Installed, stream: Stream, ready_seconds: float, say: Say
) -> None:
    node, operator = cluster.seconds
    say(f"images, node and Kafka: {node:.1f} s; kubectl apply -k -> operator: {operator:.1f} s")
    assert stream.condition("Ready")[:2] == ("True", Reason.SERVING_CLIENTS)
    pods = stream.pods()
    starts = sorted(seconds_to_ready(pod) for pod in pods)
    say(f"apply -> Ready=True: {ready_seconds:.1f} s; pod start -> Ready: {starts} s")
    assert len(pods) == 2
    assert stream.object("ufs")["status"]["topicsReady"] == "5/5"


def test_an_event_that_is_published_reaches_a_client_through_the_service(
    cluster: Installed, address: str, say: Say
) -> None:
    begun, seconds = asyncio.run(_publish_and_receive(cluster.kafka, address))
    say(f"publish -> client, through the Service: {1_000 * seconds:.0f} ms")
    assert begun["eventType"] == "MEMBER_CREATED"
    assert begun["data"]["memberId"] == "m-1"


async def _publish_and_receive(servers: str, address: str) -> tuple[dict[str, Any], float]:
    async with connect(address, subprotocols=[Subprotocol("unionflow.v1")], proxy=None) as client:
        assert (await _next(client, "welcome"))["type"] == "welcome"
        async with EventPublisher(
            KafkaConnection(servers), topics=TopicNames.from_entries(()), source="e2e"
        ) as publisher:
            begun = time.monotonic()
            await publisher.publish(
                EventType.MEMBER_CREATED, {"memberId": "m-1"}, organization_id="mutuelle-dakar"
            )
            event = (await _next(client, "event"))["event"]
    return event, time.monotonic() - begun


async def _next(client: ClientConnection, kind: str) -> dict[str, Any]:
    """The next frame of a type."""
    async with asyncio.timeout(20):
        while True:
            frame: dict[str, Any] = json.loads(await client.recv())
            if frame["type"] == kind:
                return frame


@pytest.mark.usefixtures("address")
def test_unionflow_plan_sees_by_the_installed_operator_that_nothing_would_change(
    cluster: Installed,
) -> None:
    result = ask("mutuelle", "-n", NAMESPACE, "--kubeconfig", cluster.kubeconfig)
    assert (result.exit_code, result.stderr) == (0, ""), result.stdout


@pytest.mark.usefixtures("address")
def test_the_pods_can_write_nowhere_and_have_no_account_of_the_cluster(stream: Stream) -> None:
    """The namespace enforces the rest (Pod Security `restricted`)."""
    for pod in stream.pods():
        [container] = pod["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert [m for m in container["volumeMounts"] if "serviceaccount" in m["mountPath"]] == []


@pytest.fixture
def deleted(stream: Stream, address: str) -> float:
    """How long it took until nothing was left."""
    assert address
    stream.delete()
    until("the stream is gone", lambda: not stream.exists(), 30)
    return until("its objects are gone", lambda: not stream.children(), 120)


def test_a_deleted_stream_takes_its_objects_along_and_leaves_its_topics(
    cluster: Installed, deleted: float, say: Say
) -> None:
    say(f"delete -> all objects gone: {deleted:.1f} s")
    names = [topic.name for topic in CATALOGUE]
    assert Topics(cluster.kafka).partitions(*names) == dict.fromkeys(names, 6)
