"""The two Kafka requests that carry topic IDs, which aiokafka does not speak: Metadata and Fetch.

A fetch by name can silently mix a deleted topic with the one made after it under its name; a
fetch by ID cannot (KIP-516). Schemas: https://kafka.apache.org/protocol, Metadata v12, Fetch v13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

READ_COMMITTED = 1
NO_TAGS: Mapping[int, bytes] = {}
_NO_EPOCH = -1
_WHOLE_FETCH = (0, -1)  # KIP-227: no session is asked for


class Uuid(AbstractType[bytes]):
    """Sixteen bytes, most significant first."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """As it is."""
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        """The next sixteen bytes."""
        return data.read(16)


_NAME = CompactString("utf-8")
_NO_ID = bytes(16)


class MetadataResponseV12(Response):
    """What the cluster is: its brokers, and topics with their IDs and partition leaders."""

    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", _NAME),
                ("port", Int32),
                ("rack", _NAME),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", _NAME),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", _NAME),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class MetadataRequestV12(RequestStruct):
    """Asks for topics by name."""

    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = MetadataResponseV12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", _NAME), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class MetadataByName(Request[MetadataRequestV12]):
    """Topics by name, never creating one."""

    API_KEY = 3

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[MetadataRequestV12]) -> MetadataRequestV12:
        """The request in the only version that is spoken."""
        topics = [(_NO_ID, name, NO_TAGS) for name in self._names]
        return request_struct_class(topics, False, False, NO_TAGS)


class FetchResponseV13(Response):
    """Record batches, each partition with the offsets that tell how far behind it is."""

    API_KEY = 1
    API_VERSION = 13
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("session_id", Int32),
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("high_watermark", Int64),
                        ("last_stable_offset", Int64),
                        ("log_start_offset", Int64),
                        (
                            "aborted_transactions",
                            CompactArray(
                                ("producer_id", Int64),
                                ("first_offset", Int64),
                                ("tags", TaggedFields),
                            ),
                        ),
                        ("preferred_read_replica", Int32),
                        ("records", CompactBytes),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class FetchRequestV13(RequestStruct):
    """Asks for records from an offset of each partition, by topic ID."""

    FLEXIBLE_VERSION = True
    API_KEY = 1
    API_VERSION = 13
    RESPONSE_TYPE = FetchResponseV13
    SCHEMA = Schema(
        ("replica_id", Int32),
        ("max_wait_ms", Int32),
        ("min_bytes", Int32),
        ("max_bytes", Int32),
        ("isolation_level", Int8),
        ("session_id", Int32),
        ("session_epoch", Int32),
        (
            "topics",
            CompactArray(
                ("topic_id", Uuid),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("current_leader_epoch", Int32),
                        ("fetch_offset", Int64),
                        ("last_fetched_epoch", Int32),
                        ("log_start_offset", Int64),
                        ("partition_max_bytes", Int32),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        (
            "forgotten_topics_data",
            CompactArray(
                ("topic_id", Uuid),
                ("partitions", CompactArray(Int32)),
                ("tags", TaggedFields),
            ),
        ),
        ("rack_id", _NAME),
        ("tags", TaggedFields),
    )


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long a fetch may wait (ms) for how much, and how much it may bring (bytes)."""

    max_wait_ms: int = 500
    min_bytes: int = 1
    max_bytes: int = 8 * 1024 * 1024
    partition_max_bytes: int = 1024 * 1024


class FetchById(Request[FetchRequestV13]):
    """Records of `offsets`: topic ID -> partition -> first offset wanted."""

    API_KEY = 1

    def __init__(self, offsets: Mapping[bytes, Mapping[int, int]], limits: FetchLimits) -> None:
        self._offsets = offsets
        self._limits = limits

    def build(self, request_struct_class: type[FetchRequestV13]) -> FetchRequestV13:
        """The request in the only version that is spoken."""
        limits = self._limits
        topics = [
            (
                topic_id,
                [
                    (number, _NO_EPOCH, offset, _NO_EPOCH, -1, limits.partition_max_bytes, NO_TAGS)
                    for number, offset in partitions.items()
                ],
                NO_TAGS,
            )
            for topic_id, partitions in self._offsets.items()
        ]
        return request_struct_class(
            -1,
            limits.max_wait_ms,
            limits.min_bytes,
            limits.max_bytes,
            READ_COMMITTED,
            *_WHOLE_FETCH,
            topics,
            [],
            "",
            NO_TAGS,
        )


class PartitionAnswer(NamedTuple):
    """What a fetch response says of one partition.

    end: the last stable offset. start: the first that the log still has. aborted: (producer ID,
    first offset) of the transactions that were aborted in `records`.
    """

    topic_id: bytes
    partition: int
    error_code: int
    end: int
    start: int
    aborted: tuple[tuple[int, int], ...]
    records: bytes


def partition_answers(response: Any) -> Iterator[PartitionAnswer]:
    """Each partition of a FetchResponseV13, in its order."""
    for topic_id, partitions, *_ in response.topics:
        for number, code, _watermark, end, start, aborted, _replica, records, _ in partitions:
            transactions = tuple((producer, first) for producer, first, _ in aborted or ())
            yield PartitionAnswer(topic_id, number, code, end, start, transactions, records or b"")
