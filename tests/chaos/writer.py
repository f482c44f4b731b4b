"""Writes the stream to Kafka at a steady rate (acks=all), some of it in transactions.

It runs in threads of its own and goes on whatever happens to brokers: what is not acknowledged is
not written again, so that a number lies in Kafka once or not at all.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from tests.chaos.errors import AuditError
from tests.chaos.ledger import Entry, Outcome
from tests.chaos.stream import TOPICS, Change, Draft, Stream

NUMBER_HEADER = "audit"
MAX_OUTSTANDING = 2_000
TICK_SECONDS = 0.02
SETTLE_SECONDS = 60.0
TRANSACTION_SECONDS = 10.0
_SHORT = {
    "log_level": 0,
    "socket.timeout.ms": 6_000,
    "request.timeout.ms": 6_000,
    "topic.metadata.refresh.interval.ms": 1_000,
    "reconnect.backoff.max.ms": 500,
}


class Writer:
    """rate: records a second, of which a tenth are in transactions. entries: the ledger."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, stream: Stream, rate: float, rng: random.Random
    ) -> None:
        self.entries: list[Entry] = []
        self.acknowledged = 0
        self.problem: BaseException | None = None
        self._settings = {"bootstrap.servers": bootstrap_servers, **_SHORT}
        self._prefix = prefix
        self._stream = stream
        self._rate = rate
        self._rng = rng
        self._lock = threading.Lock()
        self._outstanding: Counter[str] = Counter()
        self._held: set[str] = set()
        self._changes: deque[Change] = deque()
        self._generation = 0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True)
            for work in (self._write, self._transact)
        ]

    def start(self) -> None:
        """Begin to write."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait until nothing is under way any more.

        Raises:
            AuditError: it could not write, or does not end.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * SETTLE_SECONDS)
        if any(thread.is_alive() for thread in self._threads):
            raise AuditError("the producer does not come to its end")
        if self.problem is not None:
            raise AuditError(f"the producer failed: {self.problem!r}") from self.problem

    def hold(self, topic: str) -> None:
        """Write no more to a topic; returns when nothing to it is under way.

        Raises:
            AuditError: something still is, after twice SETTLE_SECONDS.
        """
        with self._lock:
            self._held.add(topic)
        deadline = time.monotonic() + 2 * SETTLE_SECONDS
        while self._outstanding[topic]:
            if time.monotonic() > deadline:
                raise AuditError(f"{self._outstanding[topic]} records to {topic} are stuck")
            time.sleep(TICK_SECONDS)

    def release(self, topic: str) -> None:
        """Write to it again, with new producers: the old ones know the old topic."""
        with self._lock:
            self._held.discard(topic)
            self._generation += 1

    def change(self, change: Change) -> None:
        """Write that a member's right ends or comes again, as soon as can be."""
        self._changes.append(change)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as problem:  # noqa: BLE001  # whatever it is, `stop` raises it
            self.problem = problem

    def _draft(
        self, topics: Sequence[str] | None = None, change: Change | None = None
    ) -> tuple[int, Draft]:
        """The next record, counted as under way. topics: None for all that are not held."""
        with self._lock:
            chosen = topics or [topic for topic in TOPICS if topic not in self._held]
            number = len(self.entries)
            if change is not None:
                draft = self._stream.ruling(number, change)
            else:
                draft = self._stream.draft(number, chosen)
            self.entries.append(draft.entry)
            self._outstanding[draft.entry.topic] += 1
        return number, draft

    def _done(self, entry: Entry, outcome: Outcome) -> None:
        with self._lock:
            entry.outcome = outcome
            self._outstanding[entry.topic] -= 1
            self.acknowledged += outcome is Outcome.ACKNOWLEDGED

    def _write(self) -> None:
        settings = {
            **self._settings,
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.timeout.ms": int(SETTLE_SECONDS * 500),
        }
        begun, written = time.monotonic(), 0
        while not self._stop.is_set():
            generation = self._generation
            producer = Producer(settings)
            while generation == self._generation and not self._stop.is_set():
                due = int((time.monotonic() - begun) * self._rate * 0.9)
                if sum(self._outstanding.values()) > MAX_OUTSTANDING:
                    written = due  # what Kafka does not take now is not made up for later
                while self._changes:
                    number, draft = self._draft(change=self._changes.popleft())
                    self._produce(producer, number, draft, self._reporting(draft.entry))
                while written < due:
                    number, draft = self._draft()
                    self._produce(producer, number, draft, self._reporting(draft.entry))
                    written += 1
                producer.poll(TICK_SECONDS)
            producer.flush(SETTLE_SECONDS)

    def _reporting(self, entry: Entry) -> Callable[[Any, Any], None]:
        def report(error: Any, _message: Any) -> None:
            self._done(entry, Outcome.UNKNOWN if error is not None else Outcome.ACKNOWLEDGED)

        return report

    def _produce(
        self, producer: Producer, number: int, draft: Draft, report: Callable[[Any, Any], None]
    ) -> None:
        producer.produce(
            self._prefix + draft.entry.topic,
            draft.value,
            draft.key,
            timestamp=draft.timestamp_ms,
            headers=[(NUMBER_HEADER, str(number).encode())],
            on_delivery=report,
        )

    # Transactions

    def _transact(self) -> None:
        settings = {
            **self._settings,
            "transactional.id": f"{self._prefix}audit",
            "transaction.timeout.ms": int(TRANSACTION_SECONDS * 1_000),
            "linger.ms": 5,
        }
        while not self._stop.is_set():
            generation = self._generation
            producer = Producer(settings)
            if not _insisting(producer.init_transactions):
                continue
            while generation == self._generation and not self._stop.is_set():
                size = self._rng.randint(3, 25)
                if not self._transaction(producer, size, commit=self._rng.random() < 0.7):
                    break  # the next producer of this name ends what this one left open
                self._stop.wait(10 * size / self._rate)

    def _transaction(self, producer: Producer, size: int, *, commit: bool) -> bool:
        """One transaction. False where its outcome is not known."""
        with self._lock:
            topics = [topic for topic in TOPICS if topic not in self._held]
            topics = self._rng.sample(topics, 2)
            for topic in topics:
                self._outstanding[topic] += 1  # until it is over
        entries: list[Entry] = []
        outcome = Outcome.UNKNOWN
        try:
            producer.begin_transaction()
            for _ in range(size):
                number, draft = self._draft(topics)
                entries.append(draft.entry)
                self._produce(producer, number, draft, _ignore)
            outcome = _end(producer, commit=commit)
        except KafkaException:
            outcome = Outcome.UNKNOWN
        finally:
            for entry in entries:
                self._done(entry, outcome)
            with self._lock:
                for topic in topics:
                    self._outstanding[topic] -= 1
        return outcome is not Outcome.UNKNOWN


def _end(producer: Producer, *, commit: bool) -> Outcome:
    if commit:
        try:
            if _insisting(producer.commit_transaction):
                return Outcome.ACKNOWLEDGED
        except KafkaException as error:
            if not _reason(error).txn_requires_abort():
                return Outcome.UNKNOWN
    else:
        producer.flush(TRANSACTION_SECONDS)  # so that there is something to abort
    return Outcome.ABORTED if _insisting(producer.abort_transaction) else Outcome.UNKNOWN


def _insisting(call: Callable[[float], None]) -> bool:
    """Call until it is done, for SETTLE_SECONDS / 2 at most; False where it is not.

    Raises KafkaException where Kafka says that to insist is of no use.
    """
    deadline = time.monotonic() + SETTLE_SECONDS / 2
    while time.monotonic() < deadline:
        try:
            call(5.0)
        except KafkaException as error:
            if not _reason(error).retriable():
                raise
        else:
            return True
    return False


def _reason(error: KafkaException) -> KafkaError:
    reason = error.args[0]
    assert isinstance(reason, KafkaError)  # librdkafka's; only its stubs doubt it
    return reason


def _ignore(_error: Any, _message: Any) -> None:
    """The transaction's end says it for all of them."""
