"""The publisher where no Kafka is."""

from __future__ import annotations

import pytest

from tests.events.waiting import SLACK, at_most, settled, within
from unionflow_events import EventPublisher, InvalidSetting, KafkaConnection, PublishTimeout


async def test_without_a_broker_an_event_times_out_and_closing_does_not_wait(
    unused_tcp_port: int,
) -> None:
    connection = KafkaConnection(f"127.0.0.1:{unused_tcp_port}")

    async with EventPublisher(connection, deadline=0.5) as publisher:
        with within(0.5), pytest.raises(PublishTimeout, match="for a connection to Kafka at 127"):
            await publisher.publish_kpi_update("o", {})
        with at_most(SLACK):
            await publisher.__aexit__(None, None, None)

    assert await settled() == set()


async def test_a_host_that_does_not_exist_times_out_too() -> None:
    connection = KafkaConnection("kafka.invalid:9092")

    async with EventPublisher(connection, deadline=0.5) as publisher:
        with within(0.5), pytest.raises(PublishTimeout, match="for a connection to Kafka at kafka"):
            await publisher.publish_kpi_update("o", {})


def test_a_wrong_certificate_is_told_before_the_first_event() -> None:
    connection = KafkaConnection(security_protocol="SSL", ssl_cafile="/nowhere/ca.pem")

    with pytest.raises(InvalidSetting, match="KAFKA_SSL_CAFILE"):
        EventPublisher(connection)
