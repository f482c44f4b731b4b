"""The Kubernetes API server that tests talk to: real, with our definition and the neighbours'."""

from __future__ import annotations

import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.cluster.building import go_program, kubernetes, kubernetes_is_here
from tests.cluster.control import API_SERVER, ControlPlane
from tests.cluster.errors import ClusterError
from tests.cluster.neighbours import neighbours_definitions
from tests.house.files import ROOT
from tests.support.tiers import tier_is_missing

# Whoever asks for one of them needs the tier `apiserver`.
FIXTURES = frozenset({"apiserver", "namespace", "own_apiserver"})
DEFINITION = ROOT / "manifests/crds/unionflowstreams.yaml"


class ApiServer:
    """A running API server with its controllers, and no node.

    It belongs to all tests: none stops it, each has a namespace of its own.
    """

    def __init__(self, control: ControlPlane, client: httpx.Client) -> None:
        self.control = control
        self.client = client
        """HTTP as an administrator, with paths such as `/api/v1/namespaces`."""

    @property
    def url(self) -> str:
        """`https://127.0.0.1:…`."""
        return self.control.url

    @property
    def kubeconfig(self) -> Path:
        """The administrator's; `control.credentials.kubeconfig("nobody")` has no rights."""
        return self.control.kubeconfig

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as an administrator. With `check`, its failure is an AssertionError."""
        return self.control.kubectl(*arguments, stdin=stdin, check=check)

    def pause(self) -> None:
        """The API server answers nobody from now on, and its watches stay open and silent."""
        self.control.parts[API_SERVER].signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        self.control.parts[API_SERVER].signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, with all connections."""
        self.control.parts[API_SERVER].kill()

    def start_again(self) -> None:
        """After `kill`: it comes back at its old address, with what etcd has."""
        self.control.start_api_server()

    def make_namespace(self) -> str:
        """A namespace that no other test and no other run has."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._post("/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def remove_namespace(self, name: str) -> None:
        """Have it deleted with all that is in it; that takes the controllers a while."""
        self.client.delete(f"/api/v1/namespaces/{name}").raise_for_status()

    def _post(self, path: str, body: object) -> None:
        self.client.post(path, json=body).raise_for_status()


@contextmanager
def running_apiserver(folder: Path, *, scheduler: bool = False) -> Iterator[ApiServer]:
    """Start one in `folder`, which is empty; it is stopped at the end.

    scheduler: whether pods are given to nodes, which somebody else has to play.
    """
    folder.mkdir(exist_ok=True)
    try:
        control = ControlPlane(folder, kubernetes(), scheduler=scheduler)
        definitions = [DEFINITION, *neighbours_definitions()]
    except ClusterError as missing:
        tier_is_missing(str(missing))
    try:
        control.start(definitions)
        with control.client() as client:
            yield ApiServer(control, client)
    finally:
        control.stop()


def prepare(say: Callable[[str], object]) -> None:
    """Build and fetch what is not in the cache yet, which may take minutes; say so before.

    What goes wrong, the fixture meets again.
    """
    with suppress(ClusterError):
        if not kubernetes_is_here():
            go_program()
            say("building Kubernetes for the tests, once: about six minutes")
        kubernetes()
        neighbours_definitions()
