"""`unionflow dev` once everything runs: bots, clients, the relay's figures, and a view of it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.live import Live
from rich.text import Text

from unionflow_cli import terminal
from unionflow_cli.adapters.listener import Listener
from unionflow_cli.adapters.signals import first_to_end
from unionflow_cli.core.board import Board
from unionflow_cli.core.endpoint import DEFAULT_URL, with_query
from unionflow_cli.core.exposition import parse_figures
from unionflow_cli.core.latency import Percentiles
from unionflow_cli.core.samples import SOCIETIES
from unionflow_cli.core.testimony import Frame
from unionflow_cli.core.trial import Dialect
from unionflow_cli.core.visit import HOW_TO_BUILD
from unionflow_cli.dev.page import visit
from unionflow_cli.dev.stack import Stack, folder
from unionflow_cli.dev.view import Page, Place
from unionflow_cli.dev.work import let_bots_work
from unionflow_cli.look import event_line

FIGURES_SECONDS = 1.0
VIEW_SECONDS = 0.25
SUMMARY_SECONDS = 10.0
DEFAULT_SERVERS = "127.0.0.1:9092"


async def show(stack: Stack) -> None:
    """Bots and view until cancelled. Raises Crashed when what was started has ended."""
    board = Board(time.monotonic())
    console = terminal.output()
    page = f"{stack.backend.url}/"
    seen = await visit(page)
    place = _place(stack, page if seen.is_built else f"not built: `{HOW_TO_BUILD}`, then again")
    lines = not terminal.is_terminal(console)
    listeners = _listeners(stack.relay.url, board, console if lines else None)
    shown = _summaries(console, board, place) if lines else _page(console, board, place)
    try:
        await first_to_end(
            stack.watch(),
            _bots(stack.backend.api_url, board, listeners[0]),
            _read_figures(stack.relay.management_url, board),
            *(listener.run() for listener in listeners),
            shown,
        )
    finally:
        terminal.line(terminal.messages(), _summary(board, time.monotonic()))


def _listeners(url: str, board: Board, lines_to: Console | None) -> Sequence[Listener]:
    """Clients as in life: dashboards of three societies, a phone, and one that sees all."""

    def on_all(frame: Frame) -> None:
        body = json.loads(frame.text)
        if body.get("type") != "event":
            return
        board.on_event(body["event"], frame.at)
        if lines_to is not None:
            terminal.line(lines_to, event_line(body["event"]))

    def ignore(_frame: Frame) -> None:
        """It is enough that the relay delivers to them."""

    member = SOCIETIES[0].members[0].id
    phone = with_query(url, organizations=[SOCIETIES[0].id], user=member)
    return [
        Listener(url, Dialect.V1, on_all),
        *(
            Listener(with_query(url, organizations=[society.id]), Dialect.V1, ignore)
            for society in SOCIETIES
        ),
        Listener(phone, Dialect.PLAIN, ignore),
    ]


async def _bots(api_url: str, board: Board, all_seeing: Listener) -> None:
    """Begin when somebody looks, so that the first event is seen as well."""
    await all_seeing.opened.wait()
    await let_bots_work(api_url, board)


async def _read_figures(management_url: str, board: Board) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
        while True:
            try:
                answer = await client.get(f"{management_url}/metrics")
                board.figures = parse_figures(answer.text)
            except (httpx.HTTPError, ValueError):
                board.figures = None
            await asyncio.sleep(FIGURES_SECONDS)


async def _page(console: Console, board: Board, place: Place) -> None:
    page = Page(board, place, time.monotonic())
    with Live(page, console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(Page(board, place, time.monotonic()), refresh=True)
            await asyncio.sleep(VIEW_SECONDS)


async def _summaries(console: Console, board: Board, place: Place) -> None:
    for hint in (*place.hints, place.metrics_url):
        terminal.line(console, f"try:  {hint}")
    terminal.line(console, f"stop: Ctrl-C, or SIGTERM to process {os.getpid()}")
    terminal.line(console, f"page: {place.page}")
    while True:
        await asyncio.sleep(SUMMARY_SECONDS)
        terminal.line(console, _figures_line(board, time.monotonic()))


def _figures_line(board: Board, now: float) -> str:
    relay = board.figures
    connections = f"{relay.total_connections} connections, " if relay else ""
    trouble = f"; {board.trouble}" if board.trouble else ""
    rate = f"{board.rate(now):.1f} events/s, request to screen {_latency(board.latency())}"
    return f"-- {connections}{rate}{trouble}"


def _summary(board: Board, now: float) -> Text:
    seconds = int(now - board.started)
    told = f"{board.events} events in {seconds // 60}:{seconds % 60:02}"
    return Text(f"{told}, request to screen {_latency(board.latency())}", style="quiet")


def _latency(measured: Percentiles | None) -> str:
    return str(measured) if measured else "not measured"


def _place(stack: Stack, page: str) -> Place:
    """What to type, without options where the defaults are right. page: where it is, or why not."""
    command = _command()
    watch = f"{command} watch --organization {SOCIETIES[0].id}"
    if stack.relay.url != DEFAULT_URL:
        watch += f" --url 127.0.0.1:{stack.relay.port}"
    publish = f"{command} publish BROADCAST_NOTIFICATION"
    data = """--data '{"title": "Hello"}'"""
    typed: tuple[str, ...] = (f"{publish} {data}",)
    if stack.bootstrap_servers != DEFAULT_SERVERS:
        typed = (f"{publish} \\", f"    {data} --bootstrap-servers {stack.bootstrap_servers}")
    return Place(
        page=page,
        relay_url=stack.relay.url,
        metrics_url=f"{stack.relay.management_url}/metrics",
        api_url=f"{stack.backend.url}/docs",
        kafka=stack.bootstrap_servers,
        data=_short(folder()),
        hints=(watch, *typed),
    )


def _command() -> str:
    """`unionflow` as it can be typed here: in a virtual environment that is not active, by path."""
    beside = Path(sys.executable).with_name("unionflow")
    found = shutil.which("unionflow")
    if found is not None or not beside.exists():
        return "unionflow"
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
