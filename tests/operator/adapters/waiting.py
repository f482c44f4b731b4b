"""Waits for what others bring about: a broker's metadata, a relay that is starting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

SECONDS = 20.0
POLL_SECONDS = 0.05


async def eventually(what: str, look: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so; an AssertionError after SECONDS."""
    for _ in range(int(SECONDS / POLL_SECONDS)):
        if await look():
            return
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError(f"not within {SECONDS} s: {what}")
