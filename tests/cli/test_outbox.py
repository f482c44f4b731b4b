"""`unionflow outbox`: what a person sees of events that wait, and how they are tried again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.backend.outbox.conftest import made
from tests.backend.outbox.recording import record, rows_of
from tests.cli.running import environment, finish
from unionflow_backend.adapters.leases import Holder
from unionflow_backend.adapters.outbox.publisher import OutboxSettings, open_store
from unionflow_backend.core.outbox import SetAside, Settlement
from unionflow_backend.core.portion import MOST
from unionflow_cli.exits import ExitCode


async def _filled(url: str) -> str:
    database = await made(url)
    await record(database, "dakar", range(3))
    store = open_store(database, Holder("one"), OutboxSettings(keep_seconds=60))
    first, second, _ = await store.take(frozenset(), MOST)
    await store.settle(
        Settlement(sent=[first], set_aside=[SetAside(second.id, "MESSAGE_SIZE_TOO_LARGE: big")])
    )
    await store.let_go()
    await database.close()
    return second.id


async def _statuses(url: str) -> list[str]:
    database = await made(url)
    found = [row.status for row in await rows_of(database)]
    await database.close()
    return found


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path}/backend.db"
    return environment(tmp_path / "cache", UNIONFLOW_DATABASE_URL=url)


def test_rows_are_listed_and_one_that_was_set_aside_is_tried_again(
    environ: dict[str, str],
) -> None:
    url = environ["UNIONFLOW_DATABASE_URL"]
    aside = asyncio.run(_filled(url))
    listed = finish("outbox", "list", environ=environ)
    assert listed.returncode == ExitCode.OK, listed.stderr
    lines = listed.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0] == f"{aside}  set aside dakar KPI_UPDATED  MESSAGE_SIZE_TOO_LARGE: big"
    rows = json.loads(finish("outbox", "list", "--sent", "--json", environ=environ).stdout)["rows"]
    assert [row["status"] for row in rows] == ["SENT", "SET_ASIDE", "PENDING"]
    again = finish("outbox", "retry", aside, environ=environ)
    assert (again.returncode, again.stdout) == (ExitCode.OK, "1 events wait for Kafka again\n")
    assert asyncio.run(_statuses(url)) == ["SENT", "PENDING", "PENDING"]


def test_an_event_that_was_not_set_aside_is_an_error(environ: dict[str, str]) -> None:
    asyncio.run(_filled(environ["UNIONFLOW_DATABASE_URL"]))
    result = finish("outbox", "retry", "no-such-id", environ=environ)
    assert result.returncode == ExitCode.USAGE
    assert "error: no-such-id is no event that was set aside" in result.stderr


def test_a_database_that_is_not_there_is_said_so_and_not_made(
    environ: dict[str, str], tmp_path: Path
) -> None:
    result = finish("outbox", "list", environ=environ)
    assert result.returncode == ExitCode.UNAVAILABLE
    assert result.stderr.startswith("error: there is no database ")
    assert not (tmp_path / "backend.db").exists()
