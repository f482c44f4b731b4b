"""The same POST twice: told by a key that its caller chose, and answered as the first time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from unionflow_backend.errors import Unprocessable

KEPT_MS: Final = 24 * 3_600 * 1_000
"""How long an answer is kept."""
MAX_KEY_LENGTH: Final = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with a key.

    caller, fingerprint: SHA-256 in hex, of who asks and of what is asked.
    """

    caller: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer that was given under a key. headers: JSON."""

    fingerprint: str
    status: int
    headers: str
    body: str


def asked(user: str, key: str, method: str, path: str, body: bytes) -> Asked:
    """What identifies a request. Other callers' keys are other keys."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode("utf-8", "surrogatepass"), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    caller = hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()
    return Asked(caller, key, digest.hexdigest())


def require_same(request: Asked, stored: Stored) -> None:
    """Return where the answer is to this very request.

    Raises:
        Unprocessable: the key was used for another.
    """
    if stored.fingerprint != request.fingerprint:
        raise Unprocessable(
            "Idempotency-Key: was used for another request; take a new key for this one",
            [("Idempotency-Key", "was used for another request")],
        )
