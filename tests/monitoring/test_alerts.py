"""Every alert fires when it should, is silent when it should, and says something true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.alerts import CASES
from tests.monitoring.alerts.case import Case, Series
from tests.monitoring.rules import Alert, alerts, rule_files
from tests.support.prometheus import Promtool

ALERTS: Mapping[str, Alert] = {alert.name: alert for alert in alerts()}
VALUE = re.compile(r"\{\{ \$value \| \w+ \}\}")


def rendered(text: str, case: Case) -> str:
    """An annotation as Prometheus is to fill it in; a place left unfilled is a failure."""
    for name, value in case.labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", value)
    if case.shown:
        text = VALUE.sub(case.shown, text)
    assert "{{" not in text, text
    return text


def history(what: str, of: Series, case: Case, minutes: int, *, fires: bool) -> dict[str, Any]:
    alert = ALERTS[case.alert]
    expected = {
        "exp_labels": {**case.labels, "severity": alert.severity},
        "exp_annotations": {n: rendered(t, case) for n, t in alert.annotations.items()},
    }
    return {
        "name": what,
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in of.items()],
        "alert_rule_test": [
            {
                "eval_time": f"{minutes}m",
                "alertname": case.alert,
                "exp_alerts": [expected] if fires else [],
            }
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.alert))
def test_an_alert_fires_where_it_should_and_nowhere_else(
    case: Case, promtool: Promtool, tmp_path: Path
) -> None:
    alert = ALERTS[case.alert]
    histories = [
        history("fires", case.fires, case, case.at, fires=True),
        history("quiet", case.quiet, case, case.at, fires=False),
    ]
    if alert.waits:
        histories.append(history("not at once", case.fires, case, alert.waits - 1, fires=False))
    written = tmp_path / "test.yaml"
    written.write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(alert.file)],
                "evaluation_interval": "1m",
                "tests": histories,
            }
        )
    )
    content, said = promtool.run("test", "rules", str(written))
    assert content, said


def test_every_alert_has_such_a_case() -> None:
    assert sorted(case.alert for case in CASES) == sorted(ALERTS)


@pytest.mark.parametrize("file", rule_files(), ids=lambda file: str(file.name))
def test_prometheus_takes_the_rules(file: Path, promtool: Promtool) -> None:
    content, said = promtool.run("check", "rules", "--lint=all", "--lint-fatal", str(file))
    assert content, said


def test_an_alert_fires_too_where_there_is_nothing_left_to_scrape(
    promtool: Promtool, tmp_path: Path
) -> None:
    gone = {
        "UnionflowClientsNotServed": "stream.yaml",
        "UnionflowBackendNotReady": "backend.yaml",
        "UnionflowOperatorNoLeader": "operator.yaml",
    }
    for name, file in gone.items():
        (path,) = (path for path in rule_files() if path.name == file)
        written = tmp_path / file
        ask = {
            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})',
            "eval_time": "5m",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        test = {"interval": "1m", "input_series": [], "promql_expr_test": [ask]}
        written.write_text(yaml.safe_dump({"rule_files": [str(path)], "tests": [test]}))
        content, said = promtool.run("test", "rules", str(written))
        assert content, said
