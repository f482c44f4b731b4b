"""A relay that Kafka lets read more slowly than others write is not current, and says so.

Kafka's own quota for a client holds it back: its fetches succeed, and bring little.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.clients import V1, client
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, Topics, body
from tests.support.kafka import kafka_tier
from unionflow_cli.kafka import Broker
from unionflow_cli.kafka.adapters.installation import ensure_kafka

pytestmark = pytest.mark.kafka

RECORDS = 2_500  # of a kilobyte: a minute's worth at the quota
BYTES_PER_SECOND = 40_000
SMALL_BATCHES = {"batch.size": 20_000}  # Kafka brings whole batches, whatever the quota


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """One that counts over seconds what a client has had, and not over the usual eleven."""
    with kafka_tier(), Broker.start(tmp_path / "k", properties={"quota.window.num": "3"}) as one:
        yield one


def change_quota(broker: Broker, *change: str) -> None:
    """By Kafka's own tool: no client for Python can do it."""
    where = ("--bootstrap-server", broker.internal_servers, "--alter", *change)
    whose = ("--entity-type", "clients", "--entity-name", "unionflow-relay")
    command = ensure_kafka().command("kafka.admin.ConfigCommand", *where, *whose)
    subprocess.run(command, check=True, capture_output=True, timeout=60)


async def test_a_relay_that_is_ten_seconds_behind_is_not_ready_until_it_has_caught_up(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    topics = Topics(broker.bootstrap_servers, topic_prefix)
    topics.create(MEMBERS, partitions=1)
    settings = {**topics.settings, "UNIONFLOW_TOPICS": MEMBERS}
    with RunningRelay.start(tmp_path, broker.bootstrap_servers, settings) as relay:
        await relay.until_ready()
        async with client(relay, V1, organization="A") as one:
            change_quota(broker, "--add-config", f"consumer_byte_rate={BYTES_PER_SECOND}")
            ids = [f"e{n}" for n in range(RECORDS)]
            values = [body(id, "A", fill="x" * 900) for id in ids]
            topics.write(MEMBERS, values, partition=0, producing=SMALL_BATCHES)
            reading = asyncio.create_task(one.until_events(RECORDS))
            await relay.until_not_ready_for("10 s behind", f"{topics.prefix}{MEMBERS}-0")
            assert relay.metric("kafka_lag_records") > 0
            assert relay.get("/livez")[0] == 200  # a restart would mend nothing
            await asyncio.to_thread(change_quota, broker, "--delete-config", "consumer_byte_rate")
            await reading
            await relay.until_ready()
            assert one.ids() == ids
