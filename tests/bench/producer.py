"""Writes records to Kafka, as fast as possible or at a steady rate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, Message, Producer

from tests.bench.errors import NotProduced
from tests.bench.records import Draft

_DEADLINE = 20.0  # seconds


class Writer:
    """An idempotent producer without lingering, to the topics under a prefix."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """headers: beside those that every record has."""
        self._prefix = prefix
        self._headers = headers
        self._refused: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "linger.ms": 0,
                "log_level": 0,  # what goes wrong is raised here
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._producer.purge()
        self._producer.flush(_DEADLINE)

    def write(self, drafts: Sequence[Draft]) -> None:
        """Write all at once; returns when Kafka has them.

        Raises:
            NotProduced: Kafka refused one, or did not answer within 20 s.
        """
        for draft in drafts:
            self._send(draft)
        if self._producer.flush(_DEADLINE) or self._refused:
            raise NotProduced("; ".join(self._refused[:3]) or "Kafka does not answer")

    def write_steadily(self, drafts: Sequence[Draft], per_second: float) -> None:
        """Write one after the other at `per_second`; returns when Kafka has them.

        Raises:
            NotProduced: as `write`.
        """
        began = time.monotonic()
        for number, draft in enumerate(drafts):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            self._send(draft)
            self._producer.poll(0)
        self.write(())

    def _send(self, draft: Draft) -> None:
        self._producer.produce(
            self._prefix + draft.topic,
            draft.value(time.time_ns()),
            draft.key,
            headers=[
                *draft.headers,
                *self._headers,
            ],  # a list of its own kind, for the type checker
            on_delivery=self._delivered,
        )

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._refused.append(str(error))
