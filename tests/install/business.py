"""People at work by REST; afterwards each answer that they got has its event in Kafka."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx
from confluent_kafka import Consumer, TopicPartition

SOCIETY = "mutuelle-dakar"
TOPIC = "unionflow.finance.approvals"
_PAUSE_SECONDS = 0.1
_ANSWER_SECONDS = 5.0
_READ_SECONDS = 30.0


class Business:
    """Asks for one approval after the other, and again with the same key where nobody answers."""

    def __init__(self, api_url: str) -> None:
        self.granted: set[str] = set()
        self.refused: Counter[int] = Counter()
        self._api_url = api_url
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="business")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ends.set()
        self._thread.join()

    def _work(self) -> None:
        with httpx.Client(
            base_url=self._api_url, trust_env=False, timeout=_ANSWER_SECONDS
        ) as client:
            while not self._ends.wait(_PAUSE_SECONDS):
                self._ask(client, str(uuid.uuid4()))

    def _ask(self, client: httpx.Client, key: str) -> None:
        body = {
            "organizationId": SOCIETY,
            "transactionType": "LOAN",
            "amount": "1000",
            "currency": "XOF",
            "reason": key,
        }
        while True:
            try:
                answer = client.post(
                    "/finance/approvals", json=body, headers={"Idempotency-Key": key}
                )
            except httpx.HTTPError:
                if self._ends.wait(_PAUSE_SECONDS):
                    return  # whether it was done, nobody was told
                continue
            if answer.status_code == 201:
                self.granted.add(answer.json()["id"])
                return
            self.refused[answer.status_code] += 1
            if answer.status_code != 503 or self._ends.wait(_PAUSE_SECONDS):
                return


def announced(bootstrap_servers: str, prefix: str) -> Mapping[str, set[str]]:
    """The ids of all events of requested approvals in Kafka, by approval."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "install"})
    found: dict[str, set[str]] = {}
    try:
        topic = prefix + TOPIC
        partitions = consumer.list_topics(topic, timeout=_READ_SECONDS).topics[topic].partitions
        for partition in partitions:
            where = TopicPartition(topic, partition, 0)
            _, end = consumer.get_watermark_offsets(where, timeout=_READ_SECONDS)
            consumer.assign([where])
            at = 0
            while at < end:
                record = consumer.poll(_READ_SECONDS)
                assert record is not None, f"{topic}-{partition} ends at {at}, not at {end}"
                at = (record.offset() or 0) + 1
                event = json.loads(record.value() or b"{}")
                if event["eventType"] == "APPROVAL_PENDING":
                    found.setdefault(event["data"]["id"], set()).add(event["id"])
    finally:
        consumer.close()
    return found
