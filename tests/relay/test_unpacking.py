"""How much a batch unpacks to, told from outside: never less than the decoders then give."""

from __future__ import annotations

import gzip
import random
import struct
import tracemalloc
from collections.abc import Callable
from itertools import product

import pytest
from aiokafka import codec as aiokafka_codec
from hypothesis import given, settings
from hypothesis import strategies as st

from unionflow_relay.core.unpacking import GZIP, LZ4, SNAPPY, ZSTD, unpacks_within

Pack = Callable[[bytes], bytes]
CODECS: dict[str, tuple[int, Pack, Pack]] = {
    "gzip": (GZIP, aiokafka_codec.gzip_encode, aiokafka_codec.gzip_decode),
    "snappy": (SNAPPY, aiokafka_codec.snappy_encode, aiokafka_codec.snappy_decode),
    "raw snappy": (
        SNAPPY,
        lambda data: bytes(aiokafka_codec.snappy_encode(data, xerial_compatible=False)),
        aiokafka_codec.snappy_decode,
    ),
    "lz4": (LZ4, aiokafka_codec.lz4_encode, aiokafka_codec.lz4_decode),
    "zstd": (ZSTD, aiokafka_codec.zstd_encode, aiokafka_codec.zstd_decode),
}
MiB = 1 << 20
A_BLOCK = 4 * MiB  # the largest of any format
EACH = pytest.mark.parametrize(
    ("codec", "pack"), [(codec, pack) for codec, pack, _ in CODECS.values()], ids=CODECS.keys()
)


@EACH
@settings(deadline=None, max_examples=25)
@given(size=st.integers(1, 3 * MiB), noise=st.integers(0, 3_000))
def test_what_is_within_the_limit_is_let_through_and_what_is_over_it_by_a_block_is_not(
    codec: int, pack: Pack, size: int, noise: int
) -> None:
    data = random.Random(size).randbytes(noise) + b"x" * size
    packed = pack(data)
    assert unpacks_within(codec, packed, len(data))
    assert not unpacks_within(codec, packed, len(data) - A_BLOCK - 1) or len(data) <= A_BLOCK


@EACH
def test_a_bomb_is_told_and_not_unpacked(codec: int, pack: Pack) -> None:
    packed = pack(b"\x00" * 100 * MiB)
    tracemalloc.start()
    try:
        assert not unpacks_within(codec, packed, 32 * MiB)
        assert tracemalloc.get_traced_memory()[1] < A_BLOCK
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("codec", "pack", "unpack"), CODECS.values(), ids=CODECS.keys())
@settings(deadline=None, max_examples=60)
@given(at=st.integers(0, 200), bit=st.integers(0, 7), cut=st.integers(0, 60), extra=st.binary())
def test_whatever_the_decoder_still_takes_is_within_what_was_told(
    codec: int, pack: Pack, unpack: Pack, at: int, bit: int, cut: int, extra: bytes
) -> None:
    raw = bytearray(pack(b"la mutuelle " * 9_000))
    raw[at % len(raw)] ^= 1 << bit
    hostile = bytes(raw[: len(raw) - cut]) + extra
    limit = 50_000
    if unpacks_within(codec, hostile, limit):
        try:
            given_ = len(unpack(hostile))
        except Exception:  # noqa: BLE001  # each codec has its own
            given_ = 0
        assert given_ <= limit + A_BLOCK


SHORT = {
    "many blocks of nothing (zstd)": (
        ZSTD,
        struct.pack("<IBB", 0xFD2FB528, 0, 0) + b"\x00\x00\x00" * 100_000,
    ),
    "repeats of one byte (zstd)": (
        ZSTD,
        struct.pack("<IBB", 0xFD2FB528, 0, 0)
        + (2 | 131_072 << 3).to_bytes(3, "little") * 1
        + b"x" * 1
        + ((2 | 131_072 << 3).to_bytes(3, "little") + b"x") * 300,
    ),
    "many frames that say nothing (lz4)": (LZ4, struct.pack("<II", 0x184D2A50, 0) * 100_000),
    "many members (gzip)": (GZIP, gzip.compress(b"x") * 100),
    "a length of four gigabytes (snappy)": (SNAPPY, b"\xff\xff\xff\xff\x0f\x00"),
}


@pytest.mark.parametrize(("codec", "packed"), SHORT.values(), ids=SHORT.keys())
def test_refused_are(codec: int, packed: bytes) -> None:
    assert not unpacks_within(codec, packed, 32 * MiB)


@pytest.mark.parametrize(
    ("codec", "size"), list(product([GZIP, SNAPPY, LZ4, ZSTD, 7], [0, 1, 5, 17, 40]))
)
def test_noise_ends_the_sum_and_nothing_else(codec: int, size: int) -> None:
    assert unpacks_within(codec, b"\x00" * size, 1)
