"""What librdkafka says, in one sentence that stays the same while the cause does."""

from __future__ import annotations

import re

from confluent_kafka import KafkaError, KafkaException

from unionflow_operator.errors import KafkaFault

_SILENT = frozenset(
    {
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.NOT_CONTROLLER,
        KafkaError.LEADER_NOT_AVAILABLE,
    }
)
_CREDENTIALS = frozenset({KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED})
_DENIED = frozenset(
    {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
)
_WHERE = re.compile(r"^(\w+://)?[^\s]+?/(bootstrap|\d+): ")
_WHEN = re.compile(r"\s*\((after \d+ms in state [A-Z_]+)[^)]*\)")
_REPEATED = re.compile(r", \d+ identical error\(s\) suppressed")


def reason_of(error: BaseException) -> KafkaError:
    """The error within librdkafka's exception."""
    if isinstance(error, KafkaException) and isinstance(error.args[0], KafkaError):
        return error.args[0]
    return KafkaError(KafkaError._FAIL, str(error))


def fault_of(error: KafkaError, servers: str, newest: KafkaError | None) -> KafkaFault:
    """The fault to tell. newest: what the client's connections last failed of, if they did."""
    if error.code() in _CREDENTIALS:
        return KafkaFault(
            "CredentialsRefused", f"{servers} refuses our credentials: {_said(error)}"
        )
    if error.code() in _DENIED:
        return KafkaFault("NotAuthorized", f"{servers} does not allow it: {_said(error)}")
    if error.code() in _SILENT:
        if newest is not None and newest.code() in _CREDENTIALS:
            return fault_of(newest, servers, None)
        if newest is not None and newest.code() == KafkaError._SSL:
            return KafkaFault("TlsFailed", f"no TLS with {servers}: {_said(newest)}")
        return KafkaFault("Unreachable", f"no broker of {servers} answers")
    return KafkaFault("Refused", f"Kafka says {error.name()}: {_said(error)}")


def _said(error: KafkaError) -> str:
    text = _REPEATED.sub("", _WHEN.sub("", _WHERE.sub("", error.str())))
    return " ".join(text.split())[:300]
