"""The relays of a stream, pod by pod: what clients, Kafka, replays and memory do to them."""

from __future__ import annotations

from tests.monitoring.boards.model import Board, Query, Row, Style, lines, warns
from tests.monitoring.boards.shared import (
    FULL,
    POD_VARIABLE,
    STREAM_VARIABLE,
    closes,
    handshakes,
    latency,
    namespace_variable,
    processor,
    returns,
)

_NONE_DRAWN = "Nothing is drawn where there were none."

_CLIENTS = Row(
    "Clients",
    (
        lines(
            "Connections by dialect",
            "plain: the first mobile app; unionflow.v1: clients that can resume; sse: server-sent "
            "events.",
            Query("sum by (dialect) (unionflow_relay_connections{@})", "{{dialect}}"),
            style=Style.STACK,
            width=8,
        ),
        lines(
            "Full to",
            "Connections of each relay, of those that it takes. More are refused with 503.",
            Query(
                "sum by (pod) (unionflow_relay_connections{@}) "
                "/ sum by (pod) (unionflow_relay_connections_limit{@})",
                "{{pod}}",
            ),
            unit="percentunit",
            thresholds=FULL,
            width=8,
        ),
        lines(
            "Ready",
            "1: a client can connect and is current; `/readyz` on port 9085 says why not.",
            Query("unionflow_relay_ready{@}", "{{pod}}"),
            most=1,
            width=8,
        ),
        handshakes(8),
        lines(
            "Tokens refused",
            f"By the rule that they break. {_NONE_DRAWN}",
            Query(
                "sum by (refusal) (rate(unionflow_relay_token_refusals_total{@}[r])) > 0",
                "{{refusal}}",
            ),
            unit="cps",
            style=Style.BARS,
            width=8,
            may_be_empty="Empty as long as every token is good.",
        ),
        lines(
            "Limits reached",
            f"Handshakes refused and connections closed, by limit. {_NONE_DRAWN}",
            Query("sum by (limit) (rate(unionflow_relay_limited_total{@}[r])) > 0", "{{limit}}"),
            unit="cps",
            style=Style.BARS,
            width=8,
            may_be_empty="Empty as long as no limit is reached.",
        ),
        closes(8),
        lines(
            "The issuer's keys",
            "Requests for the key set, by result, and clients that wait for one to be answered.",
            Query(
                "sum by (result) (rate(unionflow_relay_key_set_fetches_total{@}[r]))", "{{result}}"
            ),
            Query("sum(unionflow_relay_key_waiters{@})", "clients waiting"),
            unit="short",
            width=8,
        ),
        lines(
            "Suspended and restored members",
            "Rulings on memberships that each relay remembers, until tokens older than they are "
            "have expired.",
            Query("unionflow_relay_membership_rulings{@}", "{{pod}}"),
            width=8,
        ),
    ),
)
_DELIVERIES = Row(
    "Deliveries",
    (
        latency(),
        lines(
            "Slowest in a hundred, by relay",
            "One that stands out is busier than the others, or its node is.",
            Query(
                "histogram_quantile(0.99, sum by (le, pod) "
                "(rate(unionflow_relay_delivery_latency_seconds_bucket{@}[r])))",
                "{{pod}}",
            ),
            unit="s",
        ),
        lines(
            "Events by type",
            "Events written to clients, once per client.",
            Query(
                "sum by (event_type) (rate(unionflow_relay_deliveries_total{@}[r]))",
                "{{event_type}}",
            ),
            unit="cps",
            style=Style.STACK,
        ),
        lines(
            "Records that nobody could be given",
            f"By reason; the relay's log has a sample with topic and offset. {_NONE_DRAWN}",
            Query(
                "sum by (reason) (rate(unionflow_relay_records_skipped_total{@}[r])) > 0",
                "{{reason}}",
            ),
            unit="cps",
            style=Style.BARS,
            may_be_empty="Empty as long as every producer writes events.",
        ),
    ),
)
_KAFKA = Row(
    "Kafka",
    (
        lines(
            "Behind, by partition",
            "Records not yet taken, of the relay that is farthest behind.",
            Query(
                "max by (topic, partition) (unionflow_relay_kafka_lag_records{@})",
                "{{topic}} {{partition}}",
            ),
            thresholds=warns(100, 1000),
        ),
        lines(
            "Failed requests",
            "Requests to Kafka that failed, by kind. Relays go on serving and try again.",
            Query(
                "sum by (request) (rate(unionflow_relay_kafka_failures_total{@}[r]))",
                "{{request}}",
            ),
            unit="cps",
        ),
    ),
)
_REPLAYS = Row(
    "Clients that catch up",
    (
        returns(8),
        lines(
            "Clients catching up",
            "going: being replayed to; waiting: for the next round; slow: with a full buffer.",
            Query("sum by (state) (unionflow_relay_replaying{@})", "{{state}}"),
            style=Style.STACK,
            width=8,
        ),
        lines(
            "Events replayed",
            "Events written to clients that catch up, from memory or from Kafka; and records read "
            "from Kafka for all of them together.",
            Query(
                "sum by (source) (rate(unionflow_relay_replayed_events_total{@}[r]))",
                "from {{source}}",
            ),
            Query("sum(rate(unionflow_relay_replay_read_records_total{@}[r]))", "read from Kafka"),
            unit="cps",
            width=8,
        ),
        lines(
            "Kept for replays",
            "Records read from Kafka that clients still want, and how much is kept at most.",
            Query("unionflow_relay_replay_bytes{@}", "{{pod}}"),
            Query("min(unionflow_relay_replay_limit_bytes{@})", "at most", limit=True),
            unit="bytes",
        ),
        lines(
            "Waits of replays",
            "Times that a replay waited for its clients to read, so that none was cut off.",
            Query("sum by (pod) (rate(unionflow_relay_replay_waits_total{@}[r]))", "{{pod}}"),
            unit="cps",
        ),
    ),
)
_PROCESS = Row(
    "Memory and processor",
    (
        lines(
            "Memory",
            "What each relay holds, and the least of their limits.",
            Query("process_resident_memory_bytes{@}", "{{pod}}"),
            Query("min(unionflow_relay_memory_limit_bytes{@})", "limit", limit=True),
            unit="bytes",
            width=8,
        ),
        lines(
            "Unsent bytes",
            "What clients have not taken yet. At the ceiling the slowest are cut off with 4408.",
            Query("unionflow_relay_unsent_bytes{@}", "{{pod}}"),
            Query("min(unionflow_relay_unsent_ceiling_bytes{@})", "ceiling", limit=True),
            unit="bytes",
            width=8,
        ),
        lines(
            "History",
            "Records kept in memory, from which clients that come back are served.",
            Query("unionflow_relay_history_bytes{@}", "{{pod}}"),
            unit="bytes",
            width=8,
        ),
        processor("relay", "unionflow_relay_event_loop_delay_seconds"),
        lines(
            "Draining",
            "1 while a relay sends its clients away before it ends.",
            Query("unionflow_relay_draining{@}", "{{pod}}"),
            most=1,
            width=8,
        ),
        lines(
            "Sent away",
            "Clients of a drain: told to come back elsewhere, or closed when their time was over.",
            Query("sum by (how) (rate(unionflow_relay_drained_total{@}[r]))", "{{how}}"),
            unit="cps",
            width=8,
        ),
    ),
)

RELAY = Board(
    file="relay",
    title="UnionFlow / Relays",
    description="The relays of a stream, pod by pod.",
    labels='namespace="$namespace",service="${stream}-relay",pod=~"$pod"',
    variables=(namespace_variable("unionflow_relay_ready"), STREAM_VARIABLE, POD_VARIABLE),
    rows=(_CLIENTS, _DELIVERIES, _KAFKA, _REPLAYS, _PROCESS),
)
