"""Histories of the business services."""

from __future__ import annotations

from tests.monitoring.alerts.case import Case, Series, series

SERVICE = {"namespace": "prod", "service": "unionflow-backend"}
POD = {**SERVICE, "pod": "one"}


def _of(metric: str, values: str, **labels: str) -> Series:
    return {series(f"unionflow_backend_{metric}", POD, **labels): values}


def _requests(good: str, bad: str) -> Series:
    return {
        **_of("requests_total", good, operation="listMembers", status="200"),
        **_of("requests_total", bad, operation="listMembers", status="503"),
    }


def _durations(fast: str, slow: str) -> Series:
    return {
        **_of("request_seconds_bucket", fast, le="1"),
        **_of("request_seconds_bucket", slow, le="10"),
        **_of("request_seconds_bucket", slow, le="+Inf"),
    }


def _passes(values: str, period: int) -> Series:
    return {
        **_of("statistics_last_pass_timestamp_seconds", values),
        **_of("statistics_period_seconds", f"{period}x30"),
    }


BACKEND_CASES = (
    Case(
        "UnionflowBackendNotReady",
        fires=_of("ready", "1x2 0x28"),
        quiet=_of("ready", "1x2 0x1 1x27"),
        at=6,
        labels=SERVICE,
    ),
    Case(
        "UnionflowBackendFailing",
        fires=_requests("0+90x30", "0+10x30"),
        quiet=_requests("0+99x30", "0+1x30"),
        at=15,
        labels=SERVICE,
        shown="10%",
    ),
    Case(
        "UnionflowBackendSlow",
        fires=_durations("0+50x30", "0+60x30"),
        quiet=_durations("0+60x30", "0+60x30"),
        at=20,
        labels=SERVICE,
        shown="9.46s",
    ),
    Case(
        "UnionflowOutboxOld",
        fires=_of("outbox_age_seconds", "0+60x30"),
        quiet=_of("outbox_age_seconds", "0 30 60 90 0x26"),
        at=6,
        labels=SERVICE,
        shown="6m 0s",
    ),
    Case(
        "UnionflowOutboxDeep",
        fires=_of("outbox_depth", "2500x30"),
        quiet=_of("outbox_depth", "2500x4 10x26"),
        at=6,
        labels=SERVICE,
        shown="2.5k",
    ),
    Case(
        "UnionflowEventsSetAside",
        fires=_of("outbox_set_aside", "0x5 2x25"),
        quiet=_of("outbox_set_aside", "2x3 0x27"),
        at=6,
        labels=SERVICE,
        shown="2",
    ),
    Case(
        "UnionflowStatisticsLate",
        fires=_passes("60x30", period=10),
        quiet=_passes("60x30", period=60),
        at=6,
        labels=SERVICE,
    ),
)
