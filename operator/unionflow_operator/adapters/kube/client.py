"""Requests to the API server: each within its right, its deadline and, for writes, its Lease.

The JSON is passed as it is: the client library's models would parse and copy every object for
nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration

from unionflow_operator.adapters.kube.kinds import path_of
from unionflow_operator.adapters.kube.rights import Rights
from unionflow_operator.adapters.kube.trimming import trimmed
from unionflow_operator.adapters.metrics import OperatorMetrics
from unionflow_operator.core.cache import Kind, Name, Object
from unionflow_operator.core.lease import Fence
from unionflow_operator.errors import KubeFault, NotLeading

FIELD_MANAGER = "unionflow-operator"
TIMEOUT_SECONDS = 10.0
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
PAGE = 500  # objects of one answer to a list
# No object has it: it is etcd's own first revision. So an apply of that version makes an object, or
# is a conflict where there is one.
_OF_NONE = "1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. fenced: a write that only the leader may send."""

    method: str
    kind: Kind
    namespace: str | None
    name: str = ""
    subresource: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"
    fenced: bool = True

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


class KubeClient:
    """One client, for as long as the process lives."""

    def __init__(
        self, configuration: Configuration, fence: Fence, metrics: OperatorMetrics
    ) -> None:
        self._api = ApiClient(configuration)
        self._host = configuration.host
        self._fence = fence
        self._metrics = metrics
        self.rights = Rights()

    async def close(self) -> None:
        """Close its connections."""
        await self._api.close()

    async def get(self, kind: Kind, name: Name) -> Object | None:
        """The object, or None where there is none. Raises KubeFault."""
        try:
            return trimmed(kind, await self.send(Request("GET", kind, name.namespace, name.name)))
        except KubeFault as fault:
            if fault.status == 404:
                return None
            raise

    async def list(
        self, kind: Kind, namespace: str | None, selector: str = ""
    ) -> tuple[list[Object], int]:
        """Every object, and the resource version of the list. Raises KubeFault."""
        found: list[Object] = []
        query = {"limit": str(PAGE)} | ({"labelSelector": selector} if selector else {})
        while True:
            page = await self.send(Request("GET", kind, namespace, query=query))
            # In a list the items do not say what they are.
            named = {"apiVersion": kind.api_version, "kind": kind.kind}
            found.extend(trimmed(kind, {**named, **item}) for item in page.get("items") or ())
            more = page["metadata"].get("continue")
            if not more:
                return found, int(page["metadata"]["resourceVersion"])
            query = {**query, "continue": more}

    async def apply(self, kind: Kind, name: Name, manifest: Object, *, force: bool) -> Object:
        """Server-side apply. force: take over fields that others have set. Raises KubeFault."""
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower()}
        return trimmed(
            kind,
            await self.send(
                Request(
                    "PATCH",
                    kind,
                    name.namespace,
                    name.name,
                    query=query,
                    body=manifest,
                    content_type=APPLY,
                )
            ),
        )

    async def make(self, kind: Kind, name: Name, manifest: Object) -> Object:
        """Server-side apply of an object that is not there.

        Raises:
            KubeFault: status 409 where there is one of that name, whoever's; it was not touched.
        """
        metadata = {**manifest["metadata"], "resourceVersion": _OF_NONE}
        return await self.apply(kind, name, {**manifest, "metadata": metadata}, force=False)

    async def merge(self, kind: Kind, name: Name, patch: Object) -> Object:
        """A merge patch; with a resourceVersion in it, only of that version. Raises KubeFault."""
        return trimmed(
            kind,
            await self.send(
                Request(
                    "PATCH",
                    kind,
                    name.namespace,
                    name.name,
                    query={"fieldManager": FIELD_MANAGER},
                    body=patch,
                    content_type=MERGE,
                )
            ),
        )

    async def put_status(self, kind: Kind, name: Name, body: Object) -> Object:
        """The whole status, of the version that the body names. Raises KubeFault."""
        query = {"fieldManager": FIELD_MANAGER}
        return trimmed(
            kind,
            await self.send(Request("PUT", kind, name.namespace, name.name, "status", query, body)),
        )

    async def delete(self, kind: Kind, name: Name, uid: str) -> None:
        """Delete it if it still is the one of this UID; one that is gone is no fault.

        Raises:
            KubeFault: status 409 where another object has the name by now.
        """
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        }
        try:
            await self.send(Request("DELETE", kind, name.namespace, name.name, body=body))
        except KubeFault as fault:
            if fault.status != 404:
                raise

    async def served(self, group: str, version: str) -> frozenset[str]:
        """The plural names that the API server serves of a group's version. Raises KubeFault.

        Discovery needs no right of its own: every account has it.
        """
        try:
            answer = await self._exchange(
                "GET", f"/apis/{group}/{version}", None, "", TIMEOUT_SECONDS
            )
        except KubeFault as fault:
            if fault.status == 404:
                return frozenset()
            raise
        return frozenset(resource["name"] for resource in answer.get("resources", ()))

    async def send(self, request: Request) -> dict[str, Any]:
        """Send it, and parse the answer.

        Raises:
            KubeFault: it was refused, or nobody answered in time.
            NotLeading: it is a write, and this replica's Lease has run out; nothing was sent.
            RightMissing: the table of rights does not have it.
        """
        named = bool(request.name)
        self.rights.check(request.method, request.kind, request.subresource, named=named)
        if request.content_type == APPLY:  # which makes the object where there is none
            self.rights.check("POST", request.kind, request.subresource, named=named)
        timeout = TIMEOUT_SECONDS
        if request.is_write and request.fenced:
            timeout = min(timeout, self._fence.left(asyncio.get_running_loop().time()))
            if not timeout:
                raise NotLeading("this replica is not the leader: nothing was written")
        path = path_of(request.kind, request.namespace, request.name, request.subresource)
        query = f"?{urlencode(request.query)}" if request.query else ""
        try:
            answer = await self._exchange(
                request.method, path + query, request.body, request.content_type, timeout
            )
        except KubeFault as fault:
            self._metrics.requested(request.method, fault.status)
            raise
        self._metrics.requested(request.method, 200)
        return answer

    async def _exchange(
        self, method: str, path: str, body: Any, content_type: str, seconds: float
    ) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": content_type}
        await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._api.call_api(
                    method, self._host + path, headers, body, _request_timeout=TIMEOUT_SECONDS
                )
                content = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise KubeFault(
                0, "Unreachable", f"the API server does not answer: {_kind(error)}"
            ) from error
        if answer.status >= 400:
            raise _fault(answer.status, content)
        parsed = json.loads(content)
        return parsed if isinstance(parsed, dict) else {}


def _kind(error: Exception) -> str:
    return "timed out" if isinstance(error, TimeoutError) else type(error).__name__


def _fault(status: int, content: bytes) -> KubeFault:
    try:
        said = json.loads(content)
    except ValueError:
        said = {}
    reason = str(said.get("reason") or f"HTTP{status}")
    message = " ".join(str(said.get("message") or f"HTTP status {status}").split())
    return KubeFault(status, reason, message)
