"""Plans against a cluster: what is there is read once, by the operator's own gatherer."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from unionflow_cli.plan.errors import InvalidDocuments, NoStream
from unionflow_cli.plan.installed import Given, look_for_operator
from unionflow_cli.plan.offline import with_uid
from unionflow_cli.plan.planned import Planned, planned
from unionflow_cli.plan.reading import FORBIDDEN, AllowedSecrets, ReadingClient, Unheard
from unionflow_operator.adapters.kafka.pool import KafkaPool
from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.connection import load_configuration
from unionflow_operator.adapters.kube.discovery import served_kinds
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.api.changes import refused_changes
from unionflow_operator.api.stream import Stream, parse_status, parse_stream
from unionflow_operator.core.cache import Cache, Kind, Name, Object, name_of
from unionflow_operator.core.claimed import Claimed
from unionflow_operator.core.claims import claim_of
from unionflow_operator.core.desired import child_keys
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.lease import Fence
from unionflow_operator.core.refusal import refusals
from unionflow_operator.errors import InvalidStream, KubeFault
from unionflow_operator.reconcile.gather import Gatherer, Sources
from unionflow_operator.reconcile.memory import Memory

OWNER_LABEL = "app.kubernetes.io/instance"


class Look:
    """One look at a cluster."""

    def __init__(self, client: ReadingClient, pool: KafkaPool, given: Given) -> None:
        self._client = client
        self._pool = pool
        self._given = given
        self._cache = Cache(OWNER_LABEL)
        self._claimed = Claimed()
        self._there: dict[Name, Object] = {}
        self._notes: tuple[str, ...] = ()
        self._installation: Installation
        self._served: frozenset[Kind]

    async def of_file(self, streams: Sequence[Stream]) -> tuple[Planned, ...]:
        """What applying these would come to, in order.

        Raises:
            InvalidDocuments: the API server or the policy would refuse some of it.
            KubeFault: the cluster could not be read.
        """
        await self._begin(streams[0].namespace)
        merged = [self._merged(stream, number) for number, stream in enumerate(streams)]
        problems = [line for stream in merged for line in self._refusals(stream)]
        if problems:
            raise InvalidDocuments(tuple(problems))
        for stream in merged:
            self._claim(stream)
        return tuple([await self._plan(stream) for stream in merged])

    async def of_name(self, name: Name) -> Planned:
        """What the operator would do for it now.

        Raises:
            NoStream: there is none.
            InvalidStream: it cannot be read, or asks for what the policy refuses.
            KubeFault: the cluster could not be read.
        """
        await self._begin(name.namespace)
        if name not in self._there:
            raise NoStream(f"there is no stream {name}")
        stream = parse_stream(self._there[name])
        if refused := refusals(stream, self._installation):
            raise InvalidStream(refused)
        return await self._plan(stream)

    async def _begin(self, namespace: str) -> None:
        self._installation, notes = await look_for_operator(self._client, self._given)
        self._served = await served_kinds(self._client)
        found, unseen = await self._streams(namespace)
        self._notes = (*notes, *unseen)
        for raw in found:
            self._there[name_of(raw)] = raw
            try:
                self._claim(parse_stream(raw))
            except InvalidStream:  # the operator leaves it alone too
                continue

    async def _streams(self, namespace: str) -> tuple[Sequence[Object], tuple[str, ...]]:
        """All streams that may be seen."""
        try:
            return (await self._client.list(kinds.STREAM, None))[0], ()
        except KubeFault as fault:
            if fault.status == 404:
                return (), ("the cluster does not know the kind UnionflowStream yet",)
            if fault.status != FORBIDDEN:
                raise
        found, _ = await self._client.list(kinds.STREAM, namespace)
        return found, ("streams of other namespaces may not be read: their topics are not seen",)

    def _claim(self, stream: Stream) -> None:
        claim = claim_of(stream, self._installation)
        self._claimed.put(Name(stream.namespace, stream.name), claim)

    def _merged(self, stream: Stream, number: int) -> Stream:
        """The file's wish in the object that is there."""
        raw = self._there.get(Name(stream.namespace, stream.name))
        if raw is None:
            return with_uid(stream, number)
        metadata = raw["metadata"]
        there = {
            "uid": metadata["uid"],
            "generation": metadata.get("generation", 0),
            "resource_version": metadata["resourceVersion"],
            "created": metadata["creationTimestamp"],
            "deleted": metadata.get("deletionTimestamp"),
            "finalizers": tuple(metadata.get("finalizers") or ()),
            "status": parse_status(raw.get("status")),
        }
        return stream.model_copy(update=there)

    def _refusals(self, stream: Stream) -> tuple[str, ...]:
        refused = refusals(stream, self._installation)
        raw = self._there.get(Name(stream.namespace, stream.name))
        try:
            before = parse_stream(raw) if raw is not None else None
        except InvalidStream:
            before = None
        changed = refused_changes(before.spec, stream.spec) if before is not None else ()
        return tuple(f"{stream.namespace}/{stream.name}: {line}" for line in (*refused, *changed))

    async def _plan(self, stream: Stream) -> Planned:
        await self._read_children(stream)
        secrets = AllowedSecrets(self._client)
        sources = Sources(
            installation=self._installation,
            cache=self._cache,
            claimed=self._claimed,
            client=self._client,
            secrets=secrets,
            pool=self._pool,
            soundings=Unheard(),
            served=lambda: self._served,
        )
        # Which of these are somebody else's, the operator learns when it would make them.
        memory = Memory(foreign={key for key in child_keys(stream) if self._is_served(key)})
        gathered = await Gatherer(sources).gather(stream, memory)
        denied = [
            f"Secret {name} may not be read by you: what needs it is not planned"
            for name in sorted(secrets.denied)
        ]
        return planned(gathered.observed, datetime.now(UTC), (*self._notes, *denied))

    def _is_served(self, key: tuple[str, str, str]) -> bool:
        kind = kinds.kind_named(key[0], key[1])
        return kind in kinds.BUILT_IN_CHILDREN or kind in self._served

    async def _read_children(self, stream: Stream) -> None:
        selector = f"{OWNER_LABEL}={stream.name}"
        for kind in (*kinds.BUILT_IN_CHILDREN, *sorted(self._served)):
            for obj in (await self._client.list(kind, stream.namespace, selector))[0]:
                self._cache.put(kind, obj)


@asynccontextmanager
async def looking(kubeconfig: str | None, context: str | None, given: Given) -> AsyncIterator[Look]:
    """A look at a cluster, with clients that can only read.

    kubeconfig: a path; None for a pod's account. context: None for the file's own.

    Raises:
        NoCluster: the kubeconfig gives no way to one.
    """
    metrics, nothing = OperatorMetrics(), Fence(0.0)
    configuration = await load_configuration(kubeconfig, context)
    client = ReadingClient(configuration, nothing, metrics)
    dice = random.Random()  # noqa: S311  # spreads retries; guards nothing
    pool = KafkaPool(nothing, metrics, dice, math.inf)
    try:
        yield Look(client, pool, given)
    finally:
        await pool.close()
        await client.close()
