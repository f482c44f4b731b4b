"""kopf carries the watch: streams and their children, as events into the operator's own loop.

kopf has a thread and a loop to itself. In ours it would take the process's signals, and when it
ends it cancels every task of its loop, whoever started it. Nothing but raw events is used of it:
its handlers of changes would write annotations and finalizers into streams.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any, cast

import kopf

from unionflow_operator.adapters.kube import kinds
from unionflow_operator.adapters.kube.forgetful import keep_nothing
from unionflow_operator.adapters.kube.trimming import trimmed
from unionflow_operator.core.cache import Kind, Object
from unionflow_runtime.core.pulse import Pulse

# A stream of events that is cut off without a word is left after INACTIVITY; bookmarks come every
# minute and count as events. SERVER: how long the API server serves one request of a watch.
INACTIVITY_SECONDS = 75.0
SERVER_SECONDS = 240  # an int: the API server parses no fraction
CLIENT_SECONDS = 300.0
CONNECT_SECONDS = 10.0
SELECTOR = "app.kubernetes.io/managed-by=unionflow-operator"
_STALL_TURNS = 30  # seconds without a turn of kopf's loop

Sink = Callable[[Kind, str, Object], None]
"""Takes (kind, `ADDED`, `MODIFIED`, `DELETED` or `LISTED`, the object), in the operator's loop."""


def selector_of(kind: Kind) -> str:
    """What is watched of a kind: all streams, and of anything else what carries our label."""
    return "" if kind == kinds.STREAM else SELECTOR


class Watch:
    """kopf, in a thread, until it is stopped or dies."""

    def __init__(
        self,
        watched: Collection[Kind],
        namespaces: Collection[str],
        login: Callable[[], Awaitable[kopf.ConnectionInfo]],
        sink: Sink,
    ) -> None:
        """namespaces: none for all of them."""
        self._watched = watched
        self._namespaces = namespaces
        self._login = login
        self._sink = sink
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self._home: asyncio.AbstractEventLoop
        self._ended: asyncio.Future[BaseException | None]
        self.pulse = Pulse(_STALL_TURNS)

    async def run(self) -> None:
        """Run until cancelled, or until kopf dies.

        Raises:
            Exception: what kopf died of.
        """
        self._home = asyncio.get_running_loop()
        self._ended = self._home.create_future()
        self._thread.start()
        try:
            error = await asyncio.shield(self._ended)
        finally:
            self._stop.set()
        if error is not None:
            raise error

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            asyncio.run(self._operate())
        except BaseException as caught:  # noqa: BLE001  # a thread's death is told to its owner
            error = caught
        if not self._home.is_closed():
            self._home.call_soon_threadsafe(self._tell_end, error)

    def _tell_end(self, error: BaseException | None) -> None:
        if not self._ended.done():
            self._ended.set_result(error)

    async def _operate(self) -> None:
        # Tasks of kopf's that nobody awaits die with it: what it died of is told by `run`.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        beating = asyncio.ensure_future(self._beat())
        try:
            await kopf.operator(
                registry=self._registry(),
                settings=self._settings(),
                standalone=True,
                # Left out, kopf asks for the user's name, which a container need not have.
                identity=cast("Any", "unionflow-operator"),
                clusterwide=not self._namespaces,
                namespaces=tuple(self._namespaces),
                stop_flag=self._stop,
            )
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            self.pulse.beat()
            await asyncio.sleep(0.5)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(self._on_login)
        for kind in self._watched:
            kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, param=kind)(
                self._on_event
            )
        return registry

    def _settings(self) -> kopf.OperatorSettings:
        settings = kopf.OperatorSettings()
        keep_nothing(settings)
        settings.process.ultimate_exiting_timeout = None  # it would be a SIGKILL
        settings.posting.enabled = False
        settings.scanning.disabled = True  # no watch of namespaces and CRDs, and no right to it
        settings.watching.server_timeout = SERVER_SECONDS
        settings.watching.client_timeout = CLIENT_SECONDS
        settings.watching.connect_timeout = CONNECT_SECONDS
        settings.watching.inactivity_timeout = INACTIVITY_SECONDS
        settings.watching.reconnect_backoff = 1.0
        settings.watching.chunk_size = 500
        settings.networking.request_timeout = CONNECT_SECONDS
        settings.networking.error_backoffs = (1, 2, 5)
        # A task per object that has just had an event; it ends when it has been idle this long.
        settings.queueing.idle_timeout = 0.2
        settings.queueing.exit_timeout = 0.5
        for kind in self._watched:
            if selector := selector_of(kind):
                settings.watching.label_selectors[kind.group, kind.version, kind.plural] = selector
        return settings

    async def _on_login(self, **_: Any) -> kopf.ConnectionInfo:
        return await self._login()

    async def _on_event(self, *, event: kopf.RawEvent, param: Any = None, **_: Any) -> None:
        obj = trimmed(
            param, cast("Mapping[str, Any]", event["object"])
        )  # a copy: kopf keeps its own
        what = event["type"] or "LISTED"
        self._home.call_soon_threadsafe(self._sink, param, what, obj)


def quiet_kopf() -> None:
    """Let kopf say only what somebody would act on: it tells of every retry as an error."""
    logging.getLogger("kopf").setLevel(logging.CRITICAL)
    logging.getLogger("aiohttp").setLevel(logging.ERROR)


def watched_kinds(optional: Collection[Kind]) -> Iterator[Kind]:
    """Streams, what becomes of them, and those optional kinds that the cluster has."""
    yield kinds.STREAM
    yield from kinds.BUILT_IN_CHILDREN
    yield kinds.POD
    yield from (kind for kind in kinds.OPTIONAL_CHILDREN if kind in optional)
