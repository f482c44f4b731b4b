"""A broker that asks its clients for TLS, for a name and password, or for both."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.support.kafka import kafka_tier
from tests.support.tls import Certificates, make_certificates
from unionflow_cli.kafka import Broker

Protocol = Literal["SASL_PLAINTEXT", "SASL_SSL", "SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

USER = "relay"
PASSWORD = "correct horse = battery; staple"
NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SecuredKafka:
    """The broker, and how to reach it."""

    broker: Broker
    protocol: Protocol
    certificates: Certificates

    def environment(self, mechanism: Mechanism = "SCRAM-SHA-512") -> dict[str, str]:
        """The KAFKA_* variables of a client that is let in."""
        variables = {
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "KAFKA_SECURITY_PROTOCOL": self.protocol,
        }
        if self.protocol.startswith("SASL_"):
            variables |= {
                "KAFKA_SASL_MECHANISM": mechanism,
                "KAFKA_SASL_USERNAME": USER,
                "KAFKA_SASL_PASSWORD": PASSWORD,
            }
        if self.protocol.endswith("SSL"):
            variables["KAFKA_SSL_CAFILE"] = str(self.certificates.ca)
        if self.protocol == "SSL":
            variables["KAFKA_SSL_CERTFILE"] = str(self.certificates.client)
            variables["KAFKA_SSL_KEYFILE"] = str(self.certificates.client_key)
        return variables


@contextmanager
def secured_kafka(
    folder: Path, protocol: Protocol, more: Mapping[str, str] = NO_PROPERTIES
) -> Iterator[SecuredKafka]:
    """Start it in `folder`. SASL takes all three mechanisms; SSL asks for a client's certificate.

    more: of the broker's properties.

    Administer it through `broker.internal_servers`, which asks for nothing.
    """
    certificates = make_certificates(folder / "tls")
    properties = {**security_properties(protocol, certificates), **more}
    with kafka_tier(), Broker.start(folder / "kafka", properties=properties) as broker:
        if protocol.startswith("SASL_"):
            _add_scram_user(broker.internal_servers)
        yield SecuredKafka(broker, protocol, certificates)


def security_properties(protocol: Protocol, certificates: Certificates) -> Mapping[str, str]:
    """What the broker is told so that its clients' listener speaks `protocol`."""
    listener = "listener.name.client"
    properties = {
        "listener.security.protocol.map": (
            f"CLIENT:{protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT"
        )
    }
    if protocol.startswith("SASL_"):
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
        properties |= {
            f"{listener}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            f"{listener}.plain.sasl.jaas.config": f'{plain} required user_{USER}="{PASSWORD}";',
            f"{listener}.scram-sha-256.sasl.jaas.config": f"{scram} required;",
            f"{listener}.scram-sha-512.sasl.jaas.config": f"{scram} required;",
        }
    if protocol.endswith("SSL"):
        chain = certificates.server.read_text()
        properties |= {
            f"{listener}.ssl.keystore.type": "PEM",
            f"{listener}.ssl.keystore.certificate.chain": chain,
            f"{listener}.ssl.keystore.key": certificates.server_key.read_text(),
            f"{listener}.ssl.truststore.type": "PEM",
            f"{listener}.ssl.truststore.certificates": certificates.ca.read_text(),
            f"{listener}.ssl.client.auth": "required" if protocol == "SSL" else "none",
        }
    return properties


def _add_scram_user(servers: str) -> None:
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    # One request each: Kafka takes no two changes of one user at once.
    for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        credential = ScramCredentialInfo(mechanism, 4096)
        upsertion = UserScramCredentialUpsertion(USER, credential, PASSWORD.encode())
        admin.alter_user_scram_credentials([upsertion])[USER].result(timeout=20)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:  # answered by the controller before the broker knows it
        if len(_credentials(admin)) == 2:
            return
        time.sleep(0.02)
    raise TimeoutError(f"Kafka does not know {USER} after 20 s")


def _credentials(admin: AdminClient) -> Sequence[ScramCredentialInfo]:
    try:
        found = admin.describe_user_scram_credentials([USER])[USER].result(timeout=20)
    except KafkaException:
        return []
    return list(found.scram_credential_infos)  # type: ignore[union-attr]  # result() raises errors
