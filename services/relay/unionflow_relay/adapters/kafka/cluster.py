"""Connections to the brokers, and the four questions that the relay asks them.

There are two to each: a broker answers in order, so a question would wait behind the long poll.

It stands on aiokafka's connections (framing, TLS, SASL, deadlines) and not on its client, whose
background metadata asks for every topic of the cluster and whose versions know no topic IDs.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeConfigsRequest
from aiokafka.protocol.api import Request
from aiokafka.protocol.offset import OffsetRequest

from unionflow_events import KafkaConnection
from unionflow_relay.adapters.kafka.wire import READ_COMMITTED, FetchById, MetadataByName
from unionflow_relay.core.assignment import TopicMetadata
from unionflow_relay.errors import KafkaUnavailable

REQUEST_TIMEOUT_MS = 10_000
LATEST = -1  # ListOffsets: with read_committed, the last stable offset
EARLIEST = -2
_TOPIC_RESOURCE = 2
_NO_ERROR = 0
_UNKNOWN_TOPIC = 3
# The last two are aiokafka's: for a broker too old for a request, and for SASL answers it doubts.
_FAILURES = (KafkaError, OSError, TimeoutError, NotImplementedError, AssertionError)


class _Line(NamedTuple):
    node: int
    fetches: bool


class Topics(NamedTuple):
    """Topics by name: those that exist, and those that nothing can be said of now, with why."""

    found: dict[str, TopicMetadata]
    refused: dict[str, str]


class TopicSettings(NamedTuple):
    """Settings by topic, and the topics whose settings a broker does not tell, with why."""

    found: dict[str, dict[str, str]]
    refused: dict[str, str]


class Found(NamedTuple):
    """What ListOffsets answers: an offset, and the time of the record there (-1 for neither)."""

    offset: int
    timestamp_ms: int


class Cluster:
    """A Kafka cluster, found by its bootstrap servers. Not to be used by two loops."""

    def __init__(self, connection: KafkaConnection, client_id: str, rng: random.Random) -> None:
        options = connection.aiokafka_options()
        self._bootstrap: list[str] = options.pop("bootstrap_servers")
        self._options: Mapping[str, Any] = {
            **options,
            "client_id": client_id,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
        }
        self._rng = rng
        self._addresses: dict[int, tuple[str, int]] = {}
        self._open: dict[_Line, AIOKafkaConnection] = {}
        self._opening: dict[_Line, asyncio.Lock] = {}

    async def connect(self) -> None:
        """Ask the bootstrap servers, in random order, for the brokers.

        Raises:
            KafkaUnavailable: none of them answers.
        """
        problem: BaseException | None = None
        for host, port, _ in collect_hosts(self._bootstrap):
            try:
                connection = await create_conn(host, port, **self._options)
            except _FAILURES as error:
                problem = error
                continue
            try:
                self._learn_brokers(await connection.send(MetadataByName(())))
            except _FAILURES as error:
                problem = error
                continue
            finally:
                connection.close()
            return
        servers = ", ".join(self._bootstrap)
        raise KafkaUnavailable(f"no broker answers at {servers}: {_said(problem)}")

    async def close(self) -> None:
        """Close every connection."""
        closing = [connection.close() for connection in self._open.values()]
        self._open.clear()
        if closing:
            await asyncio.wait(closing, timeout=1.0)

    async def topics(self, names: Iterable[str]) -> Topics:
        """What there is of some topics. Asks the brokers in turn until one answers.

        Raises:
            KafkaUnavailable: no known broker answers.
        """
        response = await self._ask_any(MetadataByName(tuple(names)))
        self._learn_brokers(response)
        return read_topics(response)

    async def offsets(
        self, node: int, partitions: Mapping[str, Sequence[int]], timestamp: int
    ) -> dict[tuple[str, int], int]:
        """LATEST or EARLIEST offsets of partitions that `node` leads; those in error are left out.

        Raises:
            KafkaUnavailable: the node does not answer.
        """
        found = await self.found(node, partitions, timestamp)
        return {partition: answer.offset for partition, answer in found.items()}

    async def found(
        self, node: int, partitions: Mapping[str, Sequence[int]], timestamp: int
    ) -> dict[tuple[str, int], Found]:
        """The first record at or after a time, of partitions that `node` leads.

        timestamp: milliseconds since 1970, or LATEST or EARLIEST. Partitions in error are left
        out; where there is no such record, its offset is -1.

        Raises:
            KafkaUnavailable: the node does not answer.
        """
        asked = [(name, [(p, timestamp) for p in numbers]) for name, numbers in partitions.items()]
        response = await self.send(node, OffsetRequest(-1, READ_COMMITTED, asked))
        return {
            (name, number): Found(offset, timestamp_ms)
            for name, answers in response.topics
            for number, code, timestamp_ms, offset in answers
            if code == _NO_ERROR
        }

    async def settings(self, names: Iterable[str], settings: Sequence[str]) -> TopicSettings:
        """Some settings of some topics, as they are in force: a topic's own, else the broker's.

        Raises:
            KafkaUnavailable: no known broker answers.
        """
        resources = [(_TOPIC_RESOURCE, name, list(settings)) for name in names]
        response = await self._ask_any(DescribeConfigsRequest(resources))
        described = TopicSettings({}, {})
        for code, _message, _type, name, entries in response.resources:
            if code == _NO_ERROR:
                described.found[name] = {entry[0]: str(entry[1]) for entry in entries}
            else:
                described.refused[name] = for_code(code).__name__
        return described

    async def send(self, node: int, request: Request[Any]) -> Any:
        """One request to one broker, answered within REQUEST_TIMEOUT_MS.

        Raises:
            KafkaUnavailable: the broker is unknown, away, too old, or does not answer in time.
        """
        try:
            connection = await self._connection(_Line(node, isinstance(request, FetchById)))
        except _FAILURES as error:
            raise KafkaUnavailable(f"broker {node} cannot be reached: {_said(error)}") from error
        try:
            return await connection.send(request)
        except _FAILURES as error:
            connection.close()
            raise KafkaUnavailable(f"broker {node} does not answer: {_said(error)}") from error

    async def _ask_any(self, request: Request[Any]) -> Any:
        nodes = list(self._addresses)
        self._rng.shuffle(nodes)
        problem = KafkaUnavailable("no broker is known")
        for node in nodes:
            try:
                return await self.send(node, request)
            except KafkaUnavailable as error:
                problem = error
        raise problem

    async def _connection(self, line: _Line) -> AIOKafkaConnection:
        async with self._opening.setdefault(line, asyncio.Lock()):
            known = self._open.get(line)
            if known is not None and known.connected():
                return known
            if line.node not in self._addresses:
                raise KafkaUnavailable(f"broker {line.node} is not in the metadata")
            host, port = self._addresses[line.node]
            self._open[line] = await create_conn(host, port, **self._options)
            return self._open[line]

    def _learn_brokers(self, response: Any) -> None:
        if not response.brokers:
            return
        addresses = {node: (host, port) for node, host, port, *_ in response.brokers}
        for line in list(self._open):
            if addresses.get(line.node) != self._addresses.get(line.node):
                self._open.pop(line).close()
        self._addresses = addresses


def read_topics(response: Any) -> Topics:
    """What a Metadata answer says of topics.

    Only one that does not know a topic says that it is not there: LEADER_NOT_AVAILABLE and the like
    say nothing of it, and a topic that exists must not be given up for them.
    """
    found: dict[str, TopicMetadata] = {}
    refused: dict[str, str] = {}
    for code, name, topic_id, _internal, partitions, *_ in response.topics:
        if code == _UNKNOWN_TOPIC:
            continue
        if code != _NO_ERROR:
            refused[name] = for_code(code).__name__
            continue
        leaders = {number: leader for _error, number, leader, *_ in partitions}
        fewest = min((len(replicas) for *_, replicas, _, _, _ in partitions), default=0)
        found[name] = TopicMetadata(name, topic_id, leaders, fewest)
    return Topics(found, refused)


def _said(error: BaseException | None) -> str:
    if isinstance(error, NotImplementedError):
        return "it is older than Kafka 3.1, the first to fetch by topic ID"
    return str(error) or type(error).__name__
