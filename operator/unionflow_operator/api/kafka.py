"""How the relays and the operator reach Kafka: addresses, protocol, and which Secrets hold keys."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from unionflow_operator.api.model import HOST, PORT, Model, Rule, SecretDataKey, SecretKey

_SERVER = f"{HOST}:{PORT}"
BootstrapServers = Annotated[
    str,
    StringConstraints(min_length=3, max_length=2048, pattern=rf"^ *{_SERVER}( *, *{_SERVER})* *$"),
]


class SecurityProtocol(StrEnum):
    """How the brokers want to be spoken to."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def uses_sasl(self) -> bool:
        """Whether a name and a password are asked for."""
        return self in {SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL}

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self in {SecurityProtocol.SSL, SecurityProtocol.SASL_SSL}


class SaslMechanism(StrEnum):
    """How the password is proved."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class UsernameKey(SecretKey):
    """Where the name lies."""

    key: SecretDataKey = Field("username", description="The key under which the name lies.")


class PasswordKey(SecretKey):
    """Where the password lies."""

    key: SecretDataKey = Field("password", description="The key under which the password lies.")


class CaKey(SecretKey):
    """Where the authorities lie."""

    key: SecretDataKey = Field("ca.crt", description="The key under which the PEM text lies.")


class CertificateKey(SecretKey):
    """Where a certificate lies."""

    key: SecretDataKey = Field("tls.crt", description="The key under which the PEM text lies.")


class PrivateKeyKey(SecretKey):
    """Where a private key lies."""

    key: SecretDataKey = Field("tls.key", description="The key under which the PEM text lies.")


class Sasl(Model):
    """Name and password for the brokers."""

    mechanism: SaslMechanism = Field(
        SaslMechanism.SCRAM_SHA_512, description="How the password is proved to the broker."
    )
    username: UsernameKey = Field(description="The Secret that holds the name.")
    password: PasswordKey = Field(description="The Secret that holds the password.")


class Tls(Model):
    """Whom to trust, and with which certificate to say who we are."""

    ca: CaKey | None = Field(
        None,
        description="The Secret with the authorities to trust (PEM). Left out: those that the "
        "relay's image trusts.",
    )
    certificate: CertificateKey | None = Field(
        None, description="The Secret with the client's certificate (PEM), where brokers want one."
    )
    key: PrivateKeyKey | None = Field(
        None, description="The Secret with that certificate's key (PEM, not encrypted)."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.certificate) == has(self.key)",
            "a client certificate needs both certificate and key: give both or neither",
            holds=lambda tls: (tls.certificate is None) == (tls.key is None),
        ),
    )


class Kafka(Model):
    """One cluster of brokers."""

    bootstrap_servers: BootstrapServers = Field(
        description="Brokers to ask first, `host:port` with commas between."
    )
    security_protocol: SecurityProtocol = Field(
        SecurityProtocol.PLAINTEXT,
        description="How the brokers want to be spoken to. The SASL ones need `sasl`; SSL and "
        "SASL_SSL may have `tls`.",
    )
    sasl: Sasl | None = Field(
        None, description="Name and password for the brokers; only with a SASL protocol."
    )
    tls: Tls | None = Field(
        None,
        description="Authorities to trust and a client's certificate; only with SSL or SASL_SSL.",
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!self.securityProtocol.startsWith('SASL_') || has(self.sasl)",
            "SASL_PLAINTEXT and SASL_SSL need sasl: the Secrets with username and password",
            field=".securityProtocol",
            holds=lambda kafka: not kafka.security_protocol.uses_sasl or kafka.sasl is not None,
        ),
        Rule(
            "!has(self.sasl) || self.securityProtocol.startsWith('SASL_')",
            "sasl is not used with this securityProtocol: say SASL_SSL (or SASL_PLAINTEXT), "
            "or leave sasl out",
            field=".sasl",
            holds=lambda kafka: kafka.security_protocol.uses_sasl or kafka.sasl is None,
        ),
        Rule(
            "!has(self.tls) || self.securityProtocol.endsWith('SSL')",
            "tls is not used with this securityProtocol: say SSL or SASL_SSL, or leave tls out",
            field=".tls",
            holds=lambda kafka: kafka.security_protocol.uses_tls or kafka.tls is None,
        ),
    )
