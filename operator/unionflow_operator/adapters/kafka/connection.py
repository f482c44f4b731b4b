"""How one cluster of brokers is reached, with what the stream's Secrets hold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from unionflow_events.connection import Secret

CONNECT_MS = 4_000
RECONNECT_MS = 500
RECONNECT_MAX_MS = 10_000


@dataclass(frozen=True, slots=True)
class Connection:
    """Equal values share one client. PEM texts are contents, not paths."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: Secret | None = None
    sasl_password: Secret | None = None
    ca: Secret | None = None
    certificate: Secret | None = None
    key: Secret | None = None

    def digest(self, salt: bytes) -> str:
        """What names the connection without telling its secrets. salt: this process's own."""
        hashed = hashlib.blake2b(key=salt, digest_size=16)
        for text in (
            self.bootstrap_servers,
            self.security_protocol,
            self.sasl_mechanism or "",
            *(secret.reveal() if secret else "" for secret in self._secrets()),
        ):
            hashed.update(len(text).to_bytes(4))
            hashed.update(text.encode())
        return hashed.hexdigest()

    def options(self) -> dict[str, Any]:
        """librdkafka's configuration."""
        secrets = {
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password,
            "ssl.ca.pem": self.ca,
            "ssl.certificate.pem": self.certificate,
            "ssl.key.pem": self.key,
        }
        options: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "client.id": "unionflow-operator",
            "log_level": 0,
            "socket.connection.setup.timeout.ms": CONNECT_MS,
            "reconnect.backoff.ms": RECONNECT_MS,
            "reconnect.backoff.max.ms": RECONNECT_MAX_MS,
        }
        if self.sasl_mechanism:
            options["sasl.mechanism"] = self.sasl_mechanism
        return options | {name: s.reveal() for name, s in secrets.items() if s is not None}

    def _secrets(self) -> tuple[Secret | None, ...]:
        return (self.sasl_username, self.sasl_password, self.ca, self.certificate, self.key)
