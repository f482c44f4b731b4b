"""Several brokers that replicate to one another, for what only fail-over shows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from unionflow_cli.kafka.adapters.broker import (
    NO_PROPERTIES,
    START_SECONDS,
    Broker,
)
from unionflow_cli.kafka.adapters.folder import new_cluster_id
from unionflow_cli.kafka.adapters.ports import free_ports
from unionflow_cli.kafka.core.properties import Node


class Cluster:
    """Brokers of one cluster; stopped at the end of a `with` block."""

    def __init__(self, brokers: Sequence[Broker]) -> None:
        self.brokers = tuple(brokers)

    @property
    def bootstrap_servers(self) -> str:
        """What clients take as `bootstrap.servers`: every broker."""
        return ",".join(broker.bootstrap_servers for broker in self.brokers)

    def stop(self) -> None:
        """Kill all of them: an orderly stop waits for a majority, which ends with the second."""
        for broker in self.brokers:
            broker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start_cluster(
    folder: Path,
    count: int = 3,
    *,
    properties: Mapping[str, str] = NO_PROPERTIES,
    timeout: float = 2 * START_SECONDS,
) -> Cluster:
    """Start `count` brokers in subfolders of `folder` and wait until all can be used.

    Topics are replicated three times with `min.insync.replicas=2` where there are three or more.
    properties: Kafka settings of every broker, as in `Broker.start`. timeout: seconds, for all.
    Raises what `Broker.start` raises; then none of them is left running.
    """
    numbers = free_ports(3 * count)
    nodes = [
        Node(
            index + 1,
            folder.absolute() / f"broker-{index + 1}",
            *numbers[3 * index : 3 * index + 3],
        )
        for index in range(count)
    ]
    cluster_id = new_cluster_id()
    cluster = Cluster(
        [Broker(node, nodes, cluster_id=cluster_id, properties=properties) for node in nodes]
    )
    deadline = time.monotonic() + timeout
    try:
        with ThreadPoolExecutor(count) as pool:  # formatting takes a second each
            list(pool.map(Broker.launch, cluster.brokers))
        for broker in cluster.brokers:
            broker.wait_until_ready(deadline - time.monotonic())
    except BaseException:
        cluster.stop()
        raise
    return cluster
