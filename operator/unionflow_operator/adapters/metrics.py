"""What Prometheus sees of the operator. No label takes a value that a stream's author chooses."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from unionflow_operator.core.observed import Answer
from unionflow_runtime.adapters.management import Encoder
from unionflow_runtime.adapters.process import ProcessMetrics

disable_created_metrics()  # a series per counter that nobody asks for
_PREFIX = "unionflow_operator"
_VERBS = {"GET": "read", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class OperatorMetrics:
    """Every metric of the operator, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessMetrics(self.registry)
        self._reconciles = self._counter(
            "reconciles", "Streams looked at, by what came of it.", "result"
        )
        for result in ("converged", "changed", "failed", "invalid", "gone", "fenced"):
            self._reconciles.labels(result)
        self._duration = Histogram(
            "reconcile_duration_seconds",
            "From taking a stream out of the queue to having done with it.",
            namespace=_PREFIX,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )
        self.queue_depth = self._gauge("queue_depth", "Streams in the queue.", "state")
        self.queue_age = self._gauge(
            "queue_age_seconds", "How long the stream that is due longest has been due."
        )
        self.streams = self._gauge("streams", "Streams that are known.", "ready")
        self._writes = self._counter(
            "writes", "Objects written or deleted, topics changed.", "kind", "reason"
        )
        self._requests = self._counter(
            "api_requests", "Requests to the API server; status 0: no answer.", "verb", "status"
        )
        self._kafka = self._counter(
            "kafka_requests",
            "Requests to Kafka, however many topics are in each.",
            "request",
            "result",
        )
        self._kafka_topics = self._counter(
            "kafka_request_topics", "Topics in requests to Kafka.", "request"
        )
        self.kafka_clients = self._gauge("kafka_clients", "Kafka clients that are open.")
        self.leader = self._gauge("leader", "1 while this replica may write.")
        self._watch_events = self._counter("watch_events", "Events that the watch brought.", "kind")
        self._missed = self._counter(
            "watch_missed", "Changes that a resync found and the watch had not told.", "kind"
        )
        self.watch_starts = self._counter("watch_starts", "Times that the watch was started.")
        self._probes = self._counter(
            "probes", "WebSocket handshakes tried through Services, by answer.", "answer"
        )
        for answer in Answer:
            self._probes.labels(str(answer))
        self.loop_delay = self._gauge(
            "event_loop_delay_seconds", "How late the event loop's last second was."
        )

    def reconciled(self, result: str, seconds: float) -> None:
        """A stream was looked at. result: converged, changed, failed, gone or fenced."""
        self._reconciles.labels(result).inc()
        self._duration.observe(seconds)

    def wrote(self, kind: str, reason: str) -> None:
        """Something was written. kind: as Kubernetes calls it, or Topic."""
        self._writes.labels(kind, reason).inc()

    def requested(self, method: str, status: int) -> None:
        """The API server was asked."""
        self._requests.labels(_VERBS[method], str(status)).inc()

    def asked_kafka(self, request: str, result: str, topics: int) -> None:
        """Kafka was asked about so many topics. result: ok or failed."""
        self._kafka.labels(request, result).inc()
        self._kafka_topics.labels(request).inc(topics)

    def watched(self, kind: str) -> None:
        """The watch brought an event."""
        self._watch_events.labels(kind).inc()

    def missed(self, kind: str) -> None:
        """A resync found what the watch had not told."""
        self._missed.labels(kind).inc()

    def probed(self, answer: str) -> None:
        """A handshake was tried."""
        self._probes.labels(answer).inc()

    def exposition(self, encode: Encoder) -> bytes:
        """All of it, as `encode` writes it."""
        return encode(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace=_PREFIX, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=_PREFIX, registry=self.registry)
