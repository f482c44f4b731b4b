"""The live view of `unionflow dev`: one calm page that fits a terminal of 80 by 24.

A page is a list of lines, each cut at the terminal's width; the newest events get the rows that are
left. Nothing jumps: figures keep their columns, and events move up one line at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from unionflow_cli.core.board import Board
from unionflow_cli.look import event_line

MARGIN = "  "
COLUMNS = (15, 13, 15)
MIN_EVENTS = 3
UNKNOWN = "..."


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are, and what a reader may type: all of it text to show."""

    page: str
    relay_url: str
    metrics_url: str
    api_url: str
    kafka: str
    data: str
    hints: Sequence[str]


class Page:
    """The view at one moment; it measures itself by the console that prints it."""

    def __init__(self, board: Board, place: Place, now: float) -> None:
        self._board = board
        self._place = place
        self._now = now

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines for the width and height that there are."""
        width = options.max_width
        for line in self.lines(width, options.height or options.size.height):
            line.truncate(width, overflow="ellipsis")
            line.no_wrap = True
            line.end = "\n"
            yield line

    def lines(self, width: int, height: int) -> list[Text]:
        """The page's lines, at most `height` - 1 of them where that leaves three events."""
        head = [*self._title(width), *self._places(), Text(), *self._figures(), Text()]
        foot = [Text(), _rule("try in another terminal", width), *self._hints()]
        rows = max(MIN_EVENTS, height - 1 - len(head) - 1 - len(foot))
        return [*head, _rule("newest events", width), *self._events(rows), *foot]

    def _title(self, width: int) -> list[Text]:
        seconds = int(self._now - self._board.started)
        up = f"up {seconds // 60}:{seconds % 60:02}"
        title = Text.assemble(MARGIN, ("UnionFlow Streams", "title"), " on this machine")
        title.append(" " * max(1, width - title.cell_len - len(up) - len(MARGIN)))
        title.append(up, style="quiet")
        return [title, Text()]

    def _places(self) -> list[Text]:
        figures = self._board.figures
        if self._board.trouble:
            state = (self._board.trouble, "caution")
        elif figures is None:
            state = ("", "quiet")
        else:
            state = ("ready", "good") if figures.ready else ("not ready", "caution")
        relay, kafka = self._place.relay_url, self._place.kafka
        return [
            Text.assemble(MARGIN, ("page   ", "quiet"), (self._place.page, "name")),
            Text.assemble(MARGIN, ("API    ", "quiet"), (self._place.api_url, "name")),
            Text.assemble(MARGIN, ("Kafka  ", "quiet"), (kafka, "name")),
            Text.assemble(MARGIN, ("relay  ", "quiet"), (relay, "name"), "  ", state),
        ]

    def _figures(self) -> list[Text]:
        board = self._board
        relay = board.figures
        latency = board.latency()
        values = (
            f"{relay.total_connections:,}" if relay else UNKNOWN,
            f"{board.rate(self._now):.1f}",
            f"{relay.deliveries:,}" if relay else UNKNOWN,
            str(latency) if latency else UNKNOWN,
        )
        names = ("connections", "events/s", "deliveries", "from request to screen")
        return [_in_columns(names, "quiet"), _in_columns(values, "title")]

    def _events(self, rows: int) -> list[Text]:
        newest = [Text(MARGIN) + event_line(event) for event in self._board.newest(rows)]
        if not newest:
            newest = [Text(f"{MARGIN}the first one is on its way", style="quiet")]
        return newest + [Text()] * (rows - len(newest))

    def _hints(self) -> list[Text]:
        lines = [Text(MARGIN + hint) for hint in self._place.hints]
        lines.append(Text.assemble(MARGIN, self._place.metrics_url))
        stop = Text.assemble(MARGIN, ("Ctrl-C", "title"), " stops everything")
        stop.append(f"; events stay in {self._place.data}", style="quiet")
        return [*lines, stop]


def _in_columns(cells: Sequence[str], style: str) -> Text:
    padded = [cell.ljust(width) for cell, width in zip(cells, (*COLUMNS, 0), strict=True)]
    return Text(MARGIN + "".join(padded), style=style)


def _rule(title: str, width: int) -> Text:
    line = Text(f"{MARGIN}{title} ", style="quiet")
    line.append("─" * max(0, width - line.cell_len - len(MARGIN)))
    return line
