"""A whole cluster on this machine: control plane and one real node, in namespaces of its own.

containerd, runc and the CNI plugins are Debian's; kubelet and kube-proxy are of our build. Only
this machine reaches the cluster, over a veth pair: API, service and pod addresses are routed to
it, and from a pod the machine is `HOST_ADDRESS`. Needs root; one at a time.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster import cgroups
from tests.cluster.building import dns_server, kubernetes
from tests.cluster.control import POD_CIDR, SERVICE_CIDR
from tests.cluster.errors import NotReady, ToolMissing
from tests.cluster.inside import PEER_LINK
from tests.cluster.node_files import HOST_ADDRESS, NODE_ADDRESS
from tests.house.files import ROOT
from unionflow_cli.doctor.tiers import NODE_PACKAGES
from unionflow_cli.kafka import Process, cache_dir, spawn_tethered

HOST_LINK = "uf-host"
READY_SECONDS = 180.0
STOP_SECONDS = 60.0


@contextmanager
def running_node(
    folder: Path, images: Sequence[Path], definitions: Sequence[Path] = ()
) -> Iterator[Path]:
    """Start one; its administrator's kubeconfig. It is stopped and cleaned up at the end.

    folder: empty, and of a short path, since sockets lie in it. images: archives to import.

    Raises:
        ToolMissing: not root, or a package is not here.
        NotReady: a part does not come up.
    """
    _check_tools()
    programs = (kubernetes(), dns_server())  # built out here, where the network is
    assert all(path.exists() for path in programs)
    with (cache_dir() / "node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log = folder.with_suffix(".log")
        process = _start(folder, log, images, definitions)
        try:
            first = _first_process(process.pid)
            (folder / "first.pid").write_text(str(first))
            _connect(first)
            _wait_until_ready(folder, process, log)
            yield folder / "admin.kubeconfig"
        finally:
            _stop(process)


def restart_kubelet(folder: Path) -> None:
    """Kill it and start it again, as an upgrade of a node does; pods go on meanwhile.

    folder: of a node that runs.
    """
    os.kill(int((folder / "first.pid").read_text()), signal.SIGHUP)


def _check_tools() -> None:
    if os.geteuid() != 0:
        raise ToolMissing("a real node needs root")
    wanted = NODE_PACKAGES.items()
    lacking = [package for package, program in wanted if shutil.which(program) is None]
    if lacking:
        raise ToolMissing(
            f"a real node needs: apt-get install --no-install-recommends {' '.join(lacking)}"
        )


def _start(folder: Path, log: Path, images: Sequence[Path], definitions: Sequence[Path]) -> Process:
    unshare = shutil.which("unshare") or "unshare"
    spaces = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    inside = (sys.executable, "-m", "tests.cluster.inside", str(folder), str(folder / "ready"))
    lists = (":".join(map(str, images)), ":".join(map(str, definitions)))
    return spawn_tethered([unshare, *spaces, *inside, *lists], log, cwd=ROOT)


def _first_process(parent: int) -> int:
    """The namespaces' process 1, as this machine numbers it."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    deadline = time.monotonic() + 10
    while not (found := children.read_text().split()):
        if time.monotonic() > deadline:
            raise NotReady("unshare has started nothing")
        time.sleep(0.01)
    return int(found[0])


def _connect(first: int) -> None:
    """Lay the veth pair, and route services and pods to the node."""
    for line in (
        f"link add {HOST_LINK} type veth peer name {PEER_LINK} netns {first}",
        f"addr add {HOST_ADDRESS}/30 dev {HOST_LINK}",
        f"link set {HOST_LINK} up",
        f"route add {SERVICE_CIDR} via {NODE_ADDRESS}",
        f"route add {POD_CIDR} via {NODE_ADDRESS}",
    ):
        done = subprocess.run(["ip", *line.split()], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotReady(f"ip {line}: {done.stderr.strip()}")


def _wait_until_ready(folder: Path, process: Process, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not (folder / "ready").exists():
        if not process.is_running or time.monotonic() > deadline:
            raise NotReady(f"the node does not come up:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.1)


def _stop(process: Process) -> None:
    if process.is_running:
        with suppress(ProcessLookupError, NotReady):
            os.kill(_first_process(process.pid), signal.SIGTERM)
    process.wait(STOP_SECONDS)
    process.kill()  # if it still runs; with it go the namespaces, the veth pair and the routes
    cgroups.remove()
