"""permessage-deflate at a real relay: the same events in fewer bytes, and nothing for bombs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate

from tests.relay.clients import PLAIN, V1, Client, RawClient, client, raw_client, request_head
from tests.relay.framing import BINARY, CONT, PING, TEXT, Frames, framed, outcome
from tests.relay.live import RunningRelay
from tests.relay.topics import MEMBERS, STATS, Topics, body

pytestmark = pytest.mark.kafka

OFFER = "permessage-deflate; client_max_window_bits"
DEFLATE = "deflate"
RSV1 = 4
TALE = "la mutuelle a approuve la cotisation du membre " * 20


@pytest.fixture(scope="module")
def deflating(
    shared_topics: Topics, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """A relay that compresses."""
    settings = {**shared_topics.settings, "UNIONFLOW_COMPRESSION": DEFLATE}
    folder = tmp_path_factory.mktemp("deflating")
    with RunningRelay.start(folder, shared_topics.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


def is_compressed(one: Client) -> bool:
    return any(
        isinstance(extension, PerMessageDeflate)
        and extension.remote_no_context_takeover
        and extension.local_no_context_takeover
        for extension in one.connection.protocol.extensions
    )


@pytest.mark.parametrize("dialect", [PLAIN, V1])
async def test_who_compresses_and_who_does_not_get_the_same_events(
    deflating: RunningRelay, shared_topics: Topics, dialect: str
) -> None:
    org = f"deflate-{dialect}"
    async with (
        client(deflating, dialect, organization=org, compression=DEFLATE) as packed,
        client(deflating, dialect, organization=org) as bare,
    ):
        assert is_compressed(packed)
        assert not is_compressed(bare)
        bodies = [body(f"{dialect}{n}", org, tale=TALE[: n * 90]) for n in range(9)]
        shared_topics.write(MEMBERS, bodies, key=org)
        await packed.until_event(f"{dialect}8")
        await bare.until_event(f"{dialect}8")
        assert packed.events == bare.events
        assert packed.positions == bare.positions
        assert await packed.drained() == packed.events  # its own ping was compressed too


async def test_a_replay_is_compressed_too(deflating: RunningRelay, shared_topics: Topics) -> None:
    org = "deflate-replay"
    async with client(deflating, V1, organization=org, compression=DEFLATE) as one:
        cursor = one.resume
        shared_topics.write(MEMBERS, [body(f"r{n}", org, tale=TALE) for n in range(50)], key=org)
        await one.until_event("r49")
        live = one.ids()
    async with raw_client(deflating) as raw:
        data = await answer_to(raw, f"/ws/dashboard?organization={org}&cursor={cursor}")
        while b'"recovered"' not in data:
            data += await raw.receive()
        assert len(data) < 50 * 600, "each is over a kilobyte"
    async with client(deflating, V1, organization=org, compression=DEFLATE, cursor=cursor) as back:
        await back.until("recovered")
        assert back.ids() == live


async def answer_to(one: RawClient, target: str) -> bytes:
    """What follows on a handshake that offers compression, which is to be taken."""
    headers = {"Sec-WebSocket-Protocol": V1, "Sec-WebSocket-Extensions": OFFER}
    await one.send(request_head(target, headers))
    data = b""
    while b"\r\n\r\n" not in data:
        data += await one.receive()
    head, _, rest = data.partition(b"\r\n\r\n")
    assert (
        b"\r\nSec-WebSocket-Extensions: permessage-deflate; "
        b"server_no_context_takeover; client_no_context_takeover" in head
    )
    return rest


async def test_only_what_is_worth_it_is_compressed(
    deflating: RunningRelay, shared_topics: Topics
) -> None:
    org = "deflate-worth"
    small, large = body("small", org), body("large", org, tale=TALE)
    async with raw_client(deflating) as raw:
        frames = Frames(raw, await answer_to(raw, f"/ws/dashboard?organization={org}"))
        shared_topics.write(MEMBERS, [small, large], partition=0)
        said = [await frames.next() for _ in range(3)]
    welcome, first, second = said
    assert welcome[1].startswith(b'{"type":"welcome"')
    assert first[0] == TEXT
    assert small in first[1]
    assert second[0] == TEXT | 0x40
    assert large in zlib.decompressobj(-15).decompress(second[1] + b"\x00\x00\xff\xff")
    assert len(second[1]) < len(large) / 4


async def test_a_relay_that_does_not_compress_says_so(
    relay: RunningRelay, shared_topics: Topics
) -> None:
    async with client(relay, V1, organization="bare", compression=DEFLATE) as one:
        assert one.connection.protocol.extensions == []
        shared_topics.write(STATS, [body("bare", "bare", tale=TALE)], key="bare")
        await one.until_event("bare")


def packed(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (squeezer.compress(data) + squeezer.flush(zlib.Z_SYNC_FLUSH))[:-4]


BOMB = packed(b"\x00" * 50_000_000)
PINGED = packed(b"ping")
HOSTILE: dict[str, tuple[int, list[bytes]]] = {
    "a bomb": (1009, [framed(TEXT, BOMB, rsv=RSV1)]),
    "a bomb in two fragments": (
        1009,
        [framed(TEXT, BOMB[:9_000], rsv=RSV1, fin=False), framed(CONT, BOMB[9_000:])],
    ),
    "64 KiB and one byte of packed data": (
        1009,
        [framed(TEXT, b"x" * 65_537, rsv=RSV1)],
    ),
    "no DEFLATE data": (1002, [framed(TEXT, b"\xff\xff", rsv=RSV1)]),
    "a packed ping": (1002, [framed(PING, PINGED, rsv=RSV1)]),
    "a packed continuation": (
        1002,
        [framed(TEXT, PINGED[:2], rsv=RSV1, fin=False), framed(CONT, PINGED[2:], rsv=RSV1)],
    ),
    "a packed continuation of what is not packed": (
        1002,
        [framed(TEXT, b"pi", fin=False), framed(CONT, PINGED, rsv=RSV1)],
    ),
    "reserved bit 2": (1002, [framed(TEXT, PINGED, rsv=RSV1 | 2)]),
    "reserved bit 3": (1002, [framed(TEXT, PINGED, rsv=RSV1 | 1)]),
    "a packed binary": (1003, [framed(BINARY, PINGED, rsv=RSV1)]),
    "packed bytes that are no UTF-8": (1007, [framed(TEXT, packed(b"\xff"), rsv=RSV1)]),
}


@pytest.mark.parametrize(("code", "sent"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_client_that_compresses_is_closed_with_the_right_code_on(
    deflating: RunningRelay, code: int, sent: list[bytes]
) -> None:
    ended = await outcome(deflating, sent, extensions=OFFER)
    assert (ended.code, ended.said) == (code, [])


async def test_a_compressed_message_is_taken_whole_and_in_fragments(
    deflating: RunningRelay,
) -> None:
    whole = framed(TEXT, PINGED, rsv=RSV1)
    cut = framed(TEXT, PINGED[:2], rsv=RSV1, fin=False) + framed(CONT, PINGED[2:])
    ended = await outcome(deflating, [whole, cut, framed(TEXT, b"ping")], extensions=OFFER)
    assert ended.code is None
    assert ended.said == [(TEXT, b"pong")] * 3


async def test_a_hundred_bombs_take_no_memory(deflating: RunningRelay) -> None:
    before = deflating.resident_bytes()
    for _ in range(100):
        await outcome(deflating, [framed(TEXT, BOMB, rsv=RSV1)], extensions=OFFER)
    assert deflating.resident_bytes() - before < 20_000_000


async def test_compression_is_no_label_of_a_metric(deflating: RunningRelay) -> None:
    async with client(deflating, V1, organization="x", compression=DEFLATE):
        assert deflating.metric("connections", dialect=V1) == 1
        assert deflating.metric("connections") == 1
