"""What the dashboards and the rules ask is answered, by a real Prometheus of the real stack."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.monitoring.boards import BOARDS
from tests.monitoring.load import Watched
from tests.monitoring.questions import Shown, board, chosen, filled_in, panels, shown
from tests.monitoring.rules import records

# The first of them waits for the stack to start, and for its life.
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]
RATE_SECONDS = 10
NAMES = [one.file for one in BOARDS]
# What did not happen in the life that the test leads, and would be no reason to look at all.
QUIET: Mapping[str, str] = {
    "Farthest behind": "two relays of so few clients keep up with Kafka",
    "Behind Kafka": "as above",
    "Behind, by partition": "as above",
    "Waits of replays": "no client that catches up reads slowly",
    "Set aside": "every event is one that Kafka takes",
    "Failed requests": "no request is answered with 500 or more",
    "Oldest in the queue": "two streams never wait",
    "Handshakes tried": "an operator outside of the cluster tries one, in the first second",
    "The watch itself": "it began before the first scrape, and missed nothing",
}


def seen(watched: Watched, name: str) -> Iterator[Shown]:
    return shown(watched.prometheus, name, watched.begin, watched.end, RATE_SECONDS)


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_is_without_data(watched: Watched, name: str) -> None:
    assert [panel.title for panel in seen(watched, name) if not panel.lines] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_shows_more_than_nought_but_where_nothing_happened(
    watched: Watched, name: str
) -> None:
    flat = {
        panel.title
        for panel in seen(watched, name)
        if not any(math.isfinite(value) and value > 0 for _, value in points_of(panel))
    }
    assert flat - QUIET.keys() == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_offers_what_there_is_to_choose(watched: Watched, name: str) -> None:
    values = chosen(name, RATE_SECONDS)
    for variable in board(name)["templating"]["list"][1:]:
        inner = variable["definition"].removeprefix("label_values(").removesuffix(")")
        metric, _, label = inner.rpartition(", ")
        expr = f"last_over_time({filled_in(metric, values)}[10m])"
        offered = {series["metric"][label] for series in watched.prometheus.query(expr)}
        own = values[variable["name"]]
        wanted = f"{own}-relay" if variable["name"] == "stream" else own
        assert offered, variable["name"]
        assert any(re.fullmatch(wanted, one) for one in offered), offered


def test_every_rule_is_evaluated_without_an_error(watched: Watched) -> None:
    wrong = {
        rule["name"]: rule["lastError"]
        for rule in watched.prometheus.rules()
        if rule["health"] != "ok"
    }
    assert wrong == {}


@pytest.mark.parametrize("record", records())
def test_everything_that_is_recorded_has_data(watched: Watched, record: str) -> None:
    assert watched.prometheus.query(f"last_over_time({record}[10m])") != []


def test_an_alert_fires_for_what_happened_and_says_so(watched: Watched) -> None:
    (rule,) = (r for r in watched.prometheus.rules() if r["name"] == "UnionflowRecordsSkipped")
    said = {alert["annotations"]["summary"] for alert in rule["alerts"]}
    assert said == {"Records of prod/mutuelle-relay could be given to nobody (not_json)"}


@pytest.mark.parametrize("name", ["stream", "relay"])
def test_the_panel_of_latency_leads_to_the_traces_of_events(watched: Watched, name: str) -> None:
    (panel,) = (p for p in panels(board(name)) if p["title"] == "From producer to client")
    (first, *_) = (target for target in panel["targets"] if target["exemplar"])
    expr = filled_in(first["expr"], chosen(name, RATE_SECONDS))
    found = watched.prometheus.exemplars(expr, watched.begin, watched.end)
    assert {labels["trace_id"] for labels in found} & watched.traces


def points_of(panel: Shown) -> Iterator[tuple[float, float]]:
    for line in panel.lines:
        yield from line.points
