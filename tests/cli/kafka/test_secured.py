"""A broker that asks for TLS or a password lets in who has them, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.support.secured import Mechanism, Protocol, secured_kafka
from unionflow_cli.kafka import apply_topics
from unionflow_cli.kafka.errors import TopicsFailed
from unionflow_events import KafkaConnection

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL", "SSL"])
def test_who_has_the_right_secrets_is_let_in_and_nobody_else(
    protocol: Protocol, tmp_path: Path
) -> None:
    mechanisms: tuple[Mechanism, ...] = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
    with secured_kafka(tmp_path, protocol) as secured:
        for index, mechanism in enumerate(mechanisms):
            connection = KafkaConnection.from_environment(secured.environment(mechanism))
            options = connection.librdkafka_options()
            changes = apply_topics(
                connection.bootstrap_servers, [f"topic-{index}"], options=options
            )
            assert len(changes) == 1
        anybody = AdminClient(
            {"bootstrap.servers": secured.broker.bootstrap_servers, "log_level": 0}
        )
        with pytest.raises(KafkaException):
            anybody.list_topics(timeout=1)


def test_a_client_that_trusts_another_authority_does_not_talk_to_it(tmp_path: Path) -> None:
    with secured_kafka(tmp_path, "SSL") as secured:
        variables = secured.environment()
        variables["KAFKA_SSL_CAFILE"] = str(secured.certificates.stranger_ca)
        options = KafkaConnection.from_environment(variables).librdkafka_options()
        with pytest.raises(TopicsFailed):
            apply_topics(secured.broker.bootstrap_servers, ["a"], options=options, timeout=1)
        assert apply_topics(secured.broker.internal_servers, ["a"])
