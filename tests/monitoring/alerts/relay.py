"""Histories of relays."""

from __future__ import annotations

from tests.monitoring.alerts.case import Case, Series, series

STREAM = {"namespace": "prod", "service": "mutuelle-relay"}
POD = {**STREAM, "pod": "one"}
OTHER = {**STREAM, "pod": "two"}
MIB = 1024 * 1024


def _of(metric: str, values: str, **labels: str) -> Series:
    return {series(f"unionflow_relay_{metric}", POD, **labels): values}


def _latency(fast: str, slow: str) -> Series:
    return {
        **_of("delivery_latency_seconds_bucket", fast, le="1"),
        **_of("delivery_latency_seconds_bucket", slow, le="5"),
        **_of("delivery_latency_seconds_bucket", slow, le="+Inf"),
    }


def _ready(one: str, two: str) -> Series:
    return {
        series("unionflow_relay_ready", POD): one,
        series("unionflow_relay_ready", OTHER): two,
    }


def _memory(held: int) -> Series:
    return {
        series("process_resident_memory_bytes", POD): f"{held * MIB}x30",
        **_of("memory_limit_bytes", f"{100 * MIB}x30"),
    }


def _handshakes(accepted: str, refused: str) -> Series:
    return {
        **_of("handshakes_total", accepted, outcome="accepted"),
        **_of("handshakes_total", refused, outcome="401"),
    }


def _closes(code: str, values: str, clients: int) -> Series:
    return {
        **_of("closes_total", values, code=code),
        **_of("connections", f"{clients}x30", dialect="plain"),
    }


def _replays(whole: str, truncated: str) -> Series:
    return {
        **_of("replays_total", whole, verdict="whole"),
        **_of("replays_total", truncated, verdict="truncated"),
    }


def _full(clients: int) -> Series:
    return {
        **_of("connections", f"{clients}x30", dialect="plain"),
        **_of("connections", "100x30", dialect="sse"),
        **_of("connections_limit", "1000x30"),
    }


RELAY_CASES = (
    Case(
        "UnionflowClientsNotServed",
        fires=_ready("0x30", "0x30"),
        quiet=_ready("0x30", "1x30"),
        at=3,
        labels=STREAM,
    ),
    Case(
        "UnionflowRelayNotReady",
        fires=_ready("0x30", "1x30"),
        quiet=_ready("0x8 1x22", "1x30"),
        at=11,
        labels=POD,
    ),
    Case(
        "UnionflowRelayBehind",
        fires=_of("kafka_lag_records", "1200x30", topic="a", partition="0"),
        quiet=_of("kafka_lag_records", "1200x4 0x26", topic="a", partition="0"),
        at=6,
        labels={**STREAM, "topic": "a", "partition": "0"},
        shown="1.2k",
    ),
    Case(
        "UnionflowDeliverySlow",
        fires=_latency("0+50x30", "0+60x30"),
        quiet=_latency("0+60x30", "0+60x30"),
        at=20,
        labels=STREAM,
        shown="4.76s",
    ),
    Case(
        "UnionflowRelayBusy",
        fires=_of("event_loop_delay_seconds", "1.5x30"),
        quiet=_of("event_loop_delay_seconds", "0.5x30"),
        at=6,
        labels=POD,
        shown="1.5s",
    ),
    Case(
        "UnionflowConnectionsNearLimit",
        fires=_full(850),
        quiet=_full(750),
        at=6,
        labels=POD,
        shown="95%",
    ),
    Case(
        "UnionflowMemoryNearLimit",
        fires=_memory(95),
        quiet=_memory(85),
        at=11,
        labels=POD,
        shown="95%",
    ),
    Case(
        "UnionflowHandshakesRefused",
        fires=_handshakes("0+6x30", "0+18x30"),
        quiet=_handshakes("0+18x30", "0+6x30"),
        at=20,
        labels=STREAM,
        shown="75%",
    ),
    Case(
        "UnionflowTokensNotTaken",
        fires=_closes("4401", "0+10x30", clients=100),
        quiet=_closes("4401", "0+10x30", clients=1000),
        at=20,
        labels=STREAM,
        shown="50",
    ),
    Case(
        "UnionflowClientsCutOff",
        fires=_closes("4408", "0+3x30", clients=100),
        quiet=_closes("4408", "0+1x30", clients=100),
        at=20,
        labels=STREAM,
        shown="15",
    ),
    Case(
        "UnionflowReplaysTruncated",
        fires=_replays("0+1x60", "0+1x60"),
        quiet=_replays("0+20x60", "0+1x60"),
        at=40,
        labels=STREAM,
        shown="30",
    ),
    Case(
        "UnionflowKafkaFailing",
        fires=_of("kafka_failures_total", "0+12x30", request="fetch"),
        quiet=_of("kafka_failures_total", "0+12x4 48x26", request="fetch"),
        at=16,
        labels={**POD, "request": "fetch"},
    ),
    Case(
        "UnionflowRecordsSkipped",
        fires=_of("records_skipped_total", "0x5 1x25", reason="not_json"),
        quiet=_of("records_skipped_total", "1x30", reason="not_json"),
        at=8,
        labels={**STREAM, "reason": "not_json"},
    ),
    Case(
        "UnionflowTokenKeysFailing",
        fires=_of("key_set_fetches_total", "0+1x30", result="failed"),
        quiet=_of("key_set_fetches_total", "0+1x30", result="ok"),
        at=20,
        labels=STREAM,
    ),
)
