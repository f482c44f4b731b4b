"""A stream that cannot be read is told so once, and is not in the way of its own deletion."""

from __future__ import annotations

from typing import Any

from tests.operator.core.world import BEGINNING
from unionflow_operator.api.stream import FINALIZER
from unionflow_operator.core.invalid import plan_invalid
from unionflow_operator.core.plan import Emit, Plan, SetFinalizer

PROBLEMS = ("spec.topics[0].partitions: 0 should be greater than or equal to 1",)


def planned(source: dict[str, Any]) -> Plan:
    return plan_invalid(source, PROBLEMS, BEGINNING, 300)


def test_the_status_has_the_problem_and_is_written_once() -> None:
    source: dict[str, Any] = {"metadata": {"name": "x", "generation": 3}}
    status = planned(source).status
    assert status is not None
    told = {one.type: (one.status, one.reason, one.message) for one in status.conditions}
    assert told == {
        "Ready": ("False", "SpecInvalid", PROBLEMS[0]),
        "Degraded": ("True", "SpecInvalid", PROBLEMS[0]),
    }
    assert not planned({**source, "status": status.to_object()})


def test_what_is_on_record_stays() -> None:
    topics = [{"name": "audit", "topicName": "audit", "topicId": "x", "state": "Ready"}]
    status = planned({"metadata": {"generation": 1}, "status": {"topics": topics}}).status
    assert status is not None
    assert status.topics[0].topic_id == "x"


def test_it_can_be_deleted_and_what_is_left_behind_is_told() -> None:
    going = {"deletionTimestamp": "2026-11-24T08:00:00Z", "finalizers": [FINALIZER]}
    told, gone = planned({"metadata": going}).steps
    assert isinstance(told, Emit)
    assert "left behind" in told.message
    assert isinstance(gone, SetFinalizer)
    assert not gone.wanted
    assert not planned({"metadata": {**going, "finalizers": []}})
