"""What Prometheus sees of the outbox and the statistics. No label takes a caller's value."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_PREFIX = "unionflow_backend"
_DELAY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)
_PASS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class OutboxMetrics:
    """The metrics, in the registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.depth = Gauge(
            "outbox_depth",
            "Events that wait for Kafka, of all replicas; 100,000 stands for more.",
            namespace=_PREFIX,
            registry=registry,
        )
        self.age = Gauge(
            "outbox_age_seconds",
            "How long the oldest of them has waited; 0 with none.",
            namespace=_PREFIX,
            registry=registry,
        )
        self.set_aside = Gauge(
            "outbox_set_aside",
            "Events that Kafka will never take, kept with their reason.",
            namespace=_PREFIX,
            registry=registry,
        )
        self.published = Counter(
            "outbox_published",
            "Events that Kafka acknowledged to this process.",
            ["event_type"],
            namespace=_PREFIX,
            registry=registry,
        )
        self.delay = Histogram(
            "outbox_delay_seconds",
            "From when an event happened until Kafka had it.",
            namespace=_PREFIX,
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )
        self.failures = Counter(
            "outbox_failures",
            "Rounds in which Kafka (`kafka`) or the database (`database`) did not do its part.",
            ["of"],
            namespace=_PREFIX,
            registry=registry,
        )
        for part in ("kafka", "database"):
            self.failures.labels(part)
        self.passes = Histogram(
            "statistics_pass_seconds",
            "How long a pass over the figures of all organisations took.",
            namespace=_PREFIX,
            buckets=_PASS_BUCKETS,
            registry=registry,
        )
        self.last_pass = Gauge(
            "statistics_last_pass_timestamp_seconds",
            "When this replica last went over the figures, in seconds since 1970; 0: not yet.",
            namespace=_PREFIX,
            registry=registry,
        )
        self.period = Gauge(
            "statistics_period_seconds",
            "How often that is to happen, on one of the replicas.",
            namespace=_PREFIX,
            registry=registry,
        )
        self.figures = Counter(
            "statistics_organizations",
            "Organisations looked at, by whether their figures were `published` or `unchanged`.",
            ["outcome"],
            namespace=_PREFIX,
            registry=registry,
        )
        for outcome in ("published", "unchanged"):
            self.figures.labels(outcome)
