"""How to reach Kafka: one set of variables for every service, one reading of them.

It opens no connection. Only the certificates are read from their files, when options are asked
for.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from unionflow_events.errors import InvalidSetting

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that no log, traceback or `repr` shows."""

    _text: str

    def reveal(self) -> str:
        """The text itself, for the one who has to send it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """Where the brokers are and how they want to be spoken to.

    Raises:
        InvalidSetting: a value is wrong, missing, or contradicts another. Credentials beside a
            protocol that would not use them are an error: they would be left out in silence.
    """

    bootstrap_servers: str = "localhost:9092"
    """Comma-separated `host:port`."""
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: Secret | None = None
    ssl_cafile: str | None = None
    """PEM file of the authorities to trust; None for those of the system."""
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> KafkaConnection:
        """Read the `KAFKA_*` variables; an empty one counts as not set.

        Raises:
            InvalidSetting: as the class does.
        """
        password = environ.get("KAFKA_SASL_PASSWORD")
        return cls(
            bootstrap_servers=environ.get("KAFKA_BOOTSTRAP_SERVERS") or "localhost:9092",
            security_protocol=(environ.get("KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT").upper(),
            sasl_mechanism=(environ.get("KAFKA_SASL_MECHANISM") or "").upper() or None,
            sasl_username=environ.get("KAFKA_SASL_USERNAME") or None,
            sasl_password=Secret(password) if password else None,
            ssl_cafile=environ.get("KAFKA_SSL_CAFILE") or None,
            ssl_certfile=environ.get("KAFKA_SSL_CERTFILE") or None,
            ssl_keyfile=environ.get("KAFKA_SSL_KEYFILE") or None,
        )

    def __post_init__(self) -> None:
        if not self._servers() or not all(_is_host_and_port(s) for s in self._servers()):
            raise InvalidSetting(
                "KAFKA_BOOTSTRAP_SERVERS", self.bootstrap_servers, "is no list of host:port"
            )
        if self.security_protocol not in PROTOCOLS:
            raise InvalidSetting(
                "KAFKA_SECURITY_PROTOCOL",
                self.security_protocol,
                f"is none of {', '.join(PROTOCOLS)}",
            )
        self._check_sasl()
        self._check_tls()

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol in {"SSL", "SASL_SSL"}

    @property
    def uses_sasl(self) -> bool:
        """Whether the client says who it is by name and password."""
        return self.security_protocol.startswith("SASL_")

    def aiokafka_options(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client.

        Raises:
            InvalidSetting: a certificate's file cannot be read.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self._servers(),
            "security_protocol": self.security_protocol,
        }
        if self.uses_tls:
            options["ssl_context"] = self._ssl_context()
        if self.uses_sasl and self.sasl_password:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password.reveal()
        return options

    def librdkafka_options(self) -> dict[str, Any]:
        """Configuration for any confluent-kafka client."""
        options: dict[str, Any] = {
            "bootstrap.servers": ",".join(self._servers()),
            "security.protocol": self.security_protocol,
        }
        if self.uses_tls:
            files = {
                "ssl.ca.location": self.ssl_cafile,
                "ssl.certificate.location": self.ssl_certfile,
                "ssl.key.location": self.ssl_keyfile,
            }
            options |= {name: path for name, path in files.items() if path}
        if self.uses_sasl and self.sasl_password:
            options["sasl.mechanism"] = self.sasl_mechanism
            options["sasl.username"] = self.sasl_username
            options["sasl.password"] = self.sasl_password.reveal()
        return options

    def _servers(self) -> list[str]:
        return [server.strip() for server in self.bootstrap_servers.split(",") if server.strip()]

    def _check_sasl(self) -> None:
        given = {
            "KAFKA_SASL_MECHANISM": self.sasl_mechanism,
            "KAFKA_SASL_USERNAME": self.sasl_username,
            "KAFKA_SASL_PASSWORD": self.sasl_password and "***",
        }
        for variable, value in given.items():
            if value and not self.uses_sasl:
                raise InvalidSetting(
                    variable,
                    value,
                    f"is not used with KAFKA_SECURITY_PROTOCOL={self.security_protocol}; "
                    "say SASL_SSL (or SASL_PLAINTEXT), or leave it out",
                )
            if self.uses_sasl and not value:
                choice = f"one of {', '.join(MECHANISMS)}" if "MECH" in variable else "a value"
                raise InvalidSetting(variable, "", f"{self.security_protocol} needs {choice}")
        if self.sasl_mechanism and self.sasl_mechanism not in MECHANISMS:
            raise InvalidSetting(
                "KAFKA_SASL_MECHANISM", self.sasl_mechanism, f"is none of {', '.join(MECHANISMS)}"
            )

    def _check_tls(self) -> None:
        given = {
            "KAFKA_SSL_CAFILE": self.ssl_cafile,
            "KAFKA_SSL_CERTFILE": self.ssl_certfile,
            "KAFKA_SSL_KEYFILE": self.ssl_keyfile,
        }
        for variable, path in given.items():
            if path and not self.uses_tls:
                raise InvalidSetting(
                    variable,
                    path,
                    f"is not used with KAFKA_SECURITY_PROTOCOL={self.security_protocol}; "
                    "say SSL or SASL_SSL, or leave it out",
                )
        if self.ssl_keyfile and not self.ssl_certfile:
            raise InvalidSetting("KAFKA_SSL_CERTFILE", "", "KAFKA_SSL_KEYFILE needs one beside it")

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
        except (OSError, ValueError) as error:
            raise InvalidSetting(
                "KAFKA_SSL_CAFILE", self.ssl_cafile or "", f"is no PEM file of authorities: {error}"
            ) from error
        if self.ssl_certfile:
            try:
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, _refuse_a_passphrase)
            except (OSError, ValueError) as error:
                raise InvalidSetting(
                    "KAFKA_SSL_CERTFILE",
                    self.ssl_certfile,
                    f"and its key are no PEM certificate with an unencrypted key: {error}",
                ) from error
        return context


def _is_host_and_port(server: str) -> bool:
    host, colon, port = server.rpartition(":")
    return bool(host and colon) and port.isascii() and port.isdigit() and 0 < int(port) < 65536


def _refuse_a_passphrase() -> str:
    # Without this callback OpenSSL asks for one on the terminal, where nobody sits.
    raise ValueError("the key is encrypted")
