"""What a client does beside listening: get tokens, reload, keep the cursor."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from unionflow_client.core.effects import Range
from unionflow_client.errors import TokenUnavailable
from unionflow_client.stores import CursorStore

log = logging.getLogger("unionflow_client")

TOKEN_SECONDS = 30.0
Token = str | Callable[[], str | Awaitable[str]]
Reload = Callable[[Sequence[Range]], Awaitable[None]]


class Tasks:
    """Keeps tasks from being collected, and their errors from being silent."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside the others."""
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it beside the others; nobody waits for it."""
        void = self.start(coroutine)
        del void

    async def cancel_all(self) -> None:
        """End them all."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the client failed", exc_info=error)


async def fetch_token(token: Token) -> str:
    """The token to connect with.

    Raises:
        TokenUnavailable: its text says why, without the token.
    """
    try:
        async with asyncio.timeout(TOKEN_SECONDS):
            value = token() if callable(token) else token
            text = await value if inspect.isawaitable(value) else value
    except TimeoutError as problem:
        raise TokenUnavailable(f"no token within {TOKEN_SECONDS:.0f} s") from problem
    except Exception as problem:  # whatever the program's function raises
        raise TokenUnavailable(f"the token function failed: {problem!r}") from problem
    if type(text) is not str or not text or not all("!" <= sign <= "~" for sign in text):
        raise TokenUnavailable("the token function gave no token: printable ASCII is one")
    return text


async def reload_succeeded(reload: Reload, ranges: Sequence[Range], seconds: float) -> bool:
    """Call the program's reload. seconds: its deadline."""
    try:
        async with asyncio.timeout(seconds):
            await reload(ranges)
    except Exception:  # whatever the program's function raises
        log.warning("the reload failed, and will be called again", exc_info=True)
        return False
    return True


class StoreWriter:
    """Keeps the newest cursor, in a thread, one write at a time; the overtaken is not written."""

    def __init__(self, store: CursorStore, tasks: Tasks) -> None:
        self._store = store
        self._tasks = tasks
        self._wanted: list[str | None] = []  # at most one
        self._writing: asyncio.Task[None] | None = None

    def keep(self, cursor: str | None) -> None:
        """Soon."""
        self._wanted = [cursor]
        if self._writing is None or self._writing.done():
            self._writing = self._tasks.start(self._write())

    async def flush(self) -> None:
        """Return when all is written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        while self._wanted:
            cursor = self._wanted.pop()
            try:
                await asyncio.to_thread(self._store.save, cursor)
            except OSError as problem:
                log.warning("the cursor could not be kept: %s", problem)
