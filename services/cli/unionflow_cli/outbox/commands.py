"""`unionflow outbox list|retry`, on the database of the business services."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.adapters.outbox import looking
from unionflow_backend.adapters.outbox.looking import Row
from unionflow_backend.adapters.outbox.store import PENDING, SENT, SET_ASIDE
from unionflow_backend.errors import DatabaseUnavailable, InvalidDatabaseUrl
from unionflow_cli import terminal
from unionflow_cli.core.gist import one_line
from unionflow_cli.dev.stack import books
from unionflow_cli.errors import BadInput, Unavailable
from unionflow_events import rfc3339

VARIABLE = "UNIONFLOW_DATABASE_URL"

outbox_app = typer.Typer(
    help="Events that wait for Kafka, or that Kafka will never take.", no_args_is_help=True
)
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database", metavar="URL", help=f"Default {VARIABLE}, else that of `unionflow dev`."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@outbox_app.command("list")
def list_rows(
    database: DatabaseOption = None,
    sent: Annotated[
        bool, typer.Option("--sent", help="Sent ones too, while they are kept.")
    ] = False,
    most: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List events that wait or were set aside, the oldest first, with the reason."""
    statuses = [PENDING, SET_ASIDE, *([SENT] if sent else [])]
    rows = asyncio.run(_rows(_address(database), statuses, most))
    if as_json:
        terminal.write_data(json.dumps({"rows": [_fields(row) for row in rows]}))
        return
    console = terminal.output()
    for row in rows:
        terminal.line(console, _line(row))
    if not rows:
        terminal.line(console, Text("nothing waits, and nothing was set aside", style="quiet"))


@outbox_app.command("retry")
def retry_rows(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Of events that were set aside.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were set aside.")] = False,
    database: DatabaseOption = None,
    as_json: AsJson = False,
) -> None:
    """Let events that were set aside wait for Kafka again, once their reason is mended.

    They come after events of their organisation that are in Kafka already.
    """
    if bool(ids) == every:
        raise BadInput("name the events to try again, or --all", "unionflow outbox list shows them")
    tried = asyncio.run(_retry(_address(database), None if every else list(ids or ())))
    missing = sorted(set(ids or ()) - set(tried))
    if missing:
        raise BadInput(f"{missing[0]} is no event that was set aside", "unionflow outbox list")
    if as_json:
        terminal.write_data(json.dumps({"retried": list(tried)}))
        return
    terminal.line(terminal.output(), f"{len(tried)} events wait for Kafka again")


async def _rows(url: URL, statuses: Sequence[str], most: int) -> Sequence[Row]:
    async with _opened(url) as database:
        return await looking.rows(database, statuses, most)


async def _retry(url: URL, ids: Sequence[str] | None) -> Sequence[str]:
    async with _opened(url) as database:
        return await looking.retry(database, ids)


def _address(given: str | None) -> URL:
    """Of the database that was meant.

    Raises:
        BadInput: it is none. Unavailable: it is a file that is not there.
    """
    text = given or os.environ.get(VARIABLE)
    if not text:
        if not books().exists():
            raise BadInput(f"no database: name one by --database or {VARIABLE}")
        text = f"sqlite:///{books()}"
    try:
        url = database_url(text)
    except InvalidDatabaseUrl as problem:
        raise BadInput(f"--database {problem}") from problem
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise Unavailable(f"there is no database {url.database}")
    return url


@asynccontextmanager
async def _opened(url: URL) -> AsyncIterator[Database]:
    """Raises Unavailable where it does not answer, or has no outbox."""
    database = Database(url, lambda: time.time_ns() // 1_000_000)
    try:
        yield database
    except DatabaseUnavailable as problem:
        raise Unavailable(f"the database {url!r} does not answer: {problem}") from problem
    except SQLAlchemyError as problem:
        why = f"the database {url!r} has no outbox: {type(problem).__name__}"
        raise Unavailable(why, "`unionflow-backend migrate` brings it up to date") from problem
    finally:
        await database.close()


def _fields(row: Row) -> dict[str, object]:
    fields = asdict(row)
    for name in ("timestamp_ms", "settled_ms"):
        value = fields.pop(name)
        fields[name.removesuffix("_ms")] = None if value is None else rfc3339(value)
    return fields


def _line(row: Row) -> Text:
    style = {SET_ASIDE: "wrong", SENT: "quiet"}.get(row.status, "caution")
    why = row.reason or (f"tried {row.attempts} times" if row.attempts else "")
    return Text.assemble(
        (row.id, "name"),
        (f"  {row.status.lower().replace('_', ' '):<9} ", style),
        f"{one_line(row.lane)} {row.event_type}",
        (f"  {one_line(why)}" if why else "", "quiet"),
    )
