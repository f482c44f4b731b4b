"""The relays' settings, as the file that they read. Secrets are not among them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from unionflow_events import CATALOGUE
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.manifest import CLIENT_PORT, MANAGEMENT_PORT, child
from unionflow_operator.core.observed import Manifest
from unionflow_operator.core.references import TLS_FOLDER, tls_files

BOOTSTRAP_KEY = "KAFKA_BOOTSTRAP_SERVERS"
FILE_KEY = "relay.yaml"
_CATALOGUE_NAMES = frozenset(topic.name for topic in CATALOGUE)


def config_map(stream: Stream) -> Manifest:
    """ConfigMap `<stream>-relay`."""
    return child(stream, "v1", "ConfigMap", {"data": config_data(stream)})


def config_data(stream: Stream) -> Mapping[str, str]:
    """Its two entries. Their hash rolls the pods."""
    given = {name: value for name, value in _settings(stream).items() if value not in (None, "")}
    return {
        BOOTSTRAP_KEY: stream.spec.kafka.bootstrap_servers,
        # JSON's texts and numbers are YAML's too.
        FILE_KEY: "".join(f"{name}: {json.dumps(given[name])}\n" for name in sorted(given)),
    }


def _settings(stream: Stream) -> Mapping[str, str | int | None]:
    spec, relay = stream.spec, stream.spec.relay
    return {
        "UNIONFLOW_PORT": CLIENT_PORT,
        "UNIONFLOW_MANAGEMENT_PORT": MANAGEMENT_PORT,
        "UNIONFLOW_BASE_PATH": spec.exposure.path if spec.exposure is not None else None,
        "UNIONFLOW_TOPICS": ",".join(_topic_entries(stream)),
        "UNIONFLOW_HEARTBEAT_SECONDS": relay.heartbeat_seconds,
        "UNIONFLOW_HISTORY_BYTES": relay.history_bytes,
        # The budget of a drain is for all relays; one at a time drains (maxSurge 1), so it has all.
        "UNIONFLOW_DRAIN_SECONDS": relay.drain_seconds,
        "UNIONFLOW_COMPRESSION": relay.compression,
        "UNIONFLOW_LOG_FORMAT": relay.log_format,
        "UNIONFLOW_LOG_LEVEL": relay.log_level,
        **_access(stream),
        **_limits(stream),
        **_kafka(stream),
    }


def _topic_entries(stream: Stream) -> list[str]:
    """Names in Kafka, whole: no prefix is told to the relay."""
    return [
        f"{topic.name}={real}" if topic.name in _CATALOGUE_NAMES and real != topic.name else real
        for topic, real in zip(stream.spec.topics, stream.spec.kafka_names(), strict=True)
    ]


def _access(stream: Stream) -> Mapping[str, str | int | None]:
    auth = stream.spec.auth
    return {
        "UNIONFLOW_AUTH": "none" if auth.none else "jwt",
        "UNIONFLOW_JWT_JWKS_URL": auth.jwks_url,
        "UNIONFLOW_JWT_ISSUER": auth.issuer,
        "UNIONFLOW_JWT_AUDIENCE": auth.audience,
        "UNIONFLOW_JWT_ORGANIZATIONS_CLAIM": auth.organizations_claim,
        "UNIONFLOW_JWT_MAX_AGE_SECONDS": auth.max_age_seconds,
        "UNIONFLOW_ALLOWED_ORIGINS": ",".join(auth.allowed_origins),
    }


def _limits(stream: Stream) -> Mapping[str, str | int | None]:
    limits = stream.spec.relay.limits
    return {
        "UNIONFLOW_MAX_CONNECTIONS": limits.connections,
        "UNIONFLOW_MAX_HANDSHAKES_PER_SECOND": limits.handshakes_per_second,
        "UNIONFLOW_MAX_CONNECTIONS_PER_ADDRESS": limits.connections_per_address,
        "UNIONFLOW_MAX_HANDSHAKES_PER_ADDRESS": limits.handshakes_per_address,
        "UNIONFLOW_MAX_CONNECTIONS_PER_USER": limits.connections_per_user,
        "UNIONFLOW_MAX_MESSAGES_PER_SECOND": limits.messages_per_second,
        "UNIONFLOW_SEND_BUFFER_BYTES": limits.send_buffer_bytes,
        "UNIONFLOW_TRUSTED_PROXIES": ",".join(limits.trusted_proxies),
    }


def _kafka(stream: Stream) -> Mapping[str, str | int | None]:
    kafka = stream.spec.kafka
    files = {
        setting: f"{TLS_FOLDER}/{file}" for setting, (file, _) in tls_files(stream.spec).items()
    }
    return {
        "KAFKA_SECURITY_PROTOCOL": kafka.security_protocol.value,
        "KAFKA_SASL_MECHANISM": kafka.sasl.mechanism.value if kafka.sasl is not None else None,
        **files,
    }
