"""Histories of the operator."""

from __future__ import annotations

from tests.monitoring.alerts.case import Case, Series, series

SERVICE = {"namespace": "unionflow-system", "service": "unionflow-operator"}
POD = {**SERVICE, "pod": "one"}
OTHER = {**SERVICE, "pod": "two"}


def _of(metric: str, values: str, **labels: str) -> Series:
    return {series(f"unionflow_operator_{metric}", POD, **labels): values}


def _leaders(one: str, two: str) -> Series:
    return {
        series("unionflow_operator_leader", POD): one,
        series("unionflow_operator_leader", OTHER): two,
    }


def _looks(values: str, streams: int) -> Series:
    return {
        **_of("reconciles_total", values, result="converged"),
        **_of("streams", f"{streams}x60", ready="True"),
    }


def _answers(good: str, denied: str) -> Series:
    return {
        **_of("api_requests_total", good, verb="read", status="200"),
        **_of("api_requests_total", denied, verb="patch", status="403"),
    }


OPERATOR_CASES = (
    Case(
        "UnionflowOperatorNoLeader",
        fires=_leaders("1x3 0x27", "0x30"),
        quiet=_leaders("1x3 0x27", "0x4 1x26"),
        at=7,
        labels=SERVICE,
    ),
    Case(
        "UnionflowOperatorNotReconciling",
        fires=_looks("0+1x5 5x55", streams=3),
        quiet=_looks("0+1x5 5x55", streams=0),
        at=30,
        labels=SERVICE,
    ),
    Case(
        "UnionflowOperatorQueueOld",
        fires=_of("queue_age_seconds", "150x30"),
        quiet=_of("queue_age_seconds", "150x4 0x26"),
        at=6,
        labels=SERVICE,
        shown="2m 30s",
    ),
    Case(
        "UnionflowReconcilesFailing",
        fires=_of("reconciles_total", "0+1x60", result="failed"),
        quiet=_of("reconciles_total", "0+1x3 3x57", result="failed"),
        at=40,
        labels=SERVICE,
        shown="30",
    ),
    Case(
        "UnionflowStreamNotReady",
        fires=_of("streams", "2x30", ready="False"),
        quiet=_of("streams", "2x30", ready="True"),
        at=16,
        labels=SERVICE,
        shown="2",
    ),
    Case(
        "UnionflowOperatorApiErrors",
        fires=_answers("0+90x30", "0+10x30"),
        quiet=_answers("0+100x30", "0+1x30"),
        at=20,
        labels=SERVICE,
        shown="10%",
    ),
)
