"""The publisher against real brokers that ask who is there, and are asked it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient

from tests.events.reading import read_all
from tests.support.secured import Mechanism, SecuredKafka, secured_kafka
from unionflow_cli.kafka import apply_topics
from unionflow_events import EventPublisher, KafkaConnection, PublishTimeout

STATS = "unionflow.dashboard.stats"


@pytest.fixture(scope="module")
def sasl_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("sasl"), "SASL_SSL") as secured:
        apply_topics(secured.broker.internal_servers, [STATS], partitions=1)
        yield secured


@pytest.fixture(scope="module")
def tls_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("tls"), "SSL") as secured:
        apply_topics(secured.broker.internal_servers, [STATS], partitions=1)
        yield secured


async def publish_and_read_back(connection: KafkaConnection) -> None:
    async with EventPublisher(connection) as publisher:
        lies = await publisher.publish_kpi_update("o", {})

    ids = {
        header: value for r in await read_all(connection, [STATS]) for header, value in r.headers
    }
    assert ids["ce_id"] == lies.id.encode()


@pytest.mark.kafka
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_name_and_its_password_let_a_publisher_in(
    sasl_kafka: SecuredKafka, mechanism: Mechanism
) -> None:
    environ = sasl_kafka.environment(mechanism)

    await publish_and_read_back(KafkaConnection.from_environment(environ))


@pytest.mark.kafka
async def test_a_clients_certificate_lets_a_publisher_in(tls_kafka: SecuredKafka) -> None:
    await publish_and_read_back(KafkaConnection.from_environment(tls_kafka.environment()))


@pytest.mark.kafka
async def test_a_wrong_password_times_out_and_is_not_shown(sasl_kafka: SecuredKafka) -> None:
    environ = sasl_kafka.environment() | {"KAFKA_SASL_PASSWORD": "hunter2"}
    connection = KafkaConnection.from_environment(environ)

    async with EventPublisher(connection, deadline=1.0) as publisher:
        with pytest.raises(PublishTimeout, match="for a connection to Kafka at") as timeout:
            await publisher.publish_kpi_update("o", {})

    assert "hunter2" not in str(timeout.value)


@pytest.mark.kafka
async def test_a_broker_whose_certificate_a_stranger_signed_gets_no_event(
    sasl_kafka: SecuredKafka,
) -> None:
    stranger = str(sasl_kafka.certificates.stranger_ca)
    environ = sasl_kafka.environment() | {"KAFKA_SSL_CAFILE": stranger}
    connection = KafkaConnection.from_environment(environ)

    async with EventPublisher(connection, deadline=1.0) as publisher:
        with pytest.raises(PublishTimeout, match="for a connection to Kafka at"):
            await publisher.publish_kpi_update("o", {})


@pytest.mark.kafka
@pytest.mark.parametrize("which", ["sasl_kafka", "tls_kafka"])
def test_the_same_variables_serve_librdkafka(which: str, request: pytest.FixtureRequest) -> None:
    secured: SecuredKafka = request.getfixturevalue(which)
    connection = KafkaConnection.from_environment(secured.environment())

    topics = AdminClient(connection.librdkafka_options()).list_topics(timeout=20).topics

    assert STATS in topics
