"""The adapter under test as a process: a line of JSON in, lines of JSON out."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from unionflow_cli.errors import BadInput, Crashed, Unavailable

MAX_LINE_BYTES = 8 * 1024 * 1024
LAST_LINES = 8
STOP_SECONDS = 5.0
Told = Mapping[str, Any]


class Pilot:
    """One adapter process. on_told: called with each line that it prints."""

    def __init__(self, process: asyncio.subprocess.Process, command: str) -> None:
        self.on_told: Callable[[Told], None] = lambda _told: None
        self._process = process
        self._command = command
        self._complaints: deque[str] = deque(maxlen=LAST_LINES)
        self._problem: Exception | None = None
        self._changed = asyncio.Event()

    def say(self, **command: Any) -> None:
        """Tell the adapter what to do."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(command).encode() + b"\n")

    def check(self) -> None:
        """Raises Crashed where the adapter has ended, BadInput where it printed no JSON."""
        if self._problem is not None:
            raise self._problem

    async def read(self) -> None:
        """Hear the adapter until it ends."""
        stdout = self._process.stdout
        while stdout is not None and (line := await stdout.readline()):
            told = _parsed(line)
            if told is None:
                self._problem = BadInput(
                    f"the adapter printed what is no JSON object: {line[:120]!r}",
                    "its standard output is for the conformance run alone; log to standard error",
                )
            else:
                self.on_told(told)
        await asyncio.sleep(0.1)  # for its last words
        details = tuple(self._complaints)
        self._problem = self._problem or Crashed(f"`{self._command}` ended", "", details)

    async def read_complaints(self) -> None:
        """Keep the last lines of its standard error."""
        stderr = self._process.stderr
        while stderr is not None and (line := await stderr.readline()):
            self._complaints.append(line.decode(errors="replace").rstrip())

    async def stop(self) -> None:
        """Close its input, and end it where that does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def piloted(command: Sequence[str]) -> AsyncIterator[Pilot]:
    """Start an adapter, and end it.

    Raises:
        Unavailable: it cannot be started.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=MAX_LINE_BYTES,
        )
    except OSError as problem:
        raise Unavailable(f"{command[0]} cannot be started: {problem.strerror}") from problem
    pilot = Pilot(process, " ".join(command))
    reading = [asyncio.create_task(pilot.read()), asyncio.create_task(pilot.read_complaints())]
    try:
        yield pilot
    finally:
        await pilot.stop()
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)


def _parsed(line: bytes) -> Told | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
