"""Connects to a stream as a client does: through its Service, to the first answer of a relay.

Without a token: where tokens are wanted, a relay that works closes with 4401. Only that the relay
answers is asked; what it answers is not kept.
"""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from unionflow_operator.core.observed import Answer, Handshake

SUBPROTOCOL = Subprotocol("unionflow.v1")
TIMEOUT_SECONDS = 3.0
MAX_MESSAGE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stream's clients are let in."""

    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """`ws://…/ws/dashboard`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}{self.path}"


async def shake_hands(target: Target, *, outside: bool) -> Handshake:
    """Try it once, within TIMEOUT_SECONDS.

    outside: the operator runs where Services may be out of reach. There neither silence says
    anything nor whoever else has that address: only what speaks our subprotocol is a relay.
    """
    nobody = Answer.OUTSIDE if outside else Answer.UNREACHABLE
    other = Answer.OUTSIDE if outside else Answer.REFUSED
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async with connect(
                target.url,
                subprotocols=[SUBPROTOCOL],
                compression=None,
                open_timeout=TIMEOUT_SECONDS,
                close_timeout=0.5,
                ping_interval=None,
                max_size=MAX_MESSAGE_BYTES,
                proxy=None,
            ) as connection:
                return await _first_answer(connection)
    except InvalidStatus as refused:
        status = refused.response.status_code
        return Handshake(other, f"the relay refuses the handshake with HTTP {status}")
    except (InvalidHandshake, ConnectionClosed):
        return Handshake(other, "what answers at the Service speaks no WebSocket")
    except TimeoutError:
        return Handshake(nobody, "no answer through the Service within 3 s")
    except (OSError, socket.gaierror):
        return Handshake(nobody, "the Service takes no connection")


async def _first_answer(connection: ClientConnection) -> Handshake:
    try:
        frame = json.loads(await connection.recv())
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd is not None else 1006
        if code == 4401:
            return Handshake(Answer.ANSWERED, "a relay answers, and asks for a token")
        return Handshake(Answer.REFUSED, f"the relay closes the connection with {code}")
    except ValueError:
        return Handshake(Answer.REFUSED, "what answers at the Service is no relay")
    if isinstance(frame, dict) and frame.get("type") == "welcome":
        return Handshake(Answer.ANSWERED, "a relay answers")
    return Handshake(Answer.REFUSED, "what answers at the Service is no relay")
