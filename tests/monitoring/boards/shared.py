"""What several dashboards show in the same way."""

from __future__ import annotations

from tests.monitoring.boards.model import Panel, Query, Threshold, Variable, lines, warns

SLOW = warns(0.5, 2)
"""Seconds from producer to client; the alert's limit is the second."""
FULL = warns(0.75, 0.9)
"""Of what there is at most; the alerts' limit is the second."""
RED_FROM_ONE = (Threshold(1, "red"),)
ORANGE_FROM_ONE = (Threshold(1, "orange"),)
NEEDS_ONE = (Threshold(1, "green"),)
"""Of a panel whose base is red."""


def namespace_variable(metric: str) -> Variable:
    """The namespaces in which somebody serves this metric."""
    return Variable("namespace", "Namespace", f"label_values({metric}, namespace)")


STREAM_VARIABLE = Variable(
    "stream",
    "Stream",
    'label_values(unionflow_relay_ready{namespace="$namespace"}, service)',
    regex="/(.*)-relay/",
)
POD_VARIABLE = Variable(
    "pod",
    "Pod",
    'label_values(unionflow_relay_ready{namespace="$namespace",service="${stream}-relay"}, pod)',
    every=".*",
)


def latency(width: int = 12) -> Panel:
    """From a producer to its clients' sockets."""

    def quantile(share: float, name: str) -> Query:
        rates = "sum by (le) (rate(unionflow_relay_delivery_latency_seconds_bucket{@}[r]))"
        return Query(f"histogram_quantile({share}, {rates})", name, exemplars=True)

    return lines(
        "From producer to client",
        "From the producer's timestamp to the socket write, once per record that had a client. "
        "Exemplars, where there are any, lead to the trace of one event.",
        quantile(0.5, "p50"),
        quantile(0.9, "p90"),
        quantile(0.99, "p99"),
        unit="s",
        thresholds=SLOW,
        width=width,
    )


def handshakes(width: int = 12) -> Panel:
    """Who was let in."""
    return lines(
        "Handshakes",
        "Let in, or the HTTP status of the refusal: 401 tokens, 403 origins and organisations, "
        "429 and 503 limits.",
        Query("sum by (outcome) (rate(unionflow_relay_handshakes_total{@}[r]))", "{{outcome}}"),
        unit="cps",
        width=width,
        colours={"accepted": "green"},
    )


def closes(width: int = 12) -> Panel:
    """Why connections ended."""
    return lines(
        "Closed connections",
        "By close code: 1000 goodbye, 1006 lost without a word, 1012 a relay's end, 4401 tokens, "
        "4408 too slow, 4409 silent. Nothing is drawn where there were none.",
        Query("sum by (code) (rate(unionflow_relay_closes_total{@}[r])) > 0", "{{code}}"),
        unit="cps",
        width=width,
    )


def returns(width: int = 12) -> Panel:
    """Clients that came back."""
    return lines(
        "Clients that came back",
        "whole: nothing was missing; truncated: they were told what is gone, and reload.",
        Query("sum by (verdict) (rate(unionflow_relay_replays_total{@}[r]))", "{{verdict}}"),
        unit="cps",
        width=width,
        colours={"whole": "green", "truncated": "orange"},
    )


def processor(part: str, delay: str) -> Panel:
    """How busy a process is, and what that does to its event loop."""
    return lines(
        "Processor and event loop",
        f"Processor time a second of each {part}, of one core, and how late its event loop was: "
        "above a second, everything is late.",
        Query("rate(process_cpu_seconds_total{@}[r])", "{{pod}}: of a core"),
        Query(f"{delay}{{@}}", "{{pod}}: seconds late"),
        unit="short",
        width=8,
    )
