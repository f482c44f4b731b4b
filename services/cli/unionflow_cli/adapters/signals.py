"""Ctrl-C and SIGTERM as one orderly end: the command's task is cancelled, once, and cleans up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_until_stopped(main: Coroutine[Any, Any, T]) -> T | None:
    """Run the coroutine; None where a signal ended it. A second signal hurries nothing.

    Closing down has deadlines of its own, and a cut in the midst of it would leave processes.
    """

    async def guarded() -> T | None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(main)
        stopped = False

        def stop() -> None:
            nonlocal stopped
            if not stopped:
                stopped = True
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            return await task
        except asyncio.CancelledError:
            if not stopped:
                raise
            return None

    return asyncio.run(guarded())


async def first_to_end(*works: Coroutine[Any, Any, None]) -> None:
    """Run all at once until the first ends or fails; then end the others and raise its error."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
