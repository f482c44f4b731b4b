"""What Grafana 11 and 12 want of a dashboard, made from what people say of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.monitoring.boards.model import RATE, Board, Kind, Panel, Query, Style, Variable

SCHEMA: Final = 39  # Grafana 11's; 12 reads it as it is
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
STAT_HEIGHT, LINES_HEIGHT, WIDTH = 4, 8, 24


def dashboard(board: Board) -> dict[str, Any]:
    """A board as Grafana reads it."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["unionflow"],
        "timezone": "browser",
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "links": [_links()],
        "templating": {"list": [_source(), *map(_variable, board.variables)]},
        "annotations": {"list": []},
        "panels": list(_panels(board)),
    }


def text_of(board: Board) -> str:
    """The file."""
    return json.dumps(dashboard(board), indent=1, ensure_ascii=False) + "\n"


def _links() -> dict[str, Any]:
    return {
        "title": "UnionFlow",
        "tooltip": "Other dashboards, with the same choice and time",
        "type": "dashboards",
        "icon": "external link",
        "targetBlank": False,
        "tags": ["unionflow"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }


def _source() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
    }


def _variable(variable: Variable) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": SOURCE,
        "definition": variable.query,
        "query": {"query": variable.query, "refId": variable.name},
        "regex": variable.regex,
        "refresh": 2,
        "sort": 1,
    }
    if variable.every:
        made |= {
            "multi": True,
            "includeAll": True,
            "allValue": variable.every,
            "current": {"text": "All", "value": "$__all"},
        }
    return made


def _panels(board: Board) -> Iterator[dict[str, Any]]:
    number, top = 0, 0
    for row in board.rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
            "panels": [],
        }
        top += 1
        left = height = 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                left, top = 0, top + height
            height = STAT_HEIGHT if panel.kind is Kind.STAT else LINES_HEIGHT
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": height}
            yield _panel(board, panel, number, place)
            left += panel.width
        top += height


def _panel(board: Board, panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    said = f"{panel.description} {panel.may_be_empty}".strip()
    return {
        "id": number,
        "title": panel.title,
        "description": said,
        "type": panel.kind.value,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _field(panel), "overrides": list(_overrides(panel))},
        "options": _options(panel),
        "targets": [
            _target(board, query, letter)
            for query, letter in zip(panel.queries, "ABCDEFGH", strict=False)
        ],
    }


def _field(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": panel.base, "value": None}]
    steps += [{"color": limit.colour, "value": limit.value} for limit in panel.thresholds]
    field: dict[str, Any] = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.most is not None:
        field["max"] = panel.most
    if panel.kind is Kind.STAT:
        return field | {"color": {"mode": "thresholds"}}
    return field | {
        "color": {"mode": "palette-classic"},
        "custom": {
            "drawStyle": "bars" if panel.style is Style.BARS else "line",
            "lineWidth": 1,
            "fillOpacity": {Style.LINES: 8, Style.STACK: 30, Style.BARS: 70}[panel.style],
            "showPoints": "never",
            "stacking": {
                "mode": "none" if panel.style is Style.LINES else "normal",
                "group": "A",
            },
            "thresholdsStyle": {"mode": "dashed" if panel.thresholds else "off"},
        },
    }


def _overrides(panel: Panel) -> Iterator[dict[str, Any]]:
    for name, colour in panel.colours.items():
        yield _of_series(name, ("color", {"mode": "fixed", "fixedColor": colour}))
    for query in panel.queries:
        if query.limit:
            yield _of_series(
                query.legend,
                ("color", {"mode": "fixed", "fixedColor": "red"}),
                ("custom.fillOpacity", 0),
                ("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
            )


def _of_series(name: str, *properties: tuple[str, object]) -> dict[str, Any]:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": id, "value": value} for id, value in properties],
    }


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind is Kind.STAT:
        return {
            "colorMode": "value",
            "graphMode": "area",
            "textMode": "value",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    return {
        "legend": {
            "displayMode": "list",
            "placement": "bottom",
            "showLegend": True,
            "calcs": ["lastNotNull", "max"],
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _target(board: Board, query: Query, letter: str) -> dict[str, Any]:
    target: dict[str, Any] = {
        "refId": letter,
        "datasource": SOURCE,
        "expr": query.expr.replace("@", board.labels).replace("[r]", RATE),
        "legendFormat": query.legend,
        "range": True,
    }
    return target | {"exemplar": True} if query.exemplars else target
