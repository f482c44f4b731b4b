"""All of it, as real as it comes: Kafka, two relays, business services, operator, Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams
from tests.relay.live import RunningRelay
from tests.relay.tokens import Issuer, issuing
from tests.support.apiserver import ApiServer
from tests.support.kafka import kafka_tier
from tests.support.prometheus import Prometheus
from tests.traces.collector import Collector, running_collector
from unionflow_cli.adapters.backend_process import BackendProcess
from unionflow_cli.kafka import Broker, apply_topics
from unionflow_events import CATALOGUE

PARTITIONS = 2
NAMESPACE, STREAM = "prod", "mutuelle"
SERVICE = f"{STREAM}-relay"
BACKEND = "unionflow-backend"
OPERATOR_NAMESPACE, OPERATOR = "unionflow-system", "unionflow-operator"
RELAY_SETTINGS: Mapping[str, str] = {
    "UNIONFLOW_ALLOWED_ORIGINS": "https://app.mutuelle.example",
    "UNIONFLOW_DRAIN_SECONDS": "5",
    "UNIONFLOW_HEARTBEAT_SECONDS": "5",
    "UNIONFLOW_HISTORY_BYTES": "65536",  # so that the past is read from Kafka too
    "UNIONFLOW_MAX_CONNECTIONS": "80",
    "UNIONFLOW_MAX_CONNECTIONS_PER_USER": "5",
    "UNIONFLOW_MAX_MESSAGES_PER_SECOND": "20",
    "UNIONFLOW_MEMORY_BYTES": str(256 * 1024 * 1024),
    "UNIONFLOW_SEND_BUFFER_BYTES": str(1024 * 1024),
}


@dataclass(slots=True)
class Stack:
    """What runs. relays: those that clients may go to, by the names of their pods."""

    folder: Path
    broker: Broker
    issuer: Issuer
    collector: Collector
    backend: BackendProcess
    operator: RunningOperator
    streams: Streams
    prometheus: Prometheus
    relays: dict[str, RunningRelay] = field(default_factory=dict)
    leaving: dict[str, RunningRelay] = field(default_factory=dict)
    _made: int = 0

    async def add_relay(self) -> None:
        """One more pod."""
        self._made += 1
        pod = f"{SERVICE}-{self._made}"
        settings = {**RELAY_SETTINGS, **self.issuer.settings, **_traces(self.collector)}
        servers = self.broker.bootstrap_servers
        relay = await asyncio.to_thread(RunningRelay.start, self.folder, servers, settings)
        await asyncio.to_thread(relay.wait_until_ready)
        self.relays[pod] = relay
        self.tell_prometheus()
        # A count that was there at the first look has no rate.
        seen = f'count_over_time(up{{pod="{pod}"}}[1m]) >= 2'
        await asyncio.to_thread(
            until, "Prometheus looks at it", lambda: self.prometheus.query(seen), 60
        )

    async def drain_relay(self) -> None:
        """The oldest pod is told to end; returns when it has."""
        pod = next(iter(self.relays))
        relay = self.leaving[pod] = self.relays.pop(pod)
        await asyncio.to_thread(relay.stop)
        del self.leaving[pod]
        self.tell_prometheus()

    def tell_prometheus(self) -> None:
        """What is to be scraped now."""
        targets = {
            relay.management_port: _labels(NAMESPACE, SERVICE, pod)
            for pod, relay in {**self.relays, **self.leaving}.items()
        }
        targets[self.backend.management_port] = _labels(NAMESPACE, BACKEND, f"{BACKEND}-1")
        operator = _labels(OPERATOR_NAMESPACE, OPERATOR, f"{OPERATOR}-1")
        targets[self.operator.management_port] = operator
        self.prometheus.scrape(targets)

    def stop(self) -> None:
        """End the relays."""
        for relay in (*self.relays.values(), *self.leaving.values()):
            relay.kill()


def _traces(collector: Collector) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}


def _labels(namespace: str, service: str, pod: str) -> dict[str, str]:
    return {"namespace": namespace, "service": service, "pod": pod}


@asynccontextmanager
async def running_stack(
    folder: Path, api: ApiServer, prometheus: Prometheus
) -> AsyncIterator[Stack]:
    """Start it in `folder`; it is stopped at the end, Prometheus excepted."""
    async with AsyncExitStack() as slow:
        quick = slow.enter_context(ExitStack())
        quick.enter_context(kafka_tier())
        broker = quick.enter_context(await asyncio.to_thread(Broker.start, folder / "kafka"))
        names = [topic.name for topic in CATALOGUE]
        await asyncio.to_thread(apply_topics, broker.bootstrap_servers, names, PARTITIONS)
        issuer = quick.enter_context(issuing())
        collector = quick.enter_context(running_collector())
        streams = Streams(api, api.make_namespace())
        quick.callback(streams.close)
        settings = {"UNIONFLOW_NAMESPACES": streams.namespace, "UNIONFLOW_RESYNC_SECONDS": "4"}
        operator = quick.enter_context(
            await asyncio.to_thread(RunningOperator.start, folder, api.kubeconfig, settings)
        )
        backend = BackendProcess(
            folder / "backend.log",
            0,
            0,
            f"sqlite:///{folder / 'backend.db'}",
            settings={
                **issuer.settings,
                **_traces(collector),
                "UNIONFLOW_STATS_SECONDS": "2",
            },
        )
        slow.push_async_callback(backend.stop)
        await backend.start(broker.bootstrap_servers)
        stack = Stack(folder, broker, issuer, collector, backend, operator, streams, prometheus)
        quick.callback(stack.stop)
        await asyncio.gather(stack.add_relay(), stack.add_relay())
        yield stack
