"""The files fit together: dashboards, rules, pages of alerts, and the metrics that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.house.files import ROOT, repository_files
from tests.house.reference import metrics_page
from tests.monitoring.boards import BOARDS
from tests.monitoring.boards.grafana import text_of
from tests.monitoring.files import DASHBOARDS, PICTURES, RUNBOOKS
from tests.monitoring.questions import board, board_files, panels
from tests.monitoring.rules import Alert, alerts, records, rule_files
from unionflow_operator import monitoring

NAME = re.compile(r"\b(?:unionflow_(?:relay|backend|operator)|process)_\w+")
SELECTORS: Mapping[str, str] = {
    "stream.yaml": 'service=~".+-relay"',
    "backend.yaml": 'service=~".+-backend"',
    "operator.yaml": 'service=~".+-operator"',
}
# On no panel and in no rule, and why.
FOR_DEBUGGING: Mapping[str, str] = {
    "process_start_time_seconds": "says whether a process was started anew",
}


def documented() -> set[str]:
    """Every metric of docs/reference/metrics.md."""
    row = r"^\| `(\w+)` \| (?:counter|gauge|histogram)"
    return set(re.findall(row, metrics_page(), re.MULTILINE))


def plain(name: str, known: set[str]) -> str:
    """A series' metric: a histogram's is called otherwise."""
    return name if name in known else re.sub(r"_(bucket|sum|count)$", "", name)


def asked(texts: Iterator[str]) -> set[str]:
    known = documented()
    return {plain(name, known) for text in texts for name in NAME.findall(text)}


def of_panels() -> Iterator[str]:
    for file in board_files():
        for panel in panels(board(file.stem)):
            yield from (target["expr"] for target in panel["targets"])


def of_rules() -> Iterator[str]:
    yield from (alert.expr for alert in alerts())
    yield from records().values()


@pytest.mark.parametrize("one", BOARDS, ids=lambda one: str(one.file))
def test_a_dashboards_file_is_what_is_said_of_it_in_python(one: object) -> None:
    (found,) = (board_ for board_ in BOARDS if board_ is one)
    written = (ROOT / DASHBOARDS / f"{found.file}.json").read_text()
    assert written == text_of(found), "python -m tests.monitoring.boards writes them anew"


def test_every_dashboard_has_its_file_and_its_picture() -> None:
    names = sorted(one.file for one in BOARDS)
    assert [file.stem for file in board_files()] == names
    pictures = sorted(path.stem for path in (ROOT / PICTURES).glob("dashboard-*.svg"))
    assert pictures == [f"dashboard-{name}" for name in names]


def test_panels_and_rules_ask_for_metrics_that_there_are() -> None:
    assert asked(of_panels()) - documented() == set()
    assert asked(of_rules()) - documented() - asked_records() == set()


def asked_records() -> set[str]:
    """Names within those of recording rules, `stream:NAME:rate5m`."""
    return {name.split(":")[1] for name in records()}


def test_every_metric_is_on_a_panel_or_in_a_rule_or_said_to_be_for_debugging() -> None:
    shown = asked(of_panels()) | asked(of_rules())
    assert documented() - shown - FOR_DEBUGGING.keys() == set()
    assert FOR_DEBUGGING.keys() - documented() == set()


@pytest.mark.parametrize("file", board_files(), ids=lambda file: str(file.stem))
def test_every_panel_has_a_unit_a_description_and_a_place_of_its_own(file: Path) -> None:
    found = board(file.stem)
    places: set[tuple[int, int]] = set()
    for panel in panels(found):
        assert len(panel["description"]) > 6, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & places, panel["title"]
        places |= cells
    ids = [panel["id"] for panel in found["panels"]]
    assert len(set(ids)) == len(ids)
    assert found["schemaVersion"] >= 39
    assert found["uid"] == f"unionflow-{file.stem}"


@pytest.mark.parametrize("file", rule_files(), ids=lambda file: str(file.name))
def test_every_series_in_a_rule_can_be_narrowed_by_the_same_words(file: Path) -> None:
    text = "\n".join(
        line for line in file.read_text().splitlines() if not re.search(r"record:|^#", line)
    )
    series = re.findall(r"(?:\w+:)?(?:unionflow|process)_\w+(?::\w+)?(?=[{\s)\[])(.*)", text)
    assert len(series) > 10
    assert [rest for rest in series if not rest.startswith(f"{{{SELECTORS[file.name]}")] == []


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert.name))
def test_every_alert_says_what_is_wrong_where_to_look_and_which_page_to_open(alert: Alert) -> None:
    assert alert.severity in {"critical", "warning", "info"}
    assert len(alert.annotations["summary"]) > 20
    assert len(alert.annotations["description"]) > 40
    assert alert.annotations["runbook_url"] == f"{monitoring.RUNBOOKS}/{alert.name}.html"


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = {path.stem for path in repository_files(".md", under=str(RUNBOOKS))} - {"README"}
    assert pages == {alert.name for alert in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert.name))
def test_a_page_says_what_it_means_what_to_look_at_and_what_to_do(alert: Alert) -> None:
    page = (ROOT / RUNBOOKS / f"{alert.name}.md").read_text()
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    assert headings == [alert.name, "What it means", "What to look at", "What to do"]
    assert f"**{alert.severity.capitalize()}**" in page


def test_the_list_of_pages_has_every_alert() -> None:
    listed = re.findall(r"\((Unionflow\w+)\.md\)", (ROOT / RUNBOOKS / "README.md").read_text())
    assert sorted(listed) == sorted(alert.name for alert in alerts())
