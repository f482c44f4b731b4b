"""The whole process under load, Kafka stopped or its clock set back: nothing lost, all in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.backend.kills.run import Place, Stage, at_work
from tests.support.faketime import clock_from
from tests.support.kafka import Kafka
from unionflow_cli.kafka import Broker
from unionflow_events import TopicNames

AWAY_SECONDS = 30.0


async def metric(stage: Stage, name: str) -> float:
    async with httpx.AsyncClient(trust_env=False, timeout=10.0) as client:
        text = (await client.get(f"{stage.management}/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == f"unionflow_backend_{name}"
    )


async def test_kafka_stopped_for_half_a_minute_refuses_no_change_and_loses_none(
    postgres_url: str, own_kafka: Broker, tmp_path: Path
) -> None:
    place = Place(postgres_url, own_kafka.bootstrap_servers, TopicNames.from_entries(), tmp_path)
    async with at_work(place, number=11) as stage:
        stage.nursery.start()
        await stage.until_ready()
        await stage.until_changed(20)
        refused = stage.workload.failures  # of the time before it listened
        own_kafka.pause()
        changed = len(stage.workload.answered)
        await asyncio.sleep(AWAY_SECONDS)
        assert await metric(stage, "outbox_depth") > 50
        assert await metric(stage, "outbox_age_seconds") > AWAY_SECONDS / 2
        await stage.until_ready()  # it is: the bound is fifteen minutes
        assert len(stage.workload.answered) > changed + 50
        own_kafka.resume()
        finding = await stage.finish()
    assert finding.faults == []
    assert stage.workload.failures == refused
    assert finding.committed > 100


async def test_a_clock_set_back_and_forth_loses_nothing_and_changes_no_order(
    postgres_url: str, kafka: Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    """SQLite, which is in the process, does not work under faketime: see `test_faults` for it."""
    topics = TopicNames.from_entries(prefix=topic_prefix)
    place = Place(postgres_url, kafka.bootstrap_servers, topics, tmp_path)
    shift = tmp_path / "shift"
    environ: Mapping[str, str] = clock_from(shift)
    async with at_work(place, 12, environ) as stage:
        stage.nursery.start()
        await stage.until_ready()
        await stage.until_changed(20)
        refused = stage.workload.failures  # of the time before it listened
        for seconds in (-3_600, -2 * 86_400, +600):
            shift.write_text(f"{seconds:+d}\n")
            await stage.until_changed(25)
        finding = await stage.finish()
    assert finding.faults == []
    assert finding.committed > 150
    assert stage.workload.failures == refused
