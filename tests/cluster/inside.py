"""Runs inside the node's namespaces, as their process 1: control plane, containerd, kubelet, DNS.

`node` starts it. Its end is the end of the namespaces, and of all pods.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.cluster import cgroups, node_files
from tests.cluster.building import dns_server, kubernetes
from tests.cluster.cgroups import NAME
from tests.cluster.control import ControlPlane
from tests.cluster.errors import NotReady
from tests.cluster.node_files import HOST_ADDRESS, NODE_ADDRESS

PEER_LINK = "uf-peer"
WAIT_SECONDS = 30.0
# Fixed places of containerd, kubelet and the CNI plugins: the namespace gets its own.
_OWN_FOLDERS = ("/run", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")


class Node(ControlPlane):
    """A control plane with one node. SIGHUP kills its kubelet and starts it again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, kubernetes(), address=NODE_ADDRESS, scheduler=True)
        self._kubelet_is_asked_for = False

    def ask_for_kubelet(self) -> None:
        """Let `serve` kill the kubelet and start it again."""
        self._kubelet_is_asked_for = True

    def start_all(self, images: Sequence[Path], definitions: Sequence[Path]) -> None:
        """Start everything and wait until pods can run and names are answered."""
        self._prepare_namespaces()
        self._start_containerd()
        importing = threading.Thread(target=self._import_images, args=(images,), name="images")
        importing.start()
        self.start(definitions)
        importing.join()
        self._start_kubelet()
        self._start_proxy()
        for condition in ("create", "condition=Ready"):
            self.kubectl("wait", f"--for={condition}", "--timeout=60s", f"node/{NAME}")
        self._start_dns()

    def serve(self) -> None:
        """Return when a part has ended; until then reap what pods leave behind (SIGTERM ends it).

        Raises:
            NotReady: says which part has ended.
        """
        while True:
            if self._kubelet_is_asked_for:
                self._kubelet_is_asked_for = False
                self.parts.pop("kubelet").kill()
                self._start_kubelet()
            self.check()
            self._reap()
            time.sleep(0.5)

    def _reap(self) -> None:
        """Process 1 is the parent of orphans: containerd's shims."""
        ours = {part.pid for part in self.parts.values()}
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None or ended.si_pid in ours:
                return
            os.waitpid(ended.si_pid, 0)

    def _prepare_namespaces(self) -> None:
        for folder in _OWN_FOLDERS:
            Path(folder).mkdir(parents=True, exist_ok=True)
            _run("mount", "-t", "tmpfs", "tmpfs", folder)
        _wait_for("network link", lambda: _succeeds("ip", "link", "show", PEER_LINK))
        for line in (
            f"addr add {NODE_ADDRESS}/30 dev {PEER_LINK}",
            f"link set {PEER_LINK} up",
            "link set lo up",
            f"route add default via {HOST_ADDRESS}",
        ):
            _run("ip", *line.split())
        for key in ("ipv4/ip_forward", "bridge/bridge-nf-call-iptables"):
            Path(f"/proc/sys/net/{key}").write_text("1")

    def _start_containerd(self) -> None:
        (self.folder / "cni").mkdir()
        self._write("cni/10-uf.conflist", node_files.pod_network(self.folder))
        config = self._write("containerd.toml", node_files.containerd(self.folder))
        self.run_other("containerd", ["/usr/bin/containerd", "-c", str(config)])

    def _import_images(self, images: Sequence[Path]) -> None:
        ctr = ("ctr", "-a", f"{self.folder}/containerd.sock", "-n", "k8s.io")
        _wait_for("containerd", lambda: _succeeds(*ctr, "version"))
        for image in images:
            _run(*ctr, "images", "import", str(image))

    def _start_kubelet(self) -> None:
        text = node_files.kubelet(self.folder, self.credentials.authority, dns=True)
        flags = {
            "config": self._write("kubelet.json", text),
            "kubeconfig": self.credentials.kubeconfig("node"),
            "root-dir": self.folder / "kubelet",
            "cert-dir": self.folder / "kubelet-pki",
            "hostname-override": NAME,
            "node-ip": NODE_ADDRESS,
        }
        cgroups.make()
        self.run("kubelet", flags)

    def _start_proxy(self) -> None:
        text = node_files.kube_proxy(self.credentials.kubeconfig("proxy"))
        self.run("kube-proxy", {"config": self._write("kube-proxy.json", text)})
        self._grant("system:kube-proxy", "system:node-proxier")

    def _start_dns(self) -> None:
        resources = "services,pods,namespaces,endpointslices.discovery.k8s.io"
        rights = ("--verb=list,watch", f"--resource={resources}")
        self.kubectl("create", "clusterrole", "uf-dns", *rights)
        self._grant("uf-dns", "uf-dns")
        config = self._write("Corefile", node_files.corefile(self.credentials.kubeconfig("dns")))
        self.run_other("ufdns", [str(dns_server()), "-conf", str(config)])
        with self.client() as client:
            self.wait("DNS", client, "http://127.0.0.1:8181/ready")

    def _grant(self, user: str, role: str) -> None:
        words = (user.replace(":", "-"), f"--clusterrole={role}", f"--user={user}")
        self.kubectl("create", "clusterrolebinding", *words)

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotReady(f"{' '.join(command)}: {done.stderr.strip()}")


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _wait_for(what: str, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise NotReady(f"no {what} after {WAIT_SECONDS:.0f} s")
        time.sleep(0.05)


def main() -> int:
    """`python -m tests.cluster.inside FOLDER READY IMAGES DEFINITIONS`, the last two lists by `:`.

    The file READY is made when the node is ready.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # process 1 ends by none of its own
    folder, ready, images, definitions = sys.argv[1:]
    node = Node(Path(folder))
    signal.signal(signal.SIGHUP, lambda *_: node.ask_for_kubelet())
    try:
        node.start_all(_paths(images), _paths(definitions))
        Path(ready).touch()
        node.serve()
    except KeyboardInterrupt:
        return 0
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        node.stop()
    return 0


def _paths(words: str) -> Sequence[Path]:
    return [Path(word) for word in words.split(":") if word]


if __name__ == "__main__":
    sys.exit(main())
