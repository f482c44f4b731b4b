"""`/livez` fails when the watch or the queue is dead, and not when the API server is away."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial

import kopf
import pytest

from tests.support.apiserver import ApiServer
from unionflow_operator.adapters.kube.client import KubeClient
from unionflow_operator.adapters.kube.connection import kopf_login, load_configuration
from unionflow_operator.adapters.kube.kinds import STREAM
from unionflow_operator.adapters.kube.watch import Watch
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Cache, Name
from unionflow_operator.core.claimed import Claimed
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.lease import Fence
from unionflow_operator.health import DEAF_TIMES, DYING_SECONDS, STUCK_SECONDS, Health
from unionflow_operator.news.inbox import Inbox
from unionflow_operator.news.resync import Resync
from unionflow_operator.news.watching import Watching
from unionflow_operator.reconcile.outcome import Outcome, Result
from unionflow_operator.reconcile.workers import Workers

TURNS = 31
STREAM_NAME = Name("prod", "mutuelle")


async def look(_name: Name) -> Outcome:
    return Outcome(Result.CONVERGED)


class Parts:
    """An operator's parts, joined as the application joins them."""

    def __init__(self, client: KubeClient, watch: Watch) -> None:
        rng = random.Random(1)
        metrics = OperatorMetrics()
        self.health = Health(metrics)
        self.workers = Workers(look, metrics, rng, parallel=2)
        self.watching = Watching(lambda: watch, metrics, rng)
        cache, claimed = Cache("label"), Claimed()
        installation = Installation(relay_image="relay", namespace="system")
        inbox = Inbox(cache, claimed, installation, metrics, self.workers.add, self.workers.forget)
        self.resync = Resync(client, inbox, metrics, (), 300, rng, self.watching.start_anew)

    def seconds(self, number: int) -> tuple[str, ...]:
        """So many seconds pass at once; the reasons to start the process anew."""
        for _ in range(number):
            now = asyncio.get_running_loop().time()
            self.health.on_second(self.watching, self.workers, self.resync, now)
        return tuple(self.health.liveness.reasons)


@pytest.fixture
async def parts(apiserver: ApiServer) -> Parts:
    configuration = await load_configuration(str(apiserver.kubeconfig))
    client = KubeClient(configuration, Fence(), OperatorMetrics())
    login = partial(kopf_login, str(apiserver.kubeconfig))
    return Parts(client, Watch((STREAM,), (), login, lambda *_: None))


async def test_a_queue_that_nobody_works_off_is_dead(parts: Parts) -> None:
    working = asyncio.create_task(parts.workers.run())
    await asyncio.sleep(0.01)
    assert parts.seconds(1) == ()
    working.cancel()
    assert parts.seconds(TURNS) == ("the queue has stopped turning",)


async def test_a_stream_that_is_never_taken_is_told(parts: Parts) -> None:
    long_ago = asyncio.get_running_loop().time() - STUCK_SECONDS - 1
    parts.workers.queue.add(STREAM_NAME, long_ago)
    assert parts.seconds(1) == ()  # one that does not lead takes none
    parts.workers.open(may_work=True)
    assert parts.seconds(1) == ("a stream has been due for 300 s",)


async def test_a_watch_that_stays_deaf_is_told(parts: Parts) -> None:
    parts.resync.deaf_in_a_row = DEAF_TIMES - 1
    assert parts.seconds(1) == ()
    parts.resync.deaf_in_a_row = DEAF_TIMES
    assert parts.seconds(1) == ("the watch tells nothing",)


async def test_a_watch_whose_loop_stands_is_dead_and_its_operator_not_yet(
    apiserver: ApiServer,
) -> None:
    release = 1.0

    async def standing_login() -> kopf.ConnectionInfo:
        time.sleep(release)  # noqa: ASYNC251  # kopf's loop is to stand still, and only that
        return await kopf_login(str(apiserver.kubeconfig))

    watch = Watch((STREAM,), (), standing_login, lambda *_: None)
    configuration = await load_configuration(str(apiserver.kubeconfig))
    parts = Parts(KubeClient(configuration, Fence(), OperatorMetrics()), watch)
    running = asyncio.create_task(parts.watching.run())
    working = asyncio.create_task(parts.workers.run())
    await asyncio.sleep(0.3)
    said = parts.seconds(TURNS)
    assert "the watch has stopped turning" in said
    await asyncio.sleep(release + 0.2)
    parts.seconds(1)
    assert "the watch has stopped turning" not in parts.health.liveness.reasons
    for task in (running, working):
        task.cancel()


class Dying(Watch):
    """A watch that dies at its start, as one did where kopf found no name for its user."""

    async def _operate(self) -> None:
        raise KeyError("uid")


async def test_watches_that_die_at_their_start_are_told_at_once_and_end_the_process_in_time(
    apiserver: ApiServer, parts: Parts
) -> None:
    login = partial(kopf_login, str(apiserver.kubeconfig))
    parts.watching = Watching(
        lambda: Dying((STREAM,), (), login, lambda *_: None), OperatorMetrics(), random.Random(1)
    )
    parts.resync.synced = True
    running = asyncio.create_task(parts.watching.run())
    working = asyncio.create_task(parts.workers.run())
    await asyncio.sleep(0.5)
    assert parts.seconds(1) == ()
    assert parts.health.readiness.reasons == ("the watch died: KeyError: 'uid'",)
    later = asyncio.get_running_loop().time() + DYING_SECONDS
    parts.health.on_second(parts.watching, parts.workers, parts.resync, later)
    assert parts.health.liveness.reasons == ("each watch of 300 s has died",)
    for task in (running, working):
        task.cancel()


async def test_an_operator_that_has_not_seen_the_cluster_is_alive_and_not_ready(
    parts: Parts,
) -> None:
    assert parts.seconds(1) == ()
    assert parts.health.readiness.reasons == ("the API server has not answered yet",)
