"""The processes of both libraries' programs, and what they print, taken down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from tests.chaos.errors import AuditError
from tests.chaos.history import Range
from tests.chaos.libraries.patrons import Library, Life, Patron
from tests.chaos.stream import number_of
from tests.chaos.tokens import SECRET

ROOT = Path(__file__).parents[3]
TYPESCRIPT_ROOM = ROOT / "services" / "clients" / "typescript"
LINE_BYTES = 2**20
END_SECONDS = 10.0


def available() -> Sequence[Library]:
    """The libraries whose programs can run here: Node.js, or the client's tools, may be missing."""
    both = (Library.PYTHON, Library.TYPESCRIPT)
    has_tools = (TYPESCRIPT_ROOM / "node_modules" / "ws").is_dir()
    return both if has_tools and shutil.which("node") is not None else both[:1]


class Company:
    """All programs of one library, in one process. addresses: `front` and `streams`."""

    def __init__(self, library: Library, patrons: Sequence[Patron], lose: int = 0) -> None:
        self.patrons = patrons
        self._library = library
        self._lose = lose
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, addresses: Mapping[str, str]) -> None:
        """Start the process, and take down what it prints until it ends.

        Raises:
            AuditError: it ended before it was told to; with what it said last.
        """
        pipe = asyncio.subprocess.PIPE
        process = self._process = await asyncio.create_subprocess_exec(
            *_command(self._library),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=ROOT,
            limit=LINE_BYTES,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        cards = [patron.card(number) for number, patron in enumerate(self.patrons)]
        order = {**addresses, "secret": SECRET, "lose": self._lose, "clients": cards}
        process.stdin.write(json.dumps(order).encode() + b"\n")
        complaints = asyncio.create_task(process.stderr.read())
        try:
            while line := await process.stdout.readline():
                self._heard(orjson.loads(line))
            if not process.stdin.is_closing():
                said = (await complaints).decode(errors="replace")[-2_000:]
                raise AuditError(f"the programs of the {self._library} library ended: {said}")
        finally:
            complaints.cancel()
            await self._end(process)

    def stop(self) -> None:
        """Tell the process to leave."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        self.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    def _heard(self, said: list[Any]) -> None:
        number, kind, *what = said
        patron = self.patrons[number]
        match kind:
            case "life":
                patron.lives.append(Life())
            case "event":
                self._took(patron, what)
            case "reload":
                patron.ranges += [Range(*one) for one in what[0]]
            case "status":
                patron.state = what[0]
                if what[0] == "refused":
                    patron.faults.append(f"refused: {what[1]}")
            case _:
                patron.faults.append(f"{kind}: {what}")

    def _took(self, patron: Patron, what: list[Any]) -> None:
        id, event_type, organization, user, seal = what
        event = {"id": id, "eventType": event_type, "organizationId": organization}
        written = number_of({**event, "userId": user, "data": {"seal": seal}})
        if written is None:
            patron.faults.append(f"the content of {id} is not what was written")
        else:
            patron.lives[-1].numbers.append(written)


def _command(library: Library) -> Sequence[str]:
    if library is Library.PYTHON:
        return [sys.executable, "-m", "tests.chaos.libraries.python_patrons"]
    program = Path(__file__).with_name("typescript_patrons.mjs")
    return ["node", str(program), str(TYPESCRIPT_ROOM)]
