"""An identity provider beside the relay's live tests: tokens, and an endpoint with its keys."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.access.issuer import SECRET, SigningKey, document, signing_key
from tests.relay.clients import PATIENCE_SECONDS, V1
from tests.relay.live import LOOPBACK, RunningRelay

ISSUER = "https://id.example/realms/unionflow"
AUDIENCE = "unionflow"


class Issuer:
    """Publishes its keys by HTTP, from a thread of its own, as another system would."""

    def __init__(self, port: int) -> None:
        self.key: SigningKey = signing_key("ES256", "first")
        self.published: list[SigningKey] = [self.key]
        self.asked = 0
        self.answering = threading.Event()
        self.answering.set()
        self.port = port

    @property
    def settings(self) -> dict[str, str]:
        """What a relay of this issuer is told."""
        return {
            "UNIONFLOW_AUTH": "jwt",
            "UNIONFLOW_JWT_JWKS_URL": f"http://{LOOPBACK}:{self.port}/certs",
            "UNIONFLOW_JWT_SECRET": SECRET.decode(),
            "UNIONFLOW_JWT_ISSUER": ISSUER,
            "UNIONFLOW_JWT_AUDIENCE": AUDIENCE,
        }

    def token(
        self,
        user: str = "awa",
        *organizations: str,
        key: SigningKey | None = None,
        headers: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A good token as of now, with changes to its claims."""
        now = time.time()
        claims = {"sub": user, "iss": ISSUER, "aud": AUDIENCE, "iat": int(now), **changes}
        return (key or self.key).token(
            headers=headers, now=now, organizations=list(organizations), **claims
        )


@contextlib.contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer whose endpoint is up. Clear `answering`, and it accepts and says nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            issuer.answering.wait(20)
            body = document(*issuer.published)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    issuer = Issuer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def refusal(
    relay: RunningRelay,
    dialect: str,
    token: str = "",
    *,
    subprotocols: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    **query: object,
) -> tuple[int, str, Mapping[str, str]]:
    """How a client is turned away: a close code and its reason, or an HTTP status and its text."""
    offered = [Subprotocol(name) for name in ((V1,) if dialect == V1 else ()) + subprotocols]
    try:
        async with connect(
            relay.url(**query),
            subprotocols=offered or None,
            additional_headers={**(bearer(token) if token else {}), **(headers or {})},
            open_timeout=PATIENCE_SECONDS,
            ping_interval=None,
            proxy=None,
        ) as connection:
            try:
                said = await connection.recv()
            except ConnectionClosed:
                return connection.close_code or 0, connection.close_reason or "", {}
            return 0, str(said), {}
    except InvalidStatus as refused:
        answer = refused.response
        return answer.status_code, (answer.body or b"").decode(), dict(answer.headers.raw_items())
