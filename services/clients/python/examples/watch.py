# ruff: noqa: INP001  # a program to copy, and no package
"""Prints events, a line each, and goes on where it was: `python watch.py API [ORGANIZATION ...]`.

TOKEN is the token, CURSOR the file in which the cursor is kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence

from unionflow_client import Client, FileStore, Range


async def load_again(ranges: Sequence[Range]) -> None:
    """Events are gone for good: a program with state loads it anew here."""
    print("events are gone, load your state anew:", ranges, file=sys.stderr)  # noqa: T201  # its own voice


async def main(api: str, *organizations: str) -> None:
    """Print until it is interrupted, or refused."""
    file = os.environ.get("CURSOR")
    async with Client(
        api,
        organizations=organizations,
        token=os.environ.get("TOKEN"),
        store=FileStore(file) if file else None,
        reload=load_again,
    ) as client:
        async for event in client.events():
            print(json.dumps(event.raw), flush=True)  # noqa: T201  # its own voice


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
