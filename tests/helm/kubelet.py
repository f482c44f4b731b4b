"""Says of pods that end by themselves that they have ended: no node is here that runs them."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

from tests.cluster.control import ControlPlane

POLL_SECONDS = 0.1


class Kubelet:
    """Ends every pod that is not to be started again. `fails`: with what result."""

    def __init__(self, control: ControlPlane) -> None:
        self.fails = False
        self.ended: list[str] = []
        """The commands and arguments of those that have, in order."""
        self._control = control
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._control.client() as client:
            while not self._stop.wait(POLL_SECONDS):
                pods = client.get("/api/v1/pods", params={"fieldSelector": "status.phase=Pending"})
                for pod in pods.raise_for_status().json()["items"]:
                    if pod["spec"]["restartPolicy"] == "Never":
                        self._end(client, pod)

    def _end(self, client: Any, pod: Any) -> None:
        metadata, container = pod["metadata"], pod["spec"]["containers"][0]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        status = {"phase": "Failed" if self.fails else "Succeeded"}
        headers = {"Content-Type": "application/merge-patch+json"}
        words = [*container.get("command", ()), *container.get("args", ())]
        self.ended.append(" ".join(words))
        client.patch(path, json={"status": status}, headers=headers)
