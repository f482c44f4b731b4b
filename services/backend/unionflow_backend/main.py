"""`python -m unionflow_backend` and `unionflow-backend`: read the settings and start."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from unionflow_backend.adapters.database.migrating import migrate
from unionflow_backend.adapters.database.work import Database
from unionflow_backend.app import Backend, application_of
from unionflow_backend.demo.seed import seed
from unionflow_backend.errors import DatabaseUnavailable
from unionflow_backend.settings import Settings, read_configuration, read_settings
from unionflow_runtime.adapters.logs import configure_logs
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.program import run_program
from unionflow_runtime.settings import described_settings

_ABOUT = {
    "serve": "Members, contributions, approvals, notifications; and their events. Also: "
    "`unionflow-backend migrate` brings the database up to date, `unionflow-backend demo` puts "
    "societies to look at into it, `unionflow-backend openapi` writes the API's OpenAPI document.",
    "migrate": "Brings the database up to date, and says which steps it took.",
    "demo": "Brings the database up to date, and puts three societies with months of history into "
    "it where they are missing: for a look around, and no real installation.",
    "openapi": "Writes the API's OpenAPI document to standard output.",
}


def main(
    arguments: Sequence[str] | None = None, program: str = "python -m unionflow_backend"
) -> int:
    """Do what the first argument says; without one, serve until SIGTERM or SIGINT.

    Returns 0, or 2 when a setting is missing or wrong.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given.pop(0) if given and given[0] in _ABOUT else "serve"
    starts = {"serve": _serve, "migrate": _migrate, "demo": _demo, "openapi": _openapi}
    name = program if command == "serve" else f"{program} {command}"
    settings = described_settings(Settings, kafka=command == "serve")
    return run_program(name, _ABOUT[command], settings, starts[command], given)


def main_script() -> int:
    """`unionflow-backend`."""
    return main(program="unionflow-backend")


def _serve() -> Coroutine[Any, Any, None]:
    configuration = read_configuration(os.environ)
    configure_logs(configuration.settings.log_format, configuration.settings.log_level)
    return Backend(configuration).run()


async def _migrate() -> None:
    async with _database() as database:
        steps = await migrate(database.engine)
    sys.stdout.write("".join(f"{step}\n" for step in steps) or "up to date\n")


async def _demo() -> None:
    async with _database() as database:
        await migrate(database.engine)
        added = await seed(database)
    sys.stdout.write(f"{added} societies added\n")


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    """The database of the settings, for one command."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_format, settings.log_level)
    database = Database(settings.database_url, lambda: time.time_ns() // 1_000_000)
    try:
        yield database
    except (DatabaseUnavailable, SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise SettingsError(f"UNIONFLOW_DATABASE_URL: the database refuses: {reason}") from None
    finally:
        await database.close()


async def _openapi() -> None:
    document = application_of(read_settings(os.environ)).openapi()
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
