"""The operator: does it look after its streams, and what does that cost the cluster."""

from __future__ import annotations

from tests.monitoring.boards.model import Board, Query, Row, Style, Variable, lines, stat, warns
from tests.monitoring.boards.shared import (
    NEEDS_ONE,
    ORANGE_FROM_ONE,
    namespace_variable,
    processor,
)

_NOW = Row(
    "Now",
    (
        stat(
            "Leader",
            "Replicas that may write. One; for a moment none while it changes.",
            "sum(unionflow_operator_leader{@})",
            base="red",
            thresholds=NEEDS_ONE,
            width=6,
        ),
        stat(
            "Ready streams",
            "Streams whose clients can connect and are served.",
            'max(unionflow_operator_streams{@,ready="True"})',
            width=6,
        ),
        stat(
            "Streams not ready",
            "`kubectl get ufs -A` says which, and why.",
            'max(unionflow_operator_streams{@,ready="False"})',
            thresholds=ORANGE_FROM_ONE,
            width=6,
        ),
        stat(
            "Oldest in the queue",
            "How long the stream that is due longest has been due.",
            "max(unionflow_operator_queue_age_seconds{@})",
            unit="s",
            thresholds=warns(30, 120),
            width=6,
        ),
    ),
)
_LOOKS = Row(
    "Looks at streams",
    (
        lines(
            "Looks by result",
            "converged: nothing was to be done; changed; failed: tried again, later each time; "
            "invalid: its author has to mend it.",
            Query(
                "sum by (result) (rate(unionflow_operator_reconciles_total{@}[r])) > 0",
                "{{result}}",
            ),
            unit="cps",
            colours={"converged": "green", "changed": "blue", "failed": "red", "invalid": "orange"},
        ),
        lines(
            "How long a look took",
            "From taking a stream out of the queue to having done with it.",
            Query(
                "histogram_quantile(0.5, sum by (le) "
                "(rate(unionflow_operator_reconcile_duration_seconds_bucket{@}[r])))",
                "p50",
            ),
            Query(
                "histogram_quantile(0.99, sum by (le) "
                "(rate(unionflow_operator_reconcile_duration_seconds_bucket{@}[r])))",
                "p99",
            ),
            unit="s",
        ),
        lines(
            "Queue",
            "due: waiting for a worker; delayed: for their time; working: being looked at.",
            Query("sum by (state) (unionflow_operator_queue_depth{@})", "{{state}}"),
            style=Style.STACK,
            width=8,
        ),
        lines(
            "Oldest in the queue",
            "How long the stream that is due longest has been due.",
            Query("unionflow_operator_queue_age_seconds{@}", "{{pod}}"),
            unit="s",
            thresholds=warns(30, 120),
            width=8,
        ),
        lines(
            "Streams",
            "By their condition Ready.",
            Query("max by (ready) (unionflow_operator_streams{@})", "{{ready}}"),
            colours={"True": "green", "False": "red", "Unknown": "orange"},
            style=Style.STACK,
            width=8,
        ),
    ),
)
_CLUSTER = Row(
    "Kubernetes",
    (
        lines(
            "Writes by kind",
            "Objects written or deleted, topics changed. None where nothing changes: writes that "
            "go on mean that two parties disagree about a field.",
            Query("sum by (kind) (rate(unionflow_operator_writes_total{@}[r]))", "{{kind}}"),
            unit="cps",
            width=8,
        ),
        lines(
            "Writes by reason",
            "missing, drift, changed, unwanted; of a status: what it had to say.",
            Query("sum by (reason) (rate(unionflow_operator_writes_total{@}[r]))", "{{reason}}"),
            unit="cps",
            width=8,
        ),
        lines(
            "Requests to the API server",
            "By verb; a converged cluster costs reads alone.",
            Query("sum by (verb) (rate(unionflow_operator_api_requests_total{@}[r]))", "{{verb}}"),
            unit="reqps",
            width=8,
        ),
        lines(
            "Answers of the API server",
            "By status; 0: no answer. 403 means that a right is missing, 409 and 404 are common.",
            Query(
                "sum by (status) (rate(unionflow_operator_api_requests_total{@}[r]))",
                "{{status}}",
            ),
            unit="reqps",
            width=8,
        ),
        lines(
            "What the watch brought",
            "Events by kind; our own writes come back as well.",
            Query("sum by (kind) (rate(unionflow_operator_watch_events_total{@}[r]))", "{{kind}}"),
            unit="cps",
            width=8,
        ),
        lines(
            "The watch itself",
            "Times that it was started, and changes that a resync found and it had not told.",
            Query("sum(rate(unionflow_operator_watch_starts_total{@}[r]))", "started"),
            Query("sum(rate(unionflow_operator_watch_missed_total{@}[r])) or vector(0)", "missed"),
            unit="cps",
            width=8,
        ),
    ),
)
_KAFKA = Row(
    "Kafka, clients and process",
    (
        lines(
            "Requests to Kafka",
            "However many topics are in each.",
            Query(
                "sum by (request, result) (rate(unionflow_operator_kafka_requests_total{@}[r]))",
                "{{request}} {{result}}",
            ),
            unit="reqps",
            width=8,
        ),
        lines(
            "Topics in them",
            "Topics that requests were about: many in few requests is what is wanted.",
            Query(
                "sum by (request) (rate(unionflow_operator_kafka_request_topics_total{@}[r]))",
                "{{request}}",
            ),
            unit="cps",
            width=8,
        ),
        lines(
            "Kafka clients",
            "One for each Kafka and way to it, shared by its streams.",
            Query("unionflow_operator_kafka_clients{@}", "{{pod}}"),
            width=8,
        ),
        lines(
            "Handshakes tried",
            "WebSocket handshakes through Services, by answer: Ready means that one succeeded.",
            Query("sum by (answer) (rate(unionflow_operator_probes_total{@}[r]))", "{{answer}}"),
            unit="cps",
            width=8,
        ),
        lines(
            "Memory",
            "What each replica holds.",
            Query("process_resident_memory_bytes{@}", "{{pod}}"),
            unit="bytes",
            width=8,
        ),
        processor("replica", "unionflow_operator_event_loop_delay_seconds"),
    ),
)

OPERATOR = Board(
    file="operator",
    title="UnionFlow / Operator",
    description="The operator's looks at streams, its queue, and what it asks of Kubernetes and "
    "Kafka.",
    labels='namespace="$namespace",service=~"$service"',
    variables=(
        namespace_variable("unionflow_operator_leader"),
        Variable(
            "service",
            "Service",
            'label_values(unionflow_operator_leader{namespace="$namespace"}, service)',
            every=".+-operator",
        ),
    ),
    rows=(_NOW, _LOOKS, _CLUSTER, _KAFKA),
)
