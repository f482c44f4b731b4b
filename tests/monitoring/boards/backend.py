"""The business services: are they answered in time, and do their events reach Kafka."""

from __future__ import annotations

from tests.monitoring.boards.model import Board, Query, Row, Style, Variable, lines, stat, warns
from tests.monitoring.boards.shared import (
    NEEDS_ONE,
    RED_FROM_ONE,
    namespace_variable,
    processor,
)

_NOW = Row(
    "Now",
    (
        stat(
            "Ready replicas",
            "Replicas whose `/readyz` says ready.",
            "sum(unionflow_backend_ready{@})",
            base="red",
            thresholds=NEEDS_ONE,
        ),
        stat(
            "Requests",
            "REST requests answered.",
            "sum(rate(unionflow_backend_requests_total{@}[r]))",
            unit="reqps",
        ),
        stat(
            "Failed requests",
            "The part of all requests that was answered with 500 or more.",
            '(sum(rate(unionflow_backend_requests_total{@,status=~"5.."}[r])) or vector(0)) '
            "/ clamp_min(sum(rate(unionflow_backend_requests_total{@}[r])), 0.001)",
            unit="percentunit",
            thresholds=warns(0.01, 0.05),
        ),
        stat(
            "Events waiting",
            "Events that wait for Kafka, of all replicas; 100,000 stands for more.",
            "max(unionflow_backend_outbox_depth{@})",
            thresholds=warns(100, 1000),
        ),
        stat(
            "Oldest of them",
            "How long the event that has waited longest has waited.",
            "max(unionflow_backend_outbox_age_seconds{@})",
            unit="s",
            thresholds=warns(10, 60),
        ),
        stat(
            "Set aside",
            "Events that Kafka will never take. `unionflow outbox` lists them.",
            "max(unionflow_backend_outbox_set_aside{@})",
            thresholds=RED_FROM_ONE,
        ),
    ),
)


def _quantile(metric: str, share: float, by: str = "le") -> str:
    return f"histogram_quantile({share}, sum by ({by}) (rate({metric}_bucket{{@}}[r])))"


_REQUESTS = Row(
    "Requests",
    (
        lines(
            "Requests by status",
            "Answers a second; 0 stands for clients that went away first.",
            Query("sum by (status) (rate(unionflow_backend_requests_total{@}[r]))", "{{status}}"),
            unit="reqps",
            style=Style.STACK,
            width=8,
        ),
        lines(
            "How long requests took",
            "Of all operations together.",
            Query(_quantile("unionflow_backend_request_seconds", 0.5), "p50"),
            Query(_quantile("unionflow_backend_request_seconds", 0.9), "p90"),
            Query(_quantile("unionflow_backend_request_seconds", 0.99), "p99"),
            unit="s",
            thresholds=warns(0.5, 2),
            width=8,
        ),
        lines(
            "Requests by operation",
            "The operation's id in OpenAPI.",
            Query(
                "sum by (operation) (rate(unionflow_backend_requests_total{@}[r])) > 0",
                "{{operation}}",
            ),
            unit="reqps",
            style=Style.STACK,
            width=8,
        ),
        lines(
            "Slowest in a hundred, by operation",
            "One request in a hundred took longer.",
            Query(
                _quantile("unionflow_backend_request_seconds", 0.99, "le, operation"),
                "{{operation}}",
            ),
            unit="s",
            width=8,
        ),
        lines(
            "Tokens",
            "Tokens looked at: accepted, or the rule that they break.",
            Query(
                "sum by (outcome) (rate(unionflow_backend_tokens_total{@}[r])) > 0", "{{outcome}}"
            ),
            unit="cps",
            width=8,
            may_be_empty="Empty where UNIONFLOW_AUTH is none.",
        ),
        lines(
            "Repeated requests",
            "POSTs that were answered as the first time, by their Idempotency-Key; and requests "
            "for the issuer's keys, by result.",
            Query("sum(rate(unionflow_backend_idempotent_replays_total{@}[r]))", "repeated"),
            Query(
                "sum by (result) (rate(unionflow_backend_key_set_fetches_total{@}[r]))",
                "keys: {{result}}",
            ),
            unit="cps",
            width=8,
        ),
    ),
)
_OUTBOX = Row(
    "Outbox",
    (
        lines(
            "Events waiting",
            "Events that wait for Kafka, as each replica counts them.",
            Query("unionflow_backend_outbox_depth{@}", "{{pod}}"),
            thresholds=warns(100, 1000),
            width=8,
        ),
        lines(
            "Oldest of them",
            "Events are published in order within an organisation: one that cannot be holds up "
            "those behind it.",
            Query("unionflow_backend_outbox_age_seconds{@}", "{{pod}}"),
            unit="s",
            thresholds=warns(10, 60),
            width=8,
        ),
        lines(
            "From change to Kafka",
            "From when an event happened until Kafka had it.",
            Query(_quantile("unionflow_backend_outbox_delay_seconds", 0.5), "p50"),
            Query(_quantile("unionflow_backend_outbox_delay_seconds", 0.99), "p99"),
            unit="s",
            width=8,
        ),
        lines(
            "Events published",
            "Events that Kafka acknowledged.",
            Query(
                "sum by (event_type) (rate(unionflow_backend_outbox_published_total{@}[r]))",
                "{{event_type}}",
            ),
            unit="cps",
            style=Style.STACK,
        ),
        lines(
            "Rounds that failed",
            "Rounds of the publisher in which Kafka or the database did not do its part.",
            Query("sum by (of) (rate(unionflow_backend_outbox_failures_total{@}[r]))", "{{of}}"),
            unit="cps",
        ),
    ),
)
_STATISTICS = Row(
    "Statistics and database",
    (
        lines(
            "A pass over the figures",
            "How long it took; one replica does it for all.",
            Query(_quantile("unionflow_backend_statistics_pass_seconds", 0.5), "p50"),
            Query(_quantile("unionflow_backend_statistics_pass_seconds", 0.99), "p99"),
            unit="s",
            width=8,
        ),
        lines(
            "Since the last pass",
            "It is to stay near the period.",
            Query(
                "time() - max(unionflow_backend_statistics_last_pass_timestamp_seconds{@} > 0)",
                "since the last",
            ),
            Query("max(unionflow_backend_statistics_period_seconds{@})", "period", limit=True),
            unit="s",
            width=8,
        ),
        lines(
            "Organisations looked at",
            "Those whose figures were published, and those where they were the same.",
            Query(
                "sum by (outcome) (rate(unionflow_backend_statistics_organizations_total{@}[r]))",
                "{{outcome}}",
            ),
            unit="cps",
            width=8,
        ),
        lines(
            "Connections to the database",
            "Open connections of all replicas, used and idle.",
            Query("sum by (state) (unionflow_backend_database_connections{@})", "{{state}}"),
            style=Style.STACK,
            width=8,
        ),
        lines(
            "Memory",
            "What each replica holds.",
            Query("process_resident_memory_bytes{@}", "{{pod}}"),
            unit="bytes",
            width=8,
        ),
        processor("replica", "unionflow_backend_loop_delay_seconds"),
    ),
)

BACKEND = Board(
    file="backend",
    title="UnionFlow / Business services",
    description="Requests, outbox, statistics and database of the business services.",
    labels='namespace="$namespace",service=~"$service"',
    variables=(
        namespace_variable("unionflow_backend_ready"),
        Variable(
            "service",
            "Service",
            'label_values(unionflow_backend_ready{namespace="$namespace"}, service)',
            every=".+-backend",
        ),
    ),
    rows=(_NOW, _REQUESTS, _OUTBOX, _STATISTICS),
)
