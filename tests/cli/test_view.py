"""The live view of `unionflow dev`: it fits 80 columns and 24 rows, whatever passes through it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from unionflow_cli.core.board import Board
from unionflow_cli.core.exposition import RelayFigures, parse_figures
from unionflow_cli.dev.view import Page, Place
from unionflow_cli.terminal import THEME

PLACE = Place(
    page="http://127.0.0.1:8080/",
    relay_url="ws://127.0.0.1:8085/ws/dashboard",
    metrics_url="http://127.0.0.1:9085/metrics",
    api_url="http://127.0.0.1:8080/docs",
    kafka="127.0.0.1:9092",
    data="~/.cache/unionflow/dev",
    hints=("unionflow watch --organization mutuelle-dakar", "unionflow publish KPI_UPDATED"),
)


def event(number: int, organization: str = "mutuelle-abidjan", text: str = "") -> Mapping[str, Any]:
    return {
        "id": str(number),
        "eventType": "DASHBOARD_STATS_UPDATED",
        "timestamp": "2026-11-24T12:00:00.000Z",
        "organizationId": organization,
        "data": {"id": str(number), "text": text or f"number {number}"},
    }


def busy_board(**fields: Any) -> Board:
    board = Board(0.0)
    board.figures = RelayFigures({"plain": 1, "unionflow.v1": 4}, 12_345, ready=True)
    for number in range(50):
        board.on_event(event(number, **fields), number / 10)
        board.on_caused(f"DASHBOARD_STATS_UPDATED {number}", number / 10 - 0.004)
    return board


def render(board: Board, width: int = 80, height: int = 24) -> list[str]:
    console = Console(
        record=True,
        width=width,
        height=height,
        file=io.StringIO(),
        theme=THEME,
        legacy_windows=False,
    )
    console.print(Page(board, PLACE, now=65.0))
    return console.export_text().splitlines()


def test_it_fills_a_terminal_of_80_by_24_and_no_more() -> None:
    lines = render(busy_board())
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) == 23


@pytest.mark.parametrize(
    "fields",
    [
        {"organization": "an-organisation-with-a-name-that-is-far-too-long-for-its-column" * 3},
        {"text": "long " * 100},
        {"text": "積立金が支払われました" * 20},
        {"text": "\x1b[2J\x1b[10;10H" * 20},
    ],
)
def test_nothing_that_passes_breaks_its_width(fields: dict[str, str]) -> None:
    lines = render(busy_board(**fields))
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) == 23
    assert not any("\x1b" in line for line in lines)


def test_trouble_with_kafka_does_not_break_its_width() -> None:
    board = busy_board()
    board.trouble = "publishing: event 01a20f53 waited 10 s for a connection to Kafka " * 3
    assert max(map(cell_len, render(board))) <= 80


@pytest.mark.parametrize("width", [40, 60, 132, 250])
def test_it_adapts_to_the_width_that_there_is(width: int) -> None:
    assert max(map(cell_len, render(busy_board(), width=width))) <= width


def test_a_taller_terminal_shows_more_events() -> None:
    shown = [sum("number" in line for line in render(busy_board(), height=h)) for h in (24, 40)]
    assert shown == [6, 22]


def test_the_newest_event_is_the_last_of_the_list() -> None:
    events = [line for line in render(busy_board()) if "number" in line]
    assert events[-1].rstrip().endswith("number=49") or "number 49" in events[-1]


def test_figures_stand_under_their_names() -> None:
    lines = render(busy_board())
    names = next(line for line in lines if "connections" in line)
    values = lines[lines.index(names) + 1]
    assert values[names.index("connections") :].startswith("5 ")
    assert values[names.index("deliveries") :].startswith("12,345")
    assert values[names.index("from request") :].startswith("p50 4.0 ms, p99 4.0 ms")


def test_before_the_first_figure_it_says_that_it_waits() -> None:
    lines = render(Board(60.0))
    assert any("the first one is on its way" in line for line in lines)
    assert max(map(cell_len, lines)) <= 80


def test_it_says_where_to_look_what_to_type_and_how_to_stop() -> None:
    text = "\n".join(render(busy_board()))
    for part in (
        PLACE.page,
        PLACE.relay_url,
        PLACE.metrics_url,
        PLACE.api_url,
        PLACE.kafka,
        *PLACE.hints,
        "Ctrl-C stops",
    ):
        assert part in text


def test_a_relay_that_is_not_ready_is_said_to_be_so() -> None:
    board = busy_board()
    board.figures = RelayFigures({}, 0, ready=False)
    assert any("not ready" in line for line in render(board))


def test_events_per_second_are_those_of_the_last_ten() -> None:
    board = Board(0.0)
    for number in range(40):
        board.on_event(event(number), number / 2)
    assert board.rate(20.0) == pytest.approx(2.0, abs=0.11)
    assert board.rate(100.0) == 0


def test_figures_are_read_from_prometheus_text() -> None:
    text = """# TYPE unionflow_relay_connections gauge
unionflow_relay_connections{dialect="plain"} 2.0
unionflow_relay_connections{dialect="unionflow.v1"} 3.0
# TYPE unionflow_relay_deliveries_total counter
unionflow_relay_deliveries_total{event_type="KPI_UPDATED"} 10.0
unionflow_relay_deliveries_total{event_type="other"} 5.0
# TYPE unionflow_relay_ready gauge
unionflow_relay_ready 1.0
"""
    figures = parse_figures(text)
    assert figures == RelayFigures({"plain": 2, "unionflow.v1": 3}, 15, ready=True)
    assert figures.total_connections == 5
