"""Joins the parts of an operator and runs them until it is told to stop."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import random
import socket
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

import structlog

from unionflow_operator.adapters.kafka.pool import KafkaPool
from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.connection import kopf_login, load_configuration
from unionflow_operator.adapters.kube.events import Events
from unionflow_operator.adapters.kube.leadership import Leadership
from unionflow_operator.adapters.kube.secrets import Secrets
from unionflow_operator.adapters.kube.watch import Watch, watched_kinds
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Cache, Name, Object, name_of
from unionflow_operator.core.claimed import Claimed
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.lease import Fence
from unionflow_operator.health import Health
from unionflow_operator.monitoring import load_bundle
from unionflow_operator.news.inbox import Inbox
from unionflow_operator.news.resync import Resync
from unionflow_operator.news.watching import Watching
from unionflow_operator.reconcile.carry_out import Hand
from unionflow_operator.reconcile.gather import Gatherer, Sources
from unionflow_operator.reconcile.reconciler import Reconciler
from unionflow_operator.reconcile.soundings import Soundings
from unionflow_operator.reconcile.workers import Workers
from unionflow_operator.settings import Configuration
from unionflow_runtime.adapters.management import management_app
from unionflow_runtime.adapters.servers import http_server
from unionflow_runtime.adapters.sockets import listen
from unionflow_runtime.adapters.stopping import Stop
from unionflow_runtime.errors import SettingsError

OWNER_LABEL = "app.kubernetes.io/instance"
log = structlog.get_logger("operator")


class Operator:
    """One operator process."""

    def __init__(self, configuration: Configuration) -> None:
        settings = self._settings = configuration.settings
        self._rng = random.Random()  # noqa: S311  # spreads work and retries; guards nothing
        self.metrics = OperatorMetrics()
        self.health = Health(self.metrics)
        # One that is alone by declaration leads for ever; any other only while its Lease lasts.
        self.fence = Fence(0.0 if settings.leader_election else math.inf)
        self._leads = not settings.leader_election
        self._installation = Installation(
            relay_image=settings.relay_image,
            namespace=settings.pod_namespace,
            resync_seconds=settings.resync_seconds,
            policy=configuration.policy,
            monitoring=load_bundle(settings.runbooks_url),
        )
        self.cache = Cache(OWNER_LABEL)
        self._claimed = Claimed()
        self.workers: Workers
        self._reconciler: Reconciler
        self._soundings: Soundings
        self._resync: Resync

    async def run(self) -> None:
        """Look after streams until SIGTERM or SIGINT.

        Raises:
            SettingsError: the management port cannot be had, or there is no way to a cluster.
        """
        management_socket = self._listen()
        client = await self.make_client()
        stop = Stop(asyncio.get_running_loop())
        pool = KafkaPool(self.fence, self.metrics, self._rng, self._settings.kafka_idle_seconds)
        self._join(client, pool)
        try:
            with self.health.watchdog:
                await self._serve(management_socket, stop, pool)
        finally:
            await self._soundings.close()
            await pool.close()
            await client.close()
        log.info("operator stopped")

    async def make_client(self) -> KubeClient:
        """The client of the API server. Raises NoCluster."""
        configuration = await load_configuration(self._settings.kubeconfig)
        return KubeClient(configuration, self.fence, self.metrics)

    def _join(self, client: KubeClient, pool: KafkaPool) -> None:
        settings, clock = self._settings, time.monotonic
        self._client = client
        self._synced = asyncio.Event()
        self.workers = Workers(self._reconcile, self.metrics, self._rng, settings.parallel)
        self._soundings = Soundings(
            self.metrics,
            settings.resync_seconds,
            self.workers.add,
            outside=settings.kubeconfig is not None,
        )
        events = Events(client, self.metrics, settings.identity, clock)
        sources = Sources(
            self._installation,
            self.cache,
            self._claimed,
            client,
            Secrets(client, clock, settings.secret_seconds),
            pool,
            self._soundings,
            lambda: self._resync.served,
        )
        self._reconciler = Reconciler(
            self.cache,
            Gatherer(sources),
            Hand(client, self.cache, events, self.metrics),
            settings.resync_seconds,
            clock,
            lambda: dt.datetime.now(dt.UTC),
        )
        self._inbox = Inbox(
            self.cache,
            self._claimed,
            self._installation,
            self.metrics,
            self.workers.add,
            self._on_gone,
        )
        self._watching = Watching(self._make_watch, self.metrics, self._rng)
        self._resync = Resync(
            client,
            self._inbox,
            self.metrics,
            settings.namespaces,
            settings.resync_seconds,
            self._rng,
            self._watching.start_anew,
        )
        self._leadership = Leadership(
            client, self.fence, settings.pod_namespace, settings.identity, self._rng, self._lead
        )

    def _make_watch(self) -> Watch:
        watched = tuple(watched_kinds(self._resync.served))
        for kind in watched:
            self._client.rights.check_watch(kind)
        return Watch(
            watched,
            self._settings.namespaces,
            partial(kopf_login, self._settings.kubeconfig),
            self._inbox.on_event,
        )

    async def _serve(self, management_socket: socket.socket, stop: Stop, pool: KafkaPool) -> None:
        management = http_server(
            management_app(
                "UnionFlow operator, management",
                self.health.readiness,
                self.health.liveness,
                self.metrics.exposition,
            )
        )
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(management.serve([management_socket]))
            workers = [group.create_task(work) for work in self._work(pool)]
            log.info(
                "operator runs",
                management_port=management_socket.getsockname()[1],
                namespaces=list(self._settings.namespaces) or "all",
                identity=self._settings.identity,
            )
            await stop.asked.wait()
            self.workers.open(may_work=False)
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)
            if self._settings.leader_election:
                await self._leadership.resign()
            management.should_exit = True
            await serving

    def _work(self, pool: KafkaPool) -> Iterator[Coroutine[Any, Any, None]]:
        yield self.workers.run()
        yield self._watch_once_synced()
        yield self._resync.run(self._on_synced)
        yield pool.run()
        yield self.health.run(self._watching, self.workers, self._resync, self._observe)
        if self._settings.leader_election:
            yield self._leadership.run()
        else:
            self.metrics.leader.set(1)

    async def _watch_once_synced(self) -> None:
        """The first list says which kinds there are."""
        await self._synced.wait()
        await self._watching.run()

    def _on_synced(self, kinds_changed: bool) -> None:
        first = not self._synced.is_set()
        self._synced.set()
        if kinds_changed and not first:
            self._watching.start_anew()
        if first:
            self.workers.open(may_work=self._leads)
        for raw in self.cache.all(kinds.STREAM):  # whatever may have become of their next look
            self.workers.add_within(name_of(raw), 2 * self._settings.resync_seconds)

    def _lead(self, leads: bool) -> None:
        self._leads = leads
        self.metrics.leader.set(float(leads))
        if leads:  # what the other has not finished is found by looking at all
            for raw in self.cache.all(kinds.STREAM):
                self.workers.add(name_of(raw))
        self.workers.open(may_work=leads and self._resync.synced)

    async def _reconcile(self, name: Name) -> Any:
        return await self._reconciler.reconcile(name)

    def _observe(self) -> None:
        self.workers.observe()
        ready = Counter(is_ready(raw) for raw in self.cache.all(kinds.STREAM))
        for word in ("True", "False", "Unknown"):
            self.metrics.streams.labels(word).set(ready[word])

    def _on_gone(self, name: Name) -> None:
        self._soundings.forget(name)
        self._reconciler.forget(name)
        self.workers.forget(name)

    def _listen(self) -> socket.socket:
        host, port = self._settings.host, self._settings.management_port
        try:
            return listen(host, port)
        except OSError as error:
            raise SettingsError(
                f"UNIONFLOW_MANAGEMENT_PORT={port}: {host}:{port} cannot be listened on: "
                f"{error.strerror}"
            ) from None


def is_ready(stream: Object) -> str:
    """What its condition `Ready` says: `True`, `False` or `Unknown`."""
    conditions = stream.get("status", {}).get("conditions") or ()
    said = (condition["status"] for condition in conditions if condition["type"] == "Ready")
    return next(said, "Unknown")
