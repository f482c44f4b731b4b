"""Keeps the Lease that says which replica writes.

kubernetes.aio's election is not used: it ends when it has lost, and it has no fence: a leader that
hangs in a request goes on writing when it wakes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import structlog

from unionflow_operator.adapters.kube.client import KubeClient, Request
from unionflow_operator.adapters.kube.kinds import LEASE
from unionflow_operator.core.cache import Name, Object
from unionflow_operator.core.lease import (
    DURATION_SECONDS,
    FENCE_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    Fence,
    LeaseSeen,
    Move,
    Watcher,
)
from unionflow_operator.errors import KubeFault

LEASE_NAME = "unionflow-operator"
log = structlog.get_logger("operator")


class Leadership:
    """One replica's part in the election. on_change: called with whether this one leads now."""

    def __init__(
        self,
        client: KubeClient,
        fence: Fence,
        namespace: str,
        identity: str,
        rng: random.Random,
        on_change: Callable[[bool], None],
    ) -> None:
        self._client = client
        self._fence = fence
        self._name = Name(namespace, LEASE_NAME)
        self._watcher = Watcher(identity)
        self._rng = rng
        self._on_change = on_change
        self._leads = False

    async def run(self) -> None:
        """Take part until cancelled."""
        while True:
            await self._turn()
            period = RENEW_SECONDS if self._leads else RETRY_SECONDS
            await asyncio.sleep(self._rng.uniform(0.8, 1.0) * period)

    async def resign(self) -> None:
        """Give the Lease up, so that the other replica need not wait for its end."""
        if not self._leads:
            return
        self._fence.drop()
        self._tell(False)
        try:
            lease = await self._client.get(LEASE, self._name)
            if lease is not None and lease["spec"].get("holderIdentity") == self._watcher.identity:
                await self._put(lease, {**lease["spec"], "holderIdentity": ""})
        except KubeFault as fault:
            log.warning("lease not given up", reason=fault.reason)

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        try:
            # A request that hangs must not keep the next try from coming within the fence.
            async with asyncio.timeout(FENCE_SECONDS / 2):
                leads = await self._move(asked_at)
        except (KubeFault, TimeoutError) as fault:
            log.warning("lease not renewed", problem=str(fault) or "no answer in time")
        else:
            if leads:
                self._fence.renewed(asked_at)
            else:
                self._fence.drop()
        self._tell(self._fence.left(loop.time()) > 0)

    async def _move(self, now: float) -> bool:
        lease = await self._client.get(LEASE, self._name)
        match self._watcher.decide(_seen(lease) if lease else None, now):
            case Move.WAIT:
                return False
            case Move.CREATE:
                await self._write("POST", {"spec": self._spec(None)})
            case Move.TAKE:
                await self._put(lease, self._spec(None, lease))
            case Move.RENEW:
                await self._put(lease, self._spec(lease, lease))
        return True

    def _spec(self, renewed: Object | None, before: Object | None = None) -> dict[str, Any]:
        """renewed: the Lease as we hold it already; before: the Lease of whoever held it."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        changes = int((before or {}).get("spec", {}).get("leaseTransitions") or 0)
        return {
            "holderIdentity": self._watcher.identity,
            "leaseDurationSeconds": int(DURATION_SECONDS),
            "acquireTime": renewed["spec"].get("acquireTime", now) if renewed else now,
            "renewTime": now,
            "leaseTransitions": changes if renewed or not before else changes + 1,
        }

    async def _put(self, lease: Object | None, spec: Object) -> None:
        assert lease is not None  # noqa: S101  # what `decide` moves on is there
        await self._write("PUT", {"metadata": lease["metadata"], "spec": spec})

    async def _write(self, method: str, content: Object) -> None:
        metadata = {"name": self._name.name, "namespace": self._name.namespace}
        body = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            **content,
            "metadata": {**content.get("metadata", {}), **metadata},
        }
        name = "" if method == "POST" else self._name.name
        await self._client.send(
            Request(method, LEASE, self._name.namespace, name, body=body, fenced=False)
        )

    def _tell(self, leads: bool) -> None:
        if leads != self._leads:
            self._leads = leads
            log.info("leading" if leads else "not leading", identity=self._watcher.identity)
            self._on_change(leads)


def _seen(lease: Object) -> LeaseSeen:
    spec = lease["spec"]
    return LeaseSeen(
        holder=spec.get("holderIdentity") or "",
        renew_time=str(spec.get("renewTime") or ""),
        transitions=int(spec.get("leaseTransitions") or 0),
        duration=float(spec.get("leaseDurationSeconds") or DURATION_SECONDS),
    )
