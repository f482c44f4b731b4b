"""The example program, as a reader would run it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.clients.python.scripted import Visit, event, relay, welcome
from tests.house.files import ROOT

EXAMPLE = ROOT / "services" / "clients" / "python" / "examples" / "watch.py"


async def test_it_prints_events_and_goes_on_where_it_was(tmp_path: Path) -> None:
    paths: list[str] = []

    async def script(visit: Visit) -> None:
        paths.append(visit.path)
        await visit.say(welcome(f"1~A:{len(paths)}"), event(str(len(paths))))
        await visit.say({"type": "recovered", "replayed": 0, "cursor": f"1~A:{len(paths) + 1}"})
        await visit.connection.close(1000, "enough")

    async with relay(script) as base:
        for run in (1, 2):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(EXAMPLE), base, "m"),
                env={**os.environ, "CURSOR": str(tmp_path / "cursor")},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            said, errors = await process.communicate()
            assert json.loads(said)["id"] == str(run)
            assert b"goodbye" in errors
    assert paths == ["/ws/dashboard?organization=m", "/ws/dashboard?organization=m&cursor=1~A:2"]
