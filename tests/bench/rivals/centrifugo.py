"""Centrifugo with its own Kafka consumer, as its documentation tunes it, on the same topics.

Built from its Go module. Records come as they are ("publication data mode"); which channel they
are for stands in a header, and each client's handshake subscribes to it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConsumerGroupDescription

from tests.bench.errors import ServerFailed, ToolMissing
from tests.bench.topics import NAMES, PARTITIONS
from tests.cluster.building import build_required, kept
from tests.cluster.errors import BuildFailed
from tests.cluster.errors import ToolMissing as GoMissing

PACKAGE = "github.com/centrifugal/centrifugo/v6"
DIALECT = "centrifugo"
CHANNEL = "all"
HEADERS = (("centrifugo-channels", CHANNEL.encode()),)
TARGET = "/connection/uni_websocket?" + urlencode(
    {"cf_connect": json.dumps({"subs": {CHANNEL: {}}}, separators=(",", ":"))}
)
_SOURCES = Path(__file__).parent / "centrifugo"
_ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.05


def command(bootstrap_servers: str, prefix: str, port: int, folder: Path) -> Sequence[str]:
    """How to start it. Its consumer group begins at the topics' ends.

    Raises:
        ToolMissing: there is no Go, or it cannot build it.
    """
    try:
        program = kept("centrifugo", _SOURCES, build_required(PACKAGE)) / "centrifugo"
    except (GoMissing, BuildFailed) as problem:
        raise ToolMissing(f"Centrifugo cannot be built: {problem}") from problem
    group = f"centrifugo-{prefix}{time.time_ns()}"
    _begin_at_the_end(bootstrap_servers, prefix, group)
    path = folder / "centrifugo.json"
    path.write_text(json.dumps(_config(bootstrap_servers, prefix, port, group)))
    return [str(program), "--config", str(path)]


def environment() -> dict[str, str]:
    """Its variables: it has one core, and is told so."""
    return {**os.environ, "GOMAXPROCS": "1"}


def _config(bootstrap_servers: str, prefix: str, port: int, group: str) -> dict[str, object]:
    return {
        "http_server": {"address": "127.0.0.1", "port": str(port)},
        "health": {"enabled": True},
        "client": {"insecure": True, "queue_max_size": 64 << 20},
        "uni_websocket": {"enabled": True, "join_push_messages": True},
        "log": {"level": "warn"},
        "consumers": [
            {
                "name": "bench",
                "type": "kafka",
                "enabled": True,
                "kafka": {
                    "brokers": bootstrap_servers.split(","),
                    "topics": [prefix + name for name in NAMES],
                    "consumer_group": group,
                    "max_poll_records": 1000,
                    "fetch_max_wait": "100ms",
                    "publication_data_mode": {"enabled": True},
                },
            }
        ],
    }


def _begin_at_the_end(bootstrap_servers: str, prefix: str, group: str) -> None:
    settings = {"bootstrap.servers": bootstrap_servers, "group.id": group, "log_level": 0}
    consumer = Consumer({**settings, "enable.auto.commit": False})
    try:
        ends = [
            _end(consumer, prefix + name, partition)
            for name in NAMES
            for partition in range(PARTITIONS)
        ]
        consumer.commit(offsets=ends, asynchronous=False)
    finally:
        consumer.close()


def _end(consumer: Consumer, topic: str, partition: int) -> TopicPartition:
    """Where it ends. A topic that was made just now has no leader for a moment."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        try:
            where = TopicPartition(topic, partition)
            _, end = consumer.get_watermark_offsets(where, timeout=_ANSWER_SECONDS)
            return TopicPartition(topic, partition, end)
        except KafkaException as problem:
            if time.monotonic() > deadline:
                raise ServerFailed(f"{topic}-{partition} cannot be read: {problem}") from problem
            time.sleep(_POLL_SECONDS)


def wait_until_it_consumes(
    bootstrap_servers: str, folder: Path, is_running: Callable[[], bool], seconds: float
) -> None:
    """Wait until its consumer has its partitions.

    Raises:
        ServerFailed: it ended, or has none within `seconds`.
    """
    config = json.loads((folder / "centrifugo.json").read_text())
    group = config["consumers"][0]["kafka"]["consumer_group"]
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    deadline = time.monotonic() + seconds
    while is_running():
        described = admin.describe_consumer_groups([group], request_timeout=_ANSWER_SECONDS)
        # The stubs have a future of a mapping; it is one of a description.
        found: ConsumerGroupDescription = cast(
            "ConsumerGroupDescription", described[group].result(_ANSWER_SECONDS)
        )
        if found.state is ConsumerGroupState.STABLE and found.members:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    raise ServerFailed("centrifugo gets no partition to consume")
