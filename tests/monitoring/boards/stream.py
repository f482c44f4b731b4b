"""One stream at a glance: can clients connect, are they current, and if not, where to look."""

from __future__ import annotations

from tests.monitoring.boards.model import Board, Query, Row, Style, lines, stat, warns
from tests.monitoring.boards.shared import (
    FULL,
    NEEDS_ONE,
    RED_FROM_ONE,
    SLOW,
    STREAM_VARIABLE,
    closes,
    handshakes,
    latency,
    namespace_variable,
    returns,
)

_NO_BACKEND = "Empty where no business services run in this namespace."
_HERE = '{namespace="$namespace"}'

_NOW = Row(
    "Now",
    (
        stat(
            "Ready relays",
            "Relays to which a client can connect and be current.",
            "sum(unionflow_relay_ready{@})",
            base="red",
            thresholds=NEEDS_ONE,
        ),
        stat(
            "Clients",
            "Open connections of all relays: WebSockets, and streams of server-sent events.",
            "sum(unionflow_relay_connections{@})",
        ),
        stat(
            "Events delivered",
            "Events written to clients, once per client.",
            "sum(rate(unionflow_relay_deliveries_total{@}[r]))",
            unit="cps",
        ),
        stat(
            "Slowest in a hundred",
            "One event in a hundred took longer from its producer to a client.",
            "histogram_quantile(0.99, sum by (le) "
            "(rate(unionflow_relay_delivery_latency_seconds_bucket{@}[r])))",
            unit="s",
            thresholds=SLOW,
        ),
        stat(
            "Farthest behind",
            "Records of a partition that a relay has not taken yet.",
            "max(unionflow_relay_kafka_lag_records{@})",
            thresholds=warns(100, 1000),
        ),
        stat(
            "Refused",
            "The part of all handshakes that was refused.",
            "(sum(rate(unionflow_relay_handshakes_total{@}[r])) "
            '- sum(rate(unionflow_relay_handshakes_total{@,outcome="accepted"}[r]))) '
            "/ clamp_min(sum(rate(unionflow_relay_handshakes_total{@}[r])), 0.001)",
            unit="percentunit",
            thresholds=warns(0.1, 0.5),
        ),
    ),
)
_CLIENTS = Row(
    "Clients",
    (
        latency(),
        lines(
            "Clients by relay",
            "A rolling upgrade shows as one relay handing its clients to the others.",
            Query("sum by (pod) (unionflow_relay_connections{@})", "{{pod}}"),
            style=Style.STACK,
        ),
        handshakes(8),
        closes(8),
        returns(8),
    ),
)
_RELAYS = Row(
    "Relays",
    (
        lines(
            "Events by type",
            "Deliveries a second.",
            Query(
                "sum by (event_type) (rate(unionflow_relay_deliveries_total{@}[r]))",
                "{{event_type}}",
            ),
            unit="cps",
            style=Style.STACK,
            width=8,
        ),
        lines(
            "Behind Kafka",
            "Records that a relay has not taken yet, of the partition that is farthest behind.",
            Query("max by (topic) (unionflow_relay_kafka_lag_records{@})", "{{topic}}"),
            thresholds=warns(100, 1000),
            width=8,
        ),
        lines(
            "Memory",
            "The part of its limit that each relay holds.",
            Query(
                "process_resident_memory_bytes{@} / on (pod) unionflow_relay_memory_limit_bytes{@}",
                "{{pod}}",
            ),
            unit="percentunit",
            thresholds=FULL,
            most=1,
            width=8,
        ),
    ),
)
_SERVICES = Row(
    "Business services of this namespace",
    (
        lines(
            "Requests",
            "REST requests answered, by status.",
            Query(
                f"sum by (status) (rate(unionflow_backend_requests_total{_HERE}[r]))", "{{status}}"
            ),
            unit="cps",
            style=Style.STACK,
            width=10,
            may_be_empty=_NO_BACKEND,
        ),
        lines(
            "Oldest unpublished event",
            "How long the event that has waited longest for Kafka has waited.",
            Query(f"max(unionflow_backend_outbox_age_seconds{_HERE})", "age"),
            unit="s",
            thresholds=warns(10, 60),
            width=10,
            may_be_empty=_NO_BACKEND,
        ),
        stat(
            "Set aside",
            "Events that Kafka will never take. `unionflow outbox` lists them.",
            f"max(unionflow_backend_outbox_set_aside{_HERE})",
            thresholds=RED_FROM_ONE,
            may_be_empty=_NO_BACKEND,
        ),
    ),
)

STREAM = Board(
    file="stream",
    title="UnionFlow / Stream",
    description="One stream at a glance: whether clients can connect, and whether they are "
    "current. The operator puts one of these beside every stream.",
    labels='namespace="$namespace",service="${stream}-relay"',
    variables=(namespace_variable("unionflow_relay_ready"), STREAM_VARIABLE),
    rows=(_NOW, _CLIENTS, _RELAYS, _SERVICES),
)
