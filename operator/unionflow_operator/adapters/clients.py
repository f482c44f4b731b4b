"""How many clients a stream's relays have: what each of them counts itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import aiohttp

TIMEOUT_SECONDS = 2.0
MAX_BYTES = 1024 * 1024
_CONNECTIONS = re.compile(rb"^unionflow_relay_connections(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


async def count_clients(session: aiohttp.ClientSession, addresses: Sequence[str]) -> int | None:
    """The sum over all relays; None where one of them does not tell.

    addresses: `host:port` of each relay's management side.
    """
    if not addresses:
        return None
    counts = await asyncio.gather(*(_connections(session, address) for address in addresses))
    told = [count for count in counts if count is not None]
    return sum(told) if len(told) == len(counts) else None


async def _connections(session: aiohttp.ClientSession, address: str) -> int | None:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async with session.get(f"http://{address}/metrics", allow_redirects=False) as answer:
                if answer.status != 200:
                    return None
                text = await answer.content.read(MAX_BYTES)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
    found = _CONNECTIONS.findall(text)
    return int(sum(float(number) for number in found)) if found else None
