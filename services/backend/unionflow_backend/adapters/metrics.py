"""What Prometheus sees of the business services. No label takes a value that a caller chooses."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from unionflow_access import Refusal
from unionflow_runtime.adapters.management import Encoder
from unionflow_runtime.adapters.process import ProcessMetrics

disable_created_metrics()  # a series per counter that nobody asks for
_PREFIX = "unionflow_backend"
_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class BackendMetrics:
    """The metrics of requests and of the process, in a registry that other parts add to."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessMetrics(self.registry)
        self.ready = Gauge(
            "ready",
            "1 while `/readyz` says ready.",
            namespace=_PREFIX,
            registry=self.registry,
        )
        self._requests = Counter(
            "requests",
            "Requests answered, by the operation's id in OpenAPI (`none`: no operation) and the "
            "status.",
            ["operation", "status"],
            namespace=_PREFIX,
            registry=self.registry,
        )
        self._seconds = Histogram(
            "request_seconds",
            "How long requests took, by operation.",
            ["operation"],
            namespace=_PREFIX,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.replays = Counter(
            "idempotent_replays",
            "POSTs that were answered as the first time, by their Idempotency-Key.",
            namespace=_PREFIX,
            registry=self.registry,
        )
        self._tokens = Counter(
            "tokens",
            "Tokens by outcome: `accepted`, or why not.",
            ["outcome"],
            namespace=_PREFIX,
            registry=self.registry,
        )
        self.key_set_fetches = Counter(
            "key_set_fetches",
            "Requests for the issuer's keys, by result.",
            ["result"],
            namespace=_PREFIX,
            registry=self.registry,
        )
        self.loop_delay = Gauge(
            "loop_delay_seconds",
            "How late the event loop came to its last turn.",
            namespace=_PREFIX,
            registry=self.registry,
        )
        self.database_connections = Gauge(
            "database_connections",
            "Connections to the database that this process has open: `used` or `idle`.",
            ["state"],
            namespace=_PREFIX,
            registry=self.registry,
        )
        for outcome in ("accepted", *Refusal):
            self._tokens.labels(outcome)

    def on_request(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered. status: 0 where its client went away before."""
        self._requests.labels(operation, str(status)).inc()
        self._seconds.labels(operation).observe(seconds)

    def on_token(self, outcome: str) -> None:
        """A token was looked at."""
        self._tokens.labels(outcome).inc()

    def exposition(self, encode: Encoder) -> bytes:
        """All of it, as `encode` writes it."""
        return encode(self.registry)
