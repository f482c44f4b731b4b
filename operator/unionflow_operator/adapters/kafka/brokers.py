"""One cluster of brokers, administered through one client, for all streams that use it.

confluent-kafka and not aiokafka: its requests leave alone what they are not told to change, and
its answers come by callback, so that a broker that is silent holds no thread of ours.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from unionflow_operator.adapters.kafka.batches import Batches
from unionflow_operator.adapters.kafka.connection import Connection
from unionflow_operator.adapters.kafka.faults import fault_of, reason_of
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.lease import Fence
from unionflow_operator.core.observed import TopicObserved
from unionflow_operator.core.plan import CreateTopic, DeleteTopic, GrowTopic, SetTopicConfig
from unionflow_operator.errors import KafkaFault, NotLeading

REQUEST_SECONDS = 5.0
FIRST_REST_SECONDS = 2.0
MAX_REST_SECONDS = 30.0
Answers = Mapping[Any, Future[Any]]
# Somebody did it meanwhile, or we did, and the brokers had not all heard of it when we looked.
_DONE_ALREADY = frozenset(
    {
        KafkaError.TOPIC_ALREADY_EXISTS,
        KafkaError.INVALID_PARTITIONS,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)


class Brokers:
    """Describes and changes topics. Every method may raise KafkaFault; changes, NotLeading.

    Brokers that do not answer are left alone for a while: until then every stream of theirs gets
    the same fault at once, and no stream of other brokers waits for them.
    """

    def __init__(
        self,
        connection: Connection,
        fence: Fence,
        metrics: OperatorMetrics,
        rng: random.Random,
    ) -> None:
        """Raises KafkaException: librdkafka cannot use what the Secrets hold."""
        self._servers = connection.bootstrap_servers
        self._fence = fence
        self._metrics = metrics
        self._rng = rng
        self._newest: KafkaError | None = None
        self._admin = AdminClient({**connection.options(), "error_cb": self._on_error})
        self._fault: KafkaFault | None = None
        self._rest_until = 0.0
        self._rest = FIRST_REST_SECONDS
        self._looks: Batches[str, None, TopicObserved | None] = Batches(self._describe)
        self._creates: Batches[str, CreateTopic, None] = Batches(self._create)
        self._grows: Batches[str, GrowTopic, None] = Batches(self._grow)
        self._settings: Batches[str, SetTopicConfig, None] = Batches(self._configure)
        self._deletes: Batches[str, DeleteTopic, None] = Batches(self._delete)

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return all(
            batches.idle
            for batches in (
                self._looks,
                self._creates,
                self._grows,
                self._settings,
                self._deletes,
            )
        )

    def close(self) -> None:
        """Let librdkafka end its threads; waits for them, so not to be called in the loop."""
        del self._admin  # the only reference: it is closed with it

    def poll(self) -> None:
        """Hear what became of connections; to be called every second or so.

        Nobody else empties librdkafka's queue of errors.
        """
        self._admin.poll(0)

    async def describe(
        self, topics: Iterable[str]
    ) -> tuple[Mapping[str, TopicObserved], frozenset[str]]:
        """Those of the topics that exist, and those that may not be described."""
        now = asyncio.get_running_loop().time()
        if self._fault is not None and now < self._rest_until:
            raise self._fault
        names = sorted(set(topics))
        asked = [self._looks.ask(name, None) for name in names]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        found: dict[str, TopicObserved] = {}
        denied = set()
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, KafkaFault) and answer.reason == "NotAuthorized":
                denied.add(name)
            elif isinstance(answer, BaseException):
                raise answer
            elif answer is not None:
                found[name] = answer
        return found, frozenset(denied)

    async def carry_out(self, step: CreateTopic | GrowTopic | SetTopicConfig | DeleteTopic) -> None:
        """Change a topic. What is so already is no fault."""
        match step:
            case CreateTopic():
                await self._creates.ask(step.topic, step)
            case GrowTopic():
                await self._grows.ask(step.topic, step)
            case SetTopicConfig():
                await self._settings.ask(step.topic, step)
            case DeleteTopic():
                there, _ = await self.describe([step.topic])
                if step.topic in there and there[step.topic].topic_id == step.topic_id:
                    await self._deletes.ask(step.topic, step)

    async def _describe(
        self, asked: Mapping[str, None]
    ) -> Mapping[str, TopicObserved | Exception | None]:
        described = await self._exchange(
            "describe_topics",
            lambda timeout: self._admin.describe_topics(
                TopicCollection(list(asked)), request_timeout=timeout
            ),
            REQUEST_SECONDS,
        )
        answers: dict[str, TopicObserved | Exception | None] = {
            name: self._absent(answer) for name, answer in described.items() if _failed(answer)
        }
        there = [name for name in asked if name not in answers]
        if not there:
            return answers
        resources = {name: ConfigResource(ResourceType.TOPIC, name) for name in there}
        configured = await self._exchange(
            "describe_configs",
            lambda timeout: self._admin.describe_configs(
                list(resources.values()), request_timeout=timeout
            ),
            REQUEST_SECONDS,
        )
        for name in there:
            config = configured[resources[name]]
            answers[name] = (
                self._absent(config) if _failed(config) else _topic(described[name], config)
            )
        return answers

    def _absent(self, error: KafkaException) -> KafkaFault | None:
        reason = reason_of(error)
        if reason.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        return fault_of(reason, self._servers, self._newest)

    async def _create(self, asked: Mapping[str, CreateTopic]) -> Mapping[str, Exception | None]:
        new = [
            NewTopic(
                step.topic,
                num_partitions=step.partitions,
                replication_factor=step.replication_factor or -1,
                config=dict(step.config),
            )
            for step in asked.values()
        ]
        return await self.change(
            "create_topics", lambda timeout: self._admin.create_topics(new, request_timeout=timeout)
        )

    async def _grow(self, asked: Mapping[str, GrowTopic]) -> Mapping[str, Exception | None]:
        new = [NewPartitions(step.topic, step.to) for step in asked.values()]
        return await self.change(
            "create_partitions",
            lambda timeout: self._admin.create_partitions(new, request_timeout=timeout),
        )

    async def _configure(
        self, asked: Mapping[str, SetTopicConfig]
    ) -> Mapping[str, Exception | None]:
        resources = [
            ConfigResource(
                ResourceType.TOPIC,
                step.topic,
                incremental_configs=[
                    ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                    for name, value in step.config.items()
                ],
            )
            for step in asked.values()
        ]
        answers = await self.change(
            "incremental_alter_configs",
            lambda timeout: self._admin.incremental_alter_configs(
                resources, request_timeout=timeout
            ),
        )
        return {resource.name: answer for resource, answer in answers.items()}

    async def _delete(self, asked: Mapping[str, DeleteTopic]) -> Mapping[str, Exception | None]:
        return await self.change(
            "delete_topics",
            lambda timeout: self._admin.delete_topics(list(asked), request_timeout=timeout),
        )

    async def change(
        self, request: str, start: Callable[[float], Answers]
    ) -> Mapping[Any, Exception | None]:
        """Send a request that changes something; each topic's fault, or None.

        Raises:
            NotLeading: nothing was sent.
            KafkaFault: nobody answers.
        """
        left = self._fence.left(asyncio.get_running_loop().time())
        if not left:
            raise NotLeading("this replica is not the leader: nothing was changed in Kafka")
        answers = await self._exchange(request, start, min(REQUEST_SECONDS, left))
        return {
            key: self._unless_done(answer) if _failed(answer) else None
            for key, answer in answers.items()
        }

    def _unless_done(self, error: KafkaException) -> KafkaFault | None:
        reason = reason_of(error)
        if reason.code() in _DONE_ALREADY:
            return None
        return fault_of(reason, self._servers, self._newest)

    async def _exchange(
        self, request: str, start: Callable[[float], Answers], seconds: float
    ) -> Mapping[Any, Any]:
        """Each topic's answer or KafkaException. Raises KafkaFault where nobody answers any."""
        futures = start(seconds)
        # librdkafka's own timeout comes first; ours is for a librdkafka that hangs.
        waiting = [asyncio.wrap_future(future) for future in futures.values()]
        try:
            async with asyncio.timeout(seconds + 2):
                found = await asyncio.gather(*waiting, return_exceptions=True)
        except TimeoutError:
            found = [KafkaException(KafkaError(KafkaError._TIMED_OUT))] * len(futures)
        answers = dict(zip(futures, found, strict=True))
        self._judge(request, answers)
        return answers

    def _judge(self, request: str, answers: Mapping[Any, Any]) -> None:
        faults = [
            fault_of(reason_of(answer), self._servers, self._newest)
            for answer in answers.values()
            if _failed(answer)
        ]
        nobody = [
            f for f in faults if f.reason in {"Unreachable", "CredentialsRefused", "TlsFailed"}
        ]
        self._metrics.asked_kafka(request, "failed" if nobody else "ok", len(answers))
        if not nobody or len(nobody) < len(answers):
            self._fault, self._rest, self._newest = None, FIRST_REST_SECONDS, None
            return
        self._admin.poll(0)  # the newest error of a connection may say more than a time-out
        if self._newest is not None:
            nobody = [
                fault_of(KafkaError(KafkaError._TIMED_OUT), self._servers, self._newest),
                *nobody,
            ]
        self._fault = nobody[0]
        rest = self._rng.uniform(self._rest / 2, self._rest)
        self._rest_until = asyncio.get_running_loop().time() + rest
        self._rest = min(MAX_REST_SECONDS, self._rest * 2)
        raise self._fault

    def _on_error(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # which only sums up
            self._newest = error


def _failed(answer: Any) -> bool:
    return isinstance(answer, BaseException)


def _topic(described: Any, config: Mapping[str, Any]) -> TopicObserved:
    own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return TopicObserved(
        topic_id=str(described.topic_id),
        partitions=len(described.partitions),
        replication_factor=max((len(p.replicas) for p in described.partitions), default=0),
        config={
            name: entry.value
            for name, entry in config.items()
            if entry.source == own and entry.value is not None
        },
    )
