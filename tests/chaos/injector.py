"""Carries the schedule out: a room's faults one after the other, each healed before the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tests.chaos.client import Client, everyone
from tests.chaos.errors import AuditError
from tests.chaos.members import Registry
from tests.chaos.places import Lanes
from tests.chaos.proxy import Pipe
from tests.chaos.readback import read_back
from tests.chaos.schedule import Fault, Kind, Room
from tests.chaos.stage import PARTITIONS, Stage, insist
from tests.chaos.stream import TOPICS
from tests.chaos.writer import Writer

GROWN_BY = 2
IN_SYNC_SECONDS = 60.0


class Injector:
    """say: where to report what is done. found, retired: what a deleted topic had, see Truth.

    away: who of a room suffers just now.
    """

    def __init__(
        self,
        stage: Stage,
        clients: Sequence[Client],
        writer: Writer,
        lanes: Lanes,
        say: Callable[[str], None],
    ) -> None:
        self.found: dict[int, int] = {}
        self.retired: dict[int, str] = {}
        # A request to delete that a paused controller answers late would delete the new topic.
        self._administration = asyncio.Lock()
        self.away: dict[Room, set[int]] = {room: set() for room in Room}
        self.registry = Registry(clients, writer)
        self._stage = stage
        self._clients = clients
        self._writer = writer
        self._lanes = lanes
        self._say = say

    async def run(self, faults: Sequence[Fault]) -> None:
        """All of them, from now on.

        Raises:
            ExceptionGroup: of AuditError or what else stopped it.
        """
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for room in Room:
                mine = [fault for fault in faults if fault.room is room]
                group.create_task(self._room(begun, mine))

    async def _room(self, begun: float, faults: Sequence[Fault]) -> None:
        loop = asyncio.get_running_loop()
        for fault in faults:
            await asyncio.sleep(begun + fault.at - loop.time())
            self._say(f"{loop.time() - begun:7.1f} s  {fault}")
            self.away[fault.room].add(fault.target)
            match fault.room:
                case Room.BROKERS:
                    async with self._administration:
                        await self._to_broker(fault)
                case Room.RELAYS:
                    await self._to_relay(fault)
                case Room.TOPICS:
                    async with self._administration:
                        await self._to_topic(fault)
                case Room.CLIENTS:
                    self._to_clients(fault)
                case Room.MEMBERS:
                    await self.registry.revoke(fault)
            self.away[fault.room].discard(fault.target)

    async def _to_broker(self, fault: Fault) -> None:
        broker = self._stage.cluster.brokers[fault.target]
        if fault.kind is Kind.BROKER_PAUSE:
            broker.pause()
            await asyncio.sleep(fault.seconds)
            broker.resume()
        else:
            end = broker.kill if fault.kind is Kind.BROKER_KILL else broker.stop
            await asyncio.to_thread(end)
            await asyncio.sleep(fault.seconds)
            await asyncio.to_thread(broker.restart)
        await self._until_in_sync()

    async def _until_in_sync(self) -> None:
        """Every partition has all its replicas: the next broker may go."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + IN_SYNC_SECONDS
        while await insist(self._out_of_sync):
            if loop.time() > deadline:
                raise AuditError("the brokers do not come in sync again")
            await asyncio.sleep(0.5)

    def _out_of_sync(self) -> int:
        topics = self._stage.topics.admin.list_topics(timeout=5).topics
        return sum(
            len(partition.isrs) < len(partition.replicas)
            for topic in topics.values()
            for partition in topic.partitions.values()
        )

    async def _to_relay(self, fault: Fault) -> None:
        relay = self._stage.relays[fault.target]
        if fault.kind is Kind.RELAY_PAUSE:
            relay.pause()
            await asyncio.sleep(fault.seconds)
            relay.resume()
            return
        await (relay.kill() if fault.kind is Kind.RELAY_KILL else relay.stop())
        await asyncio.sleep(fault.seconds)
        await relay.start()

    async def _to_topic(self, fault: Fault) -> None:
        topics, name = self._stage.topics, TOPICS[fault.target]
        real = topics.prefix + name
        metadata = await insist(lambda: topics.admin.list_topics(timeout=5).topics)
        partitions = metadata[real].partitions
        replicas = len(partitions[0].replicas)
        if fault.kind is Kind.GROW:
            count = len(partitions) + GROWN_BY
            await insist(lambda: topics.create(name, partitions=count, replicas=replicas))
            return
        await asyncio.to_thread(self._writer.hold, name)
        old = await insist(lambda: topics.short_id(name))
        servers = topics.bootstrap_servers
        self.found |= await asyncio.to_thread(read_back, servers, {real: old}, self._lanes)
        for partition in partitions:
            self.retired[self._lanes.number(f"{old}.{partition}")] = real
        await insist(lambda: self._remake(name, old, replicas))
        await asyncio.sleep(1)  # a cluster that is well has done by then what it was asked twice
        await insist(lambda: self._remake(name, old, replicas))
        self._writer.release(name)

    def _remake(self, name: str, old: str, replicas: int) -> None:
        """Delete it if it is still the old one, and make it. May be called again."""
        topics = self._stage.topics
        if topics.prefix + name in topics.admin.list_topics(timeout=5).topics:
            if topics.short_id(name) != old:
                return
            topics.delete(name)
        topics.create(name, partitions=PARTITIONS, replicas=replicas)

    def _to_clients(self, fault: Fault) -> None:
        clients = [self._clients[number] for number in fault.clients]
        match fault.kind:
            case Kind.MOVE:
                everyone(clients, Client.move)
            case Kind.FORGET:
                everyone(clients, Client.forget)
            case Kind.EXPIRE:
                everyone(clients, lambda client: client.renew(fault.seconds))
            case Kind.RENEW:
                everyone(clients, Client.renew)
            case Kind.STALL:
                self._on_pipes(clients, lambda pipe: pipe.stall(fault.seconds))
            case Kind.SLOW:
                self._on_pipes(clients, lambda pipe: pipe.slow(fault.seconds))
            case Kind.DELAY:
                self._on_pipes(clients, lambda pipe: pipe.delay(fault.seconds))
            case Kind.CUT:
                self._on_pipes(clients, Pipe.cut)
            case Kind.RESET:
                self._on_pipes(clients, Pipe.reset)
            case _:
                raise AssertionError(f"{fault.kind} is nothing that is done to clients")

    def _on_pipes(self, clients: Sequence[Client], does: Callable[[Pipe], None]) -> None:
        for client in clients:
            if client.wire is not None:
                proxy = self._stage.relays[client.relay].proxy
                pipe = proxy.pipes.get(client.wire.local_port)
                if pipe is not None:
                    does(pipe)
