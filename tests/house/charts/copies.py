"""Every file of the charts that is written from something else, by its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any, Final

import yaml

from tests.house.charts.page import Table, chart_page
from tests.house.charts.schema import schema_text
from tests.house.charts.values import Value, read_values
from tests.house.files import ROOT
from unionflow_operator.api.crd import definition_yaml

CHARTS: Final = Path("charts")
OPERATOR, STACK = CHARTS / "unionflow-operator", CHARTS / "unionflow"
_MONITORING: Final = Path("operator/unionflow_operator/monitoring")
_METADATA: Final = "metadata:\n"
_KEPT: Final = """\
metadata:
  labels:
    {{- include "unionflow-operator.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""
_RULE: Final = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: unionflow-operator
spec:
"""
Page = Callable[[], str]


def chart_files(notice: str, table: Table) -> Mapping[Path, Page]:
    """What each file is to hold."""
    pages: dict[Path, Page] = {OPERATOR / "templates/crd.yaml": definition_template}
    for chart in (OPERATOR, STACK):
        pages[chart / "values.schema.json"] = partial(_schema, chart)
        pages[chart / "README.md"] = partial(_readme, chart, notice, table)
    for target, source in monitoring_copies().items():
        pages[target] = partial(_text, source)
    pages[Path("manifests/monitoring/rules.yaml")] = _rule_of_operator
    return pages


def monitoring_copies() -> Mapping[Path, Path]:
    """The rules and dashboards that a chart brings, and where they come from."""
    dashboards = sorted((ROOT / _MONITORING / "dashboards").glob("*.json"))
    copies = {OPERATOR / "files/dashboards" / one.name: one for one in dashboards}
    for chart, name in ((OPERATOR, "operator"), (STACK, "backend")):
        rules = ROOT / _MONITORING / f"rules/{name}.yaml"
        copies[chart / "files/rules.yaml"] = rules
    return {target: source.relative_to(ROOT) for target, source in copies.items()}


def _rule_of_operator() -> str:
    """The operator's rules as the object that the Prometheus Operator takes."""
    rules = _text(_MONITORING / "rules/operator.yaml")
    return f"{_RULE}{indent(rules, '  ')}"


def definition_template() -> str:
    """The definition of UnionflowStream as a template of the operator's chart.

    Not in crds/: Helm never upgrades what lies there.
    """
    head, metadata, rest = definition_yaml().partition(_METADATA)
    notice, _, kind = head.partition("\n")
    assert metadata
    assert "{{" not in rest, "escape what Helm would take for its own"
    return f"{notice}\n{{{{- if .Values.crds.install }}}}\n{kind}{_KEPT}{rest}{{{{- end }}}}\n"


def _text(source: Path) -> str:
    return (ROOT / source).read_text()


def _values(chart: Path) -> Value:
    return read_values(_text(chart / "values.yaml"))


def _about(chart: Path) -> Mapping[str, Any]:
    about: dict[str, Any] = yaml.safe_load(_text(chart / "Chart.yaml"))
    return about


def _schema(chart: Path) -> str:
    return schema_text(_values(chart), f"Values of the chart {chart.name}")


def _readme(chart: Path, notice: str, table: Table) -> str:
    return chart_page(notice, _about(chart), _text(chart / "ABOUT.md"), _values(chart), table)
