"""Both charts on a real node, as people install them, beside a Kafka and a PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import helm_python

from tests.chaos.tokens import SECRET
from tests.cluster.images import write_image
from tests.cluster.kubectl import Kubectl
from tests.cluster.node import running_node
from tests.cluster.node_files import HOST_ADDRESS
from tests.helm.charts import OPERATOR, STACK, Values, with_values
from tests.operator.e2e.installing import SYSTEM, kafka_for_pods
from tests.operator.e2e.watching import Stream, until
from tests.support.postgres import ROLE, Postgres, running_postgres
from unionflow_cli.kafka import Broker

IMAGES = ("pause", "relay", "operator", "backend")
PROD = "prod"
RELEASE = "unionflow"
OPERATOR_RELEASE = "unionflow-operator"
HOST = "localhost"  # a name that leads to a proxy of this machine
TIMEOUT = 240  # seconds, of a step of Helm
READY_SECONDS = 400.0  # on a machine that is busy
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def image(kind: str, tag: str = "1") -> Mapping[str, str]:
    """Values of an image that the node has."""
    return {"repository": f"uf.local/{kind}", "tag": tag, "pullPolicy": "Never"}


def _relay_image(tag: str) -> Mapping[str, str]:
    """The same where a chart asks for no policy."""
    return {key: value for key, value in image("relay", tag).items() if key != "pullPolicy"}


@dataclass(slots=True)
class World:
    """A node with nothing of ours on it yet, and what the stack needs beside it.

    seconds: what steps took, by name.
    """

    folder: Path
    kubeconfig: Path
    kubectl: Kubectl
    broker: Broker
    kafka: str
    postgres: Postgres
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def stream(self) -> Stream:
        """The one that the stack's chart makes."""
        return Stream(self.kubectl, PROD, RELEASE)

    def helm(self, namespace: str) -> helm_python.Config:
        """Helm in a namespace."""
        return helm_python.Config(kubeconfig_path=self.kubeconfig, namespace=namespace)

    def operator_values(self, tag: str = "1") -> Values:
        """With images that the node has; relays are of the same version."""
        return {"image": image("operator", tag), "relayImage": _relay_image(tag)}

    def stack_values(self, *others: Values) -> dict[str, Any]:
        """What a person writes: brokers, a database, who may come in; and what `others` say."""
        database = {"host": HOST_ADDRESS, "port": self.postgres.port, "username": ROLE}
        values = {
            "kafka": {"bootstrapServers": self.kafka, "topicPrefix": "prod."},
            "auth": {"none": True},
            "database": {**database, "name": "postgres", "password": "unused"},
            "backend": {
                "image": image("backend"),
                "settings": {"UNIONFLOW_STATS_UNCHANGED_SECONDS": 0},
            },
            "stream": {"relay": {"drainSeconds": 10, "heartbeatSeconds": 5}},
            "ingress": {"enabled": True, "className": "nginx", "host": HOST},
            "tests": {"image": image("relay")},
        }
        return with_values(values, *others)

    def install(self) -> None:
        """Operator, then stack; returns when the stream is Ready and the backend serves."""
        begun = time.monotonic()
        self.helm(SYSTEM).install(OPERATOR, OPERATOR_RELEASE, dict(self.operator_values()))
        self.helm(PROD).install(STACK, RELEASE, self.stack_values(), timeout=TIMEOUT)
        self.until_ready(self.stream)
        self.seconds["helm install of both charts to Ready=True"] = time.monotonic() - begun
        self.rolled_out("unionflow-backend")
        secret = ("create", "secret", "generic", "tokens", f"--from-literal=secret={SECRET}")
        self.kubectl("-n", PROD, *secret)

    def stream_for_audit(self, name: str) -> Stream:
        """One more, Ready, to whose topics only the audit writes: it numbers all their records."""
        stream = Stream(self.kubectl, PROD, name)
        stream.apply(
            {
                "kafka": {"bootstrapServers": self.kafka},
                "auth": {"secretRef": {"name": "tokens"}},
                "topicPrefix": f"{name}.",
                "relay": {"drainSeconds": 10, "heartbeatSeconds": 5},
            }
        )
        self.until_ready(stream)
        self.rolled_out(f"{name}-relay")
        return stream

    def until_ready(self, stream: Stream) -> None:
        """A stream is Ready by what its status says of the spec as it is now."""
        until("Ready=True", lambda: stream.condition("Ready")[0] == "True", READY_SECONDS)

    def rolled_out(self, deployment: str, namespace: str = PROD) -> None:
        """Wait until a Deployment has its new pods, and only those."""
        where = ("-n", namespace, "get", "deployment", deployment, "-o", "json")

        def is_done() -> bool:
            found = json.loads(self.kubectl(*where))
            status, wanted = found["status"], found["spec"]["replicas"]
            counts = {name: status.get(name, 0) for name in _COUNTS}
            seen = status.get("observedGeneration") == found["metadata"]["generation"]
            return seen and set(counts.values()) == {wanted}

        until(f"{deployment} is rolled out", is_done, READY_SECONDS)

    def address(self, service: str, port: str) -> tuple[str, int]:
        """A Service's own address, and a port of it by name."""
        spec = self.stream.object("service", service)["spec"]
        [number] = [one["port"] for one in spec["ports"] if one["name"] == port]
        return spec["clusterIP"], number

    def relays(self, stream: Stream) -> tuple[str, int]:
        """Where a stream's clients connect."""
        return self.address(f"{stream.name}-relay", "clients")

    @property
    def relays_url(self) -> str:
        """Where clients connect inside the cluster."""
        host, port = self.relays(self.stream)
        return f"ws://{host}:{port}/ws/dashboard"

    @property
    def api_url(self) -> str:
        """The REST API inside the cluster."""
        host, port = self.address(f"{RELEASE}-backend", "http")
        return f"http://{host}:{port}/api/v1"

    def pods(self, service: str, port: str) -> tuple[str, ...]:
        """`address:port` of a Service's pods that are ready."""
        found = self.stream.object("endpointslices", f"-lkubernetes.io/service-name={service}")
        return tuple(
            f"{endpoint['addresses'][0]}:{one['port']}"
            for part in found["items"]
            for one in part["ports"]
            for endpoint in part["endpoints"]
            if one["name"] == port and endpoint["conditions"]["ready"]
        )

    def left(self, namespace: str, kinds: str) -> Sequence[str]:
        """What there is of these kinds in a namespace."""
        return self.kubectl("-n", namespace, "get", kinds, "-o", "name").split()


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A node, Kafka and PostgreSQL, in an empty folder of a short path.

    Raises:
        ToolMissing, NotReady: as `running_node` does.
    """
    begun = time.monotonic()
    images = [folder / f"{kind}.tar" for kind in IMAGES]
    for archive in images:
        write_image(archive.stem, archive)
    made = time.monotonic()
    (folder / "node").mkdir()
    with ExitStack() as stack:
        kubeconfig = stack.enter_context(running_node(folder / "node", images))
        broker, kafka = stack.enter_context(kafka_for_pods(folder / "kafka"))
        postgres = stack.enter_context(running_postgres(address=HOST_ADDRESS))
        kubectl = Kubectl(kubeconfig)
        for name in (SYSTEM, PROD):
            metadata = {"name": name, "labels": RESTRICTED}
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            kubectl("apply", "-f", "-", stdin=namespace)
        seconds = {"images": made - begun, "node, Kafka, PostgreSQL": time.monotonic() - made}
        yield World(folder, kubeconfig, kubectl, broker, kafka, postgres, seconds)
