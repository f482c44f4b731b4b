"""Killed with -9 at random points, the backend has lost nothing and invented nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backend.kills.audit import Committed, audit
from tests.backend.kills.run import Place, run_kills
from tests.support.kafka import Kafka
from unionflow_backend.core.portion import LEAST
from unionflow_events import TopicNames


@pytest.mark.parametrize(
    ("kind", "points"),
    [pytest.param("postgres", 10, marks=pytest.mark.postgres), ("sqlite", 5)],
)
async def test_what_was_committed_lies_in_kafka_whenever_it_was_killed(
    request: pytest.FixtureRequest,
    kind: str,
    points: int,
    kafka: Kafka,
    topic_prefix: str,
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/backend.db"
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
    topics = TopicNames.from_entries(prefix=topic_prefix)
    place = Place(url, kafka.bootstrap_servers, topics, tmp_path)
    finding, workload = await run_kills(place, points, number=7)
    assert finding.faults == []
    # A kill repeats what was published since the last mark, which is one round at most; and such
    # a round is short, since a process that has just begun takes few rows.
    assert finding.repeats <= points * LEAST
    assert finding.committed > 25
    assert len(workload.answered) > 10


def event(id: str, text: str = "") -> dict[str, str]:
    return {"id": id, "text": text}


ROWS = [Committed(str(n), "dakar", n, "MEMBER_CREATED") for n in (1, 2, 3)]
SUBJECTS = {str(n): f"m-{n}" for n in (1, 2, 3)}


@pytest.mark.parametrize(
    ("events", "answered", "fault"),
    [
        ([event("1"), event("2"), event("3")], {"m-3": "MEMBER_CREATED"}, None),
        ([event("1"), event("2"), event("1"), event("2"), event("3")], {}, None),
        ([event("1"), event("3")], {}, "lost: dakar 2"),
        ([event("1"), event("2"), event("3"), event("4")], {}, "invented: 4"),
        ([event("2"), event("1"), event("3")], {}, "disordered: t-0: dakar 1 after 2"),
        ([event("1"), event("2"), event("1", "other"), event("3")], {}, "altered: 1"),
        (
            [event("1"), event("2"), event("3")],
            {"m-9": "MEMBER_CREATED"},
            "answered and not committed: MEMBER_CREATED m-9",
        ),
    ],
)
def test_the_audit_finds_each_fault_and_no_other(
    events: list[dict[str, str]], answered: dict[str, str], fault: str | None
) -> None:
    finding = audit(ROWS, {"t-0": events}, answered, SUBJECTS)
    assert finding.faults == ([] if fault is None else [fault])
