"""Many come back: few reads, few at a time, nobody held up by another, and memory is given back."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.relay.model import Seen
from tests.relay.phone import EARLIEST, Phone
from tests.relay.virtual_time import VirtualTimeLoop
from tests.relay.world import Log, Pod, Row, Socket, World
from unionflow_events import EVERYONE, Audience, Scope
from unionflow_relay.adapters.websocket import replays
from unionflow_relay.adapters.websocket.replays import Unsent
from unionflow_relay.adapters.websocket.tickets import CONVOYS_AT_ONCE
from unionflow_relay.core.audience import View
from unionflow_relay.core.dialects import Dialect
from unionflow_relay.core.shelf import KEEP_SECONDS

PARTITIONS = 2
AMPLE = 10**7
ALL = 10**9
SEEN = Seen(View(Dialect.V1, organizations=frozenset({"A"})), None)
OF_NOBODY_HERE = Row(Audience(Scope.ORGANIZATION, "B"))
ROW = Row(Audience(Scope.ORGANIZATION, "A"))


class Storm:
    """A pod that keeps nothing in memory, and phones that were there before the records came."""

    def __init__(self, loop: VirtualTimeLoop, unsent: Unsent | None = None) -> None:
        self.loop = loop
        self.world = World()
        self.world.make("a", PARTITIONS)
        self.phones: list[Phone] = []

        async def start() -> asyncio.Task[None]:
            self.pod = Pod(self.world, loop, 0, AMPLE, unsent)
            return asyncio.create_task(self.pod.run())

        self.running = loop.run_until_complete(start())

    @property
    def logs(self) -> Sequence[Log]:
        return self.world.topics["a"]

    def were_there(self, number: int, seen: Callable[[int], Seen] = lambda _n: SEEN) -> list[Phone]:
        """Phones that have a cursor from now and are away."""
        phones = [Phone(self.world, seen(n)) for n in range(number)]

        async def visit() -> None:
            for phone in phones:
                phone.connect(self.pod, Socket(self.loop), "live")
                phone.read(ALL)
                phone.cut()

        self.loop.run_until_complete(visit())
        self.phones += phones
        return phones

    def write(self, number: int, row: Callable[[int], Row] = lambda _n: ROW) -> None:
        """Rows of each partition, which the pod has passed."""
        for log in self.logs:
            log.rows += [row(n) for n in range(number)]
        self.pod.pump({"a": number})

    def come(self, phones: Sequence[Phone], *, over: float, how: str = "query") -> None:
        """Connect, evenly spread over some seconds."""

        async def arriving() -> None:
            for phone in phones:
                phone.connect(self.pod, Socket(self.loop), how)
                await asyncio.sleep(over / len(phones))

        self.loop.run_until_complete(arriving())

    def read_until_live(self, phones: Sequence[Phone], size: int = ALL) -> float:
        """Everyone reads, `size` bytes each 20 ms; how long until all are live."""
        began = self.loop.time()

        async def reading() -> None:
            while any(not self._is_live(phone) for phone in phones):
                for phone in self.phones:
                    phone.read(size)
                await asyncio.sleep(0.02)
                assert self.loop.time() - began < 300, "somebody never gets there"

        self.loop.run_until_complete(reading())
        return self.loop.time() - began

    def _is_live(self, phone: Phone) -> bool:
        ends = [phone.claim.get((log.lane.short_id, log.lane.partition)) for log in self.logs]
        return ends == [len(log.rows) for log in self.logs]

    def gauge(self, name: str, **labels: str) -> float:
        value = self.pod.metrics.registry.get_sample_value(f"unionflow_relay_{name}", labels)
        assert value is not None
        return value


@pytest.fixture
def loop() -> Iterator[VirtualTimeLoop]:
    loop = VirtualTimeLoop()
    asyncio.set_event_loop(loop)
    yield loop
    for task in asyncio.all_tasks(loop):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
    loop.close()
    asyncio.set_event_loop(None)


def test_a_crowd_with_a_cursor_each_that_comes_over_seconds_reads_each_record_once(
    loop: VirtualTimeLoop,
) -> None:
    storm = Storm(loop)
    for _ in range(20):
        storm.were_there(6)
        storm.write(4)
    written = sum(len(log.rows) for log in storm.logs)
    crowd = random.Random(7).sample(storm.phones, len(storm.phones))
    storm.come(crowd, over=3)
    storm.read_until_live(crowd)
    assert storm.pod.kafka.offsets_read == written
    assert storm.gauge("replay_read_records_total") == written


def test_live_records_that_come_meanwhile_are_not_read_again(loop: VirtualTimeLoop) -> None:
    """Not even where there is no history at all."""
    storm = Storm(loop)
    crowd = storm.were_there(60)
    storm.write(100)
    for tenth in range(10):
        storm.come(crowd[tenth * 6 : tenth * 6 + 6], over=0.3)
        storm.write(2)
    storm.read_until_live(crowd)
    assert storm.pod.kafka.offsets_read == PARTITIONS * 100


def test_nobody_waits_for_one_who_is_very_much_further_behind(loop: VirtualTimeLoop) -> None:
    storm = Storm(loop)
    storm.write(5_000)
    near = storm.were_there(10)
    storm.write(20)
    far = [Phone(storm.world, SEEN)]
    storm.phones += far
    storm.come(far, over=0, how=EARLIEST)
    storm.come(near, over=0.05)
    assert storm.read_until_live(near) < 1
    assert not storm._is_live(far[0])
    assert storm.read_until_live(far) > 1


def test_of_a_kind_few_convoys_are_under_way_and_who_comes_meanwhile_goes_together(
    loop: VirtualTimeLoop,
) -> None:
    storm = Storm(loop)
    crowd = storm.were_there(100)
    storm.write(500, lambda _n: OF_NOBODY_HERE)
    storm.pod.kafka.fetch = storm.pod.kafka.chunk = 1  # a second for all
    storm.come(crowd, over=0.9)
    assert storm.gauge("replaying", state="going") > 0
    assert storm.gauge("replaying", state="waiting") > 0
    assert storm.pod.replays.convoys <= CONVOYS_AT_ONCE
    storm.read_until_live(crowd)
    assert [storm.gauge("replaying", state=state) for state in ("going", "waiting", "slow")] == [
        0
    ] * 3
    assert storm.pod.replays.convoys == 0


def test_who_leaves_while_it_waits_for_a_convoy_is_forgotten(loop: VirtualTimeLoop) -> None:
    storm = Storm(loop)
    crowd = storm.were_there(100)
    storm.write(500)
    storm.world.away = True
    storm.come(crowd, over=2)
    assert storm.gauge("replaying", state="waiting") > 0

    async def leave() -> None:
        for phone in crowd:
            phone.cut()

    loop.run_until_complete(leave())
    assert storm.gauge("replaying", state="waiting") == 0
    storm.world.away = False
    loop.pass_time(5)
    assert storm.pod.replays.convoys == 0


class Room:
    """So many bytes may be unsent; what its sockets hold of them is looked at, as it is."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.phones: Sequence[Phone] = ()
        self.most = 0

    def unsent(self) -> int:
        unsent = sum(len(phone.socket.unread) for phone in self.phones if phone.socket)
        self.most = max(self.most, unsent)
        return unsent

    def crowded(self) -> bool:
        return self.unsent() > self.limit

    def note_all(self, written: Sequence[bytes]) -> None:
        assert len({id(data) for data in written}) == len(written), "each is noted once"
        self.unsent()


def of_its_own(number: int) -> Seen:
    return Seen(View(Dialect.V1, organizations=frozenset({f"{number}"})), None)


def test_where_clients_have_much_to_read_replays_wait_and_lose_nothing(
    loop: VirtualTimeLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has records of its own, so that nothing that waits to be read is shared."""
    monkeypatch.setattr(replays, "TURN_BYTES", 500)
    room = Room(4_000)
    storm = Storm(loop, room)
    room.phones = crowd = storm.were_there(40, of_its_own)
    storm.write(400, lambda n: Row(Audience(Scope.ORGANIZATION, f"{n % 40}")))
    room.most = 0
    storm.come(crowd, over=0)
    storm.read_until_live(crowd, size=100)
    assert room.most < 4_000 + 40 * 500
    assert storm.gauge("replay_waits_total") > 0


def test_readers_who_do_not_read_cannot_hold_up_replays_for_ever(loop: VirtualTimeLoop) -> None:
    room = Room(0)
    storm = Storm(loop, room)
    deaf = storm.were_there(1)
    crowd = storm.were_there(5)
    storm.write(30)
    room.phones = deaf
    storm.come([*deaf, *crowd], over=0)
    storm.phones = crowd
    assert storm.read_until_live(crowd) < 30


def test_ten_seconds_after_a_storm_nothing_of_it_is_kept(loop: VirtualTimeLoop) -> None:
    storm = Storm(loop)
    crowd = storm.were_there(30)
    storm.write(200, lambda _n: Row(EVERYONE))
    storm.come(crowd, over=1)
    storm.read_until_live(crowd)
    assert storm.pod.shelf.size > 0
    loop.pass_time(KEEP_SECONDS + 1)
    assert storm.pod.shelf.size == 0
