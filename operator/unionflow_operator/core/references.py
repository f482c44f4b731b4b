"""Which entries of which Secrets a stream refers to, and where the relays find each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from unionflow_operator.api import model
from unionflow_operator.api.spec import StreamSpec
from unionflow_operator.core.observed import SecretKey

TLS_FOLDER: Final = "/etc/unionflow-kafka"


def secret_keys(spec: StreamSpec) -> frozenset[SecretKey]:
    """All entries that the relays or the operator need."""
    by_variable = secret_variables(spec).values()
    return frozenset(by_variable) | frozenset(key for _, key in tls_files(spec).values())


def kafka_secret_keys(spec: StreamSpec) -> frozenset[SecretKey]:
    """Those without which the brokers cannot be asked."""
    by_variable = secret_variables(spec).items()
    words = frozenset(key for variable, key in by_variable if variable.startswith("KAFKA_"))
    return words | frozenset(key for _, key in tls_files(spec).values())


def secret_variables(spec: StreamSpec) -> Mapping[str, SecretKey]:
    """Variables of the relays' environment whose values lie in Secrets."""
    return dict(_variables(spec))


def _variables(spec: StreamSpec) -> Iterator[tuple[str, SecretKey]]:
    if spec.kafka.sasl is not None:
        yield "KAFKA_SASL_USERNAME", _key(spec.kafka.sasl.username)
        yield "KAFKA_SASL_PASSWORD", _key(spec.kafka.sasl.password)
    if spec.auth.secret_ref is not None:
        yield "UNIONFLOW_JWT_SECRET", _key(spec.auth.secret_ref)
    for variable in spec.relay.pod.env:
        if variable.secret is not None:
            yield variable.name, _key(variable.secret)


def tls_files(spec: StreamSpec) -> Mapping[str, tuple[str, SecretKey]]:
    """By the setting that names it, each file's name and the entry that it is made of."""
    tls = spec.kafka.tls
    if tls is None:
        return {}
    named = {
        "KAFKA_SSL_CAFILE": ("ca.crt", tls.ca),
        "KAFKA_SSL_CERTFILE": ("tls.crt", tls.certificate),
        "KAFKA_SSL_KEYFILE": ("tls.key", tls.key),
    }
    return {
        setting: (file, _key(reference))
        for setting, (file, reference) in named.items()
        if reference is not None
    }


def _key(reference: model.SecretKey) -> SecretKey:
    return SecretKey(reference.name, reference.key)
