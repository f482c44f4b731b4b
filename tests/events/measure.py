"""What reading, making and packing events costs on this machine: `python -m tests.events.measure`.

For a person to read, beside figures of the same run; no test holds any of them.
"""

from __future__ import annotations

import json
import random
import sys
import timeit
from collections.abc import Callable, Iterator
from functools import partial

import orjson
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from tests.events.samples import approval, record
from unionflow_events import Event, EventType, new_event, parse, uuid7
from unionflow_events.cloudevents import headers_of

CODECS: dict[str, tuple[int, Callable[[bytes], object]]] = {
    "none": (0, bytes),
    "lz4": (3, codec.lz4_decode),
    "zstd": (4, codec.zstd_decode),
}
BATCH_HEADER = 61  # bytes of Kafka's record batch before its records


def microseconds(work: Callable[[], object], number: int = 20_000) -> float:
    """The best of five runs, a call."""
    return min(timeit.repeat(work, number=number, repeat=5)) / number * 1e6


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def measure_events() -> None:
    own = approval()
    fields = orjson.loads(own.encoded)
    foreign = {"eventType": own.event_type, "data": own.data}
    rows = {
        f"parse, our own record of {len(own.encoded)} bytes": record(own.encoded),
        "parse, the same with spaces": record(json.dumps(fields).encode()),
        "parse, only eventType and data": record(foreign, key=b"mutuelle-dakar"),
        "parse, 900 KB of x": record(b"x" * 900_000),
        "parse, 5,000 levels": record(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    }
    for name, each in rows.items():
        say(f"{name:44} {microseconds(partial(parse, each)):9.2f} us")
    made = microseconds(
        lambda: new_event(
            EventType.APPROVAL_PENDING,
            data=own.data,
            organization_id="mutuelle-dakar",
            id=own.id,
            timestamp_ms=1_795_514_400_123,
        )
    )
    say(f"{'new_event':44} {made:9.2f} us")


def various(count: int) -> list[Event]:
    """Events that differ where those of a busy minute would."""
    dice = random.Random(1)
    return [
        approval(
            data={
                "id": f"approval-{dice.randrange(10**6)}",
                "transactionType": dice.choice(["LOAN", "WITHDRAWAL", "TRANSFER"]),
                "amount": f"{dice.randrange(10**7)}.00",
                "currency": "XOF",
                "requestedBy": f"user-{dice.randrange(1000)}",
                "reason": "Prêt pour la campagne agricole",
            },
            id=uuid7(1_795_514_400_000 + number, dice.randbytes(10)),
            organization_id=dice.choice(["mutuelle-dakar", "mutuelle-abidjan"]),
        )
        for number in range(count)
    ]


def batch(events: list[Event], number: int) -> Callable[[], bytearray]:
    """What packs a batch of the events, once."""
    builder = DefaultRecordBatchBuilder(
        2,
        number,
        is_transactional=0,
        producer_id=1,
        producer_epoch=0,
        base_sequence=0,
        batch_size=1 << 20,
    )
    for offset, event in enumerate(events):
        headers: list[tuple[str, bytes | None]] = [*headers_of(event, "unionflow", None)]
        builder.append(offset, 1_795_514_400_000, event.key, event.encoded, headers)
    return builder.build


def build_next(fresh: Iterator[Callable[[], bytearray]]) -> bytearray:
    return next(fresh)()


def measure_compression() -> None:
    say("\nrecords a batch, codec    bytes/record  pack us/record  unpack us/record")
    for count in (1, 25, 100):
        events = various(count)
        for name, (number, unpack) in CODECS.items():
            fresh = iter([batch(events, number) for _ in range(400)])
            packed = bytes(batch(events, number)())
            pack = microseconds(partial(build_next, fresh), 80)
            read = microseconds(partial(unpack, packed[BATCH_HEADER:]), 400)
            row = f"{len(packed) / count:12.0f} {pack / count:15.2f} {read / count:17.2f}"
            say(f"{count:15} {name:8} {row}")


if __name__ == "__main__":
    measure_events()
    measure_compression()
