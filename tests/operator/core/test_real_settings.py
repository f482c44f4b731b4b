"""What a real Kafka makes of a setting's text is the same to us, or we would set it for ever."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Mapping

from tests.support.kafka import Kafka
from unionflow_operator.adapters.kafka.brokers import Brokers
from unionflow_operator.adapters.kafka.connection import Connection
from unionflow_operator.adapters.kafka.pool import KafkaPool
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.lease import Fence
from unionflow_operator.core.plan import CreateTopic
from unionflow_operator.core.topic_config import same_setting

ODD = {
    "retention.ms": " 060000 ",
    "retention.bytes": "+5000000",
    "min.cleanable.dirty.ratio": ".50",
    "max.compaction.lag.ms": "9223372036854775807",
    "unclean.leader.election.enable": "TRUE",
    "cleanup.policy": "compact, delete",
    "compression.type": "zstd",
    "message.timestamp.type": "LogAppendTime",
    "leader.replication.throttled.replicas": "0:1 ,1:1",
}


async def test_a_setting_written_oddly_is_seen_as_set(kafka: Kafka, topic_prefix: str) -> None:
    topic = topic_prefix + "odd"
    pool = KafkaPool(Fence(math.inf), OperatorMetrics(), random.Random(1), idle_seconds=0.5)
    try:
        brokers = pool.brokers(Connection(kafka.bootstrap_servers))
        await brokers.carry_out(CreateTopic(topic, 1, 1, ODD))
        found = await config_of(brokers, topic)
    finally:
        await pool.close()
    assert {
        name: value for name, value in ODD.items() if not same_setting(found[name], value)
    } == {}
    assert found != ODD  # else this would prove nothing


async def config_of(brokers: Brokers, topic: str) -> Mapping[str, str]:
    async with asyncio.timeout(10):
        while True:
            there, _ = await brokers.describe([topic])
            if topic in there:
                return there[topic].config
            await asyncio.sleep(0.05)
