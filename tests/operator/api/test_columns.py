"""The status: what `kubectl get ufs` shows of it, and that it comes back as it was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.operator.api.objects import Object, create, path, stream
from tests.support.apiserver import ApiServer
from unionflow_operator.api.status import (
    Condition,
    ConditionType,
    RelaysStatus,
    StreamStatus,
    TopicOrigin,
    TopicState,
    TopicStatus,
    Truth,
)
from unionflow_operator.api.stream import parse_status, parse_stream

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
HEAD = ["NAME", "READY", "RELAYS", "TOPICS", "CLIENTS", "REASON", "AGE"]


def status() -> StreamStatus:
    """With every field set."""
    conditions = tuple(
        Condition(
            type=kind,
            status=Truth.TRUE,
            observed_generation=1,
            last_transition_time=NOW,
            reason="Serving",
            message="Clients can connect.",
        )
        for kind in ConditionType
    )
    topics = tuple(
        TopicStatus(
            name=f"topic-{state}",
            topic_name=f"prod.topic-{state}",
            topic_id="q3Zk1PfAQ2y0aVb7c8d9eA",
            origin=TopicOrigin.CREATED,
            state=state,
            partitions=6,
            message="As it is to be.",
        )
        for state in TopicState
    )
    return StreamStatus(
        observed_generation=1,
        conditions=conditions,
        topics=topics,
        relays=RelaysStatus(ready=2, wanted=3, current=3, updated=1),
        relays_ready="2/3",
        topics_ready="5/5",
        clients=1234,
        clients_time=NOW,
        pending_plan=("create topic audit: 6 partitions",),
        url="wss://api.mutuelle.example/ws/dashboard",
    )


def write_status(apiserver: ApiServer, namespace: str, written: Object) -> Object:
    """Server-side, as the operator does; the whole object as it comes back."""
    body = {**stream(), "status": written}
    del body["spec"]
    answer = apiserver.client.patch(
        f"{path(namespace, 'mutuelle')}/status",
        json=body,
        params={"fieldManager": "unionflow-operator", "force": "true", "fieldValidation": "Strict"},
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    assert answer.is_success, answer.text
    served: Object = answer.json()
    return served


def shown(apiserver: ApiServer, namespace: str) -> list[list[str]]:
    table = apiserver.kubectl("get", "ufs", "-n", namespace).stdout
    return [line.split() for line in table.splitlines()]


def test_a_stream_that_nobody_has_looked_at_has_empty_columns(
    apiserver: ApiServer, namespace: str
) -> None:
    create(apiserver.client, namespace, stream())
    head, row = shown(apiserver, namespace)
    assert (head, row[0], len(row)) == (HEAD, "mutuelle", 2)


def test_the_columns_show_what_the_status_says(apiserver: ApiServer, namespace: str) -> None:
    create(apiserver.client, namespace, stream())
    write_status(apiserver, namespace, status().to_object())
    head, row = shown(apiserver, namespace)
    assert head == HEAD
    assert row[:6] == ["mutuelle", "True", "2/3", "5/5", "1234", "Serving"]


def test_a_status_comes_back_as_it_was_written(apiserver: ApiServer, namespace: str) -> None:
    create(apiserver.client, namespace, stream())
    served = write_status(apiserver, namespace, status().to_object())
    assert served["status"] == status().to_object()
    assert parse_stream(served).status == status()


def test_an_empty_status_comes_back_too(apiserver: ApiServer, namespace: str) -> None:
    create(apiserver.client, namespace, stream())
    served = write_status(apiserver, namespace, StreamStatus().to_object())
    assert parse_stream(served).status == StreamStatus()


@pytest.mark.parametrize("written", [None, {}, "nonsense", {"topics": 3}, {"unheard": "of"}])
def test_a_status_that_cannot_be_read_counts_as_empty(written: object) -> None:
    assert parse_status(written) == StreamStatus()


def test_conditions_are_found_by_their_type() -> None:
    found = status().condition(ConditionType.EXPOSED)
    assert found is not None
    assert found.type is ConditionType.EXPOSED
    assert StreamStatus().condition(ConditionType.READY) is None
