"""An issuer of tokens, good and hostile, and its endpoint of published keys."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import get_default_algorithms

NOW = 1_800_000_000.0
SECRET = b"a secret of thirty-two bytes, yes"
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


def encoded(value: bytes | Mapping[str, Any]) -> str:
    """A segment of a token: base64url without padding."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(now: float = NOW, **changes: Any) -> dict[str, Any]:
    """Good claims, with changes; a change to `...` takes the claim out."""
    whole = {
        "sub": "awa",
        "iat": now - 10,
        "exp": now + 3600,
        "organizations": ["mutuelle-dakar"],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of the issuer's."""

    key_id: str
    algorithm: str
    private: PrivateKey

    def token(
        self, *, headers: Mapping[str, Any] | None = None, now: float = NOW, **changes: Any
    ) -> str:
        """A token of this key."""
        head = {"kid": self.key_id, **(headers or {})}
        return jwt.encode(claims(now, **changes), self.private, self.algorithm, headers=head)

    def published(self, **changes: Any) -> dict[str, Any]:
        """The public key as a key set has it."""
        public = self.private.public_key()
        jwk = get_default_algorithms()[self.algorithm].to_jwk(public, as_dict=True)
        return {**jwk, "kid": self.key_id, "use": "sig", "alg": self.algorithm, **changes}


@cache
def signing_key(algorithm: str, key_id: str = "") -> SigningKey:
    """A key of its own for each algorithm and name; making one of RSA costs 0.1 s."""
    private: PrivateKey
    if algorithm == "EdDSA":
        private = Ed25519PrivateKey.generate()
    elif algorithm == "ES256":
        private = generate_private_key(SECP256R1())
    else:
        private = generate_rsa_key(65_537, 2_048)
    return SigningKey(key_id or f"{algorithm}-1", algorithm, private)


def document(*keys: SigningKey) -> bytes:
    """A key set of these keys."""
    return json.dumps({"keys": [key.published() for key in keys]}).encode()


@dataclass(slots=True)
class Endpoint:
    """What the key set's endpoint answers, and how often it was asked: acquire `requests`."""

    body: bytes
    status: str = "200 OK"
    headers: str = ""
    asked: int = 0
    port: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    requests: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/certs"

    async def on_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            self.requests.release()
            await self.gate.wait()
            head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n{self.headers}"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + self.body)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def serving(body: bytes, port: int = 0) -> AsyncIterator[Endpoint]:
    """A real HTTP endpoint on loopback. Clear its `gate`, and it accepts but does not answer."""
    endpoint = Endpoint(body)
    endpoint.gate.set()
    server = await asyncio.start_server(endpoint.on_connection, "127.0.0.1", port)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        endpoint.gate.set()
        server.close()
        await server.wait_closed()
