"""Connects to the clients' own port, as a client does, to know whether one can.

Whatever would keep a client out keeps the probe out too: a listener that is gone, no descriptor
left, a loop that is late. Only limits do not: a relay that is full is not broken.
"""

from __future__ import annotations

import asyncio
import secrets

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from unionflow_relay.core.dialects import SUBPROTOCOL
from unionflow_runtime.core.readiness import Readiness

PERIOD_SECONDS = 5.0
RETRY_SECONDS = 0.25
DEADLINE_SECONDS = 2.0
FAILURES = 2  # in a row: a storm of clients may keep one probe waiting, and is no time to leave
HEADER = "x-unionflow-probe"
_FINE = 1000


class Probe:
    """One handshake every PERIOD_SECONDS, one at a time; its outcome is a reason of `readiness`.

    secret: what its requests carry, so that the door knows them and nobody else can be one.
    """

    def __init__(self, readiness: Readiness) -> None:
        self.secret = secrets.token_urlsafe(18)
        self._readiness = readiness
        self._failures = FAILURES - 1  # so that the very first says something

    async def run(self, url: str) -> None:
        """Probe for ever."""
        while True:
            await asyncio.sleep(RETRY_SECONDS if self._failures else PERIOD_SECONDS)
            await self.try_once(url)

    async def try_once(self, url: str) -> None:
        """One handshake, and what it says of readiness."""
        problem = await self._problem(url)
        self._failures = self._failures + 1 if problem else 0
        if not problem:
            self._readiness.clear("handshake")
        elif self._failures >= FAILURES:
            said = f"a handshake on the clients' port fails: {problem}"
            self._readiness.blame("handshake", said)

    async def _problem(self, url: str) -> str:
        """One handshake to its goodbye; empty when all is well."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._greet(url)
        except TimeoutError:
            return f"no answer within {DEADLINE_SECONDS:g} s"
        except InvalidHandshake as refused:
            return str(refused)
        except (OSError, WebSocketException) as error:
            return str(error) or type(error).__name__

    async def _greet(self, url: str) -> str:
        connecting = connect(
            url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={HEADER: self.secret},
            compression=None,
            proxy=None,
            user_agent_header=None,
            ping_interval=None,
            open_timeout=None,
            close_timeout=DEADLINE_SECONDS,
        )
        async with connecting as client:
            await client.wait_closed()
            code = client.close_code
            return "" if code == _FINE else f"it was closed with {code}"


def url_of(host: str, port: int, path: str) -> str:
    """By which a listener on `host` is reached from this machine."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # not bound
    return f"ws://{f'[{here}]' if ':' in here else here}:{port}{path}"
