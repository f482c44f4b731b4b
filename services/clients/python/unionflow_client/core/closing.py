"""What an ended connection asks of a client: the wire's close codes, and HTTP's answers."""

from __future__ import annotations

from dataclasses import dataclass

from unionflow_client.core.status import Reason

MAX_RETRY_AFTER_MS = 60_000.0
GOODBYE = 1000
RESTARTING = 1012
SILENT = 4409
PROTOCOL = 1002
LOST = 1006

_STOP = {
    1000: Reason.GOODBYE,
    1002: Reason.PROTOCOL,
    1003: Reason.PROTOCOL,
    1007: Reason.PROTOCOL,
    1009: Reason.PROTOCOL,
    4403: Reason.FORBIDDEN,
}
_AGAIN = {
    1012: Reason.RESTARTING,
    1013: Reason.BUSY,
    4400: Reason.CURSOR,
    4401: Reason.TOKEN,
    4408: Reason.SLOW,
    4409: Reason.SILENT,
    4429: Reason.LIMITED,
}
_HTTP_AGAIN = {400: Reason.CURSOR, 401: Reason.TOKEN, 429: Reason.LIMITED, 503: Reason.BUSY}
_HTTP_PASSES = frozenset({408, 425, 426})
_RELAYS_OWN = frozenset({401, 403, 429, 503})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended, or why none came about.

    is_final: the client must not come back by itself.
    got_nowhere: nothing says that a relay was reached (if there was no `welcome` either).
    retry_after_ms: a wait that was asked for, besides the client's own.
    """

    reason: Reason
    detail: str = ""
    is_final: bool = False
    got_nowhere: bool = False
    retry_after_ms: float = 0.0


def by_close_code(code: int, text: str) -> Ending:
    """What a close code means; 1006 where the connection just went."""
    stop = _STOP.get(code) or (Reason.FINAL if 4500 <= code <= 4999 else None)
    if stop is not None:
        return Ending(stop, text, is_final=True)
    known = _AGAIN.get(code)
    if known is not None:
        return Ending(known, text)
    return Ending(Reason.LOST, text or f"close code {code}", got_nowhere=not 4000 <= code <= 4999)


def by_http_status(status: int | None, retry_after_ms: float, text: str) -> Ending:
    """What an HTTP answer instead of a connection means; None: nobody answered."""
    if status is None:
        return Ending(Reason.UNREACHABLE, text, got_nowhere=True)
    wait = min(max(retry_after_ms, 0.0), MAX_RETRY_AFTER_MS)
    detail = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    nowhere = status not in _RELAYS_OWN
    known = _HTTP_AGAIN.get(status)
    if known is not None:
        return Ending(known, detail, got_nowhere=nowhere, retry_after_ms=wait)
    if 400 <= status <= 499 and status not in _HTTP_PASSES:
        return Ending(Reason.FORBIDDEN if status == 403 else Reason.ADDRESS, detail, is_final=True)
    return Ending(Reason.PROTOCOL, detail, got_nowhere=nowhere, retry_after_ms=wait)
