"""The reference says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.files import ROOT
from tests.house.reference import PAGES, metrics_page
from tests.house.test_docs import read_page
from unionflow_events import CATALOGUE

WIRE = Path("docs/reference/wire.md")


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_written_from_the_code_is_up_to_date(path: Path) -> None:
    assert (ROOT / path).read_text() == PAGES[path](), "run: python -m tests.house.reference"


def test_the_wire_reference_names_every_topic_and_event_type_of_the_catalogue() -> None:
    topics = {topic.name for topic in CATALOGUE}
    event_types = {name for topic in CATALOGUE for name in topic.event_types}
    assert (topics | event_types) - set(read_page(WIRE).code) == set()


def test_every_label_of_a_metric_is_explained() -> None:
    metrics, _, labels = metrics_page().partition("## Values of labels")
    used = {name for row in metrics.splitlines() for name in re.findall(r"`(\w+)`", column(row, 3))}
    assert used - set(re.findall(r"^\| `(\w+)`", labels, re.MULTILINE)) == set()


def column(row: str, number: int) -> str:
    cells = row.split(" | ")
    return cells[number - 1] if len(cells) >= number else ""


@pytest.mark.parametrize(
    "metric",
    [
        "connections",
        "handshakes_total",
        "deliveries_total",
        "delivery_latency_seconds",
        "kafka_lag_records",
        "replays_total",
        "closes_total",
        "records_skipped_total",
        "ready",
    ],
)
def test_a_metric_that_dashboards_rely_on_is_there(metric: str) -> None:
    assert f"`unionflow_relay_{metric}`" in metrics_page()
