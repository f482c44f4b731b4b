"""kill -9 at every write, before it and after it: `python -m tests.operator.live.kills`.

Each time an operator is started anew on what the dead one left, and must come to the same end. The
table says how many writes there are, and at which the end was another; the exit code is their
number.
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.operator.live.running import RunningOperator, until
from tests.operator.live.streams import Streams, Topics, manifest
from tests.support.apiserver import ApiServer, running_apiserver
from tests.support.kafka import shared_kafka

MORTAL = ("-m", "tests.operator.live.killed")
NAME = "mortal"


@dataclass(frozen=True, slots=True)
class End:
    """What a stream has come to, without what differs from one run to the next."""

    children: frozenset[tuple[str, str]]
    partitions: tuple[tuple[str, int], ...]
    topics: tuple[tuple[str, str, str], ...]
    """Name in the spec, state, and whether the record says that the stream made it."""
    conflict: str
    degraded: str


@dataclass(frozen=True, slots=True)
class Left:
    """A stream whose operator is dead, in a namespace of its own."""

    streams: Streams
    prefix: str
    servers: str

    def end(self) -> End | None:
        """What it has come to; None as long as something is still to be done."""
        streams, prefix = self.streams, self.prefix
        if streams.condition(NAME, "Progressing")[:2] != ("False", "Settled"):
            return None
        if streams.condition(NAME, "TopicsReady")[0] != "True":
            return None
        stream: dict[str, Any] = streams.get(NAME) or {}
        records = stream["status"]["topics"]
        named = [prefix + record["name"] for record in records]
        return End(
            children=frozenset(streams.children(NAME)),
            partitions=tuple(
                sorted(
                    (topic.removeprefix(prefix), count)
                    for topic, count in Topics(self.servers).partitions(*named).items()
                )
            ),
            topics=tuple(sorted((r["name"], r["state"], r.get("origin", "")) for r in records)),
            conflict=streams.condition(NAME, "ResourceConflict")[0],
            degraded=streams.condition(NAME, "Degraded")[0],
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the operators live and die."""

    api: ApiServer
    servers: str
    folder: Path

    def run(self, kill_at: int, when: str) -> tuple[End, int]:
        """Kill an operator there (0: nowhere), let another finish; the end, and the writes."""
        left = self.kill(kill_at, when)
        with self.heir([left]) as heir:
            end = until("the end", left.end)
            writes = count_writes(heir)
        left.streams.close()
        return end, writes

    def kill(self, kill_at: int, when: str) -> Left:
        """Have a stream, and kill its operator there (0: nowhere)."""
        streams = Streams(self.api, self.api.make_namespace())
        prefix = f"k{uuid.uuid4().hex[:10]}."
        streams.create(manifest(NAME, self.servers, prefix))
        left = Left(streams, prefix, self.servers)
        if kill_at:
            with self.heir([left], KILL_AT=str(kill_at), KILL_WHEN=when) as mortal:
                until("it is dead", lambda: not mortal.process.is_running)
        return left

    def heir(self, left: Sequence[Left], **settings: str) -> RunningOperator:
        """An operator of what others have left."""
        own = {
            "UNIONFLOW_NAMESPACES": ",".join(one.streams.namespace for one in left),
            "UNIONFLOW_RESYNC_SECONDS": "300",
        }
        return RunningOperator.start(self.folder, self.api.kubeconfig, {**own, **settings}, MORTAL)


def count_writes(operator: RunningOperator) -> int:
    """How many requests that write it has sent, to the API server and to Kafka."""
    to_api = operator.metric("api_requests_total") - operator.metric(
        "api_requests_total", verb="read"
    )
    reads = ("describe_topics", "describe_configs")
    to_kafka = operator.metric("kafka_requests_total") - sum(
        operator.metric("kafka_requests_total", request=request) for request in reads
    )
    return int(to_api + to_kafka)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="uf-kills-") as work:
        folder = Path(work)
        with running_apiserver(folder / "api") as api, shared_kafka(folder / "kafka") as kafka:
            place = Place(api, kafka.bootstrap_servers, folder)
            whole, writes = place.run(0, "")
            print(f"{writes} writes without a kill; {len(whole.children)} objects")
            wrong = 0
            for number in range(1, writes + 1):
                for when in ("before", "after"):
                    end, _ = place.run(number, when)
                    verdict = "same" if end == whole else f"OTHER: {end}"
                    wrong += end != whole
                    print(f"killed {when} write {number}: {verdict}", flush=True)
            print(f"{2 * writes} kills, {wrong} other ends; the end: {whole}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
