"""nginx and HAProxy as programs of a test: started on free ports, told of pods, ended with it."""

from __future__ import annotations

import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from tests.ingress.haproxy_config import BACKEND, haproxy_cfg
from tests.ingress.nginx_config import nginx_conf
from tests.ingress.sites import Edge, Ports, Site, operators_ingress
from tests.support.tiers import tier_is_missing
from tests.support.tls import Certificates
from tests.support.waiting import wait_until
from unionflow_cli.kafka import Process, spawn_tethered
from unionflow_cli.kafka.adapters.ports import free_ports

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 5.0


class Kind(StrEnum):
    """Which program; the value is also the class of its Ingress."""

    NGINX = "nginx"
    HAPROXY = "haproxy"


class Proxy:
    """One that runs."""

    def __init__(self, kind: Kind, site: Site, edge: Edge, tls: Certificates, folder: Path) -> None:
        self.kind = kind
        self.ports = Ports(*free_ports(2))
        self.log = folder / "proxy.log"
        self.tls = tls
        self._site = site
        self._edge = edge
        self._folder = folder
        self._file = folder / f"{kind}.conf"
        self._socket = folder / "control"
        self._process: Process

    def start(self) -> None:
        """Start it; returns when both its ports are listened on."""
        self._configure()
        program = program_of(self.kind)
        command = {
            Kind.NGINX: [program, "-p", str(self._folder), "-c", str(self._file), "-e", "stderr"],
            Kind.HAPROXY: [program, "-db", "-f", str(self._file)],
        }
        self._process = spawn_tethered(command[self.kind], self.log)
        try:
            wait_until(lambda: self._listens(self.ports.http) and self._listens(self.ports.https))
        except AssertionError as error:
            error.add_note(self.log.read_text(errors="replace"))
            raise

    def stop(self) -> None:
        """End it."""
        self._process.stop(STOP_SECONDS)

    @property
    def configuration(self) -> str:
        """What it was told."""
        return self._file.read_text()

    def take_out(self, pod: str) -> None:
        """A pod is no longer ready: newcomers go to others, and who is there stays.

        ingress-nginx tells its balancer, and here nginx is given a new file; HAProxy's controller
        uses the control socket.
        """
        number = self._site.pods.index(pod) + 1
        others = tuple(other for other in self._site.pods if other != pod)
        if self.kind is Kind.HAPROXY:
            self._command(f"set server {BACKEND}/SRV_{number} state maint")
            return
        self._site = replace(self._site, pods=others)
        self._configure()
        told = self._workers()
        self._process.signal(signal.SIGHUP)
        wait_until(lambda: self._workers() != told)
        time.sleep(0.2)  # the old worker has closed its listening sockets

    def _configure(self) -> None:
        if self.kind is Kind.NGINX:
            text = nginx_conf(self._site, self._edge, self.ports, self.tls, self._folder)
        else:
            bundle = self._folder / "bundle.pem"
            bundle.write_text(self.tls.server.read_text() + self.tls.server_key.read_text())
            text = haproxy_cfg(self._site, self._edge, self.ports, bundle, self._socket)
        self._file.write_text(text)

    def _workers(self) -> str:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return children.read_text()

    def _command(self, line: str) -> None:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self._socket))
            control.sendall(f"{line}\n".encode())
            said = control.makefile().read().strip()
        assert not said, said

    def _listens(self, port: int) -> bool:
        assert self._process.is_running, self.log.read_text(errors="replace")
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, port)) == 0


def program_of(kind: Kind) -> str:
    """Where it is installed; without it the test is skipped."""
    found = shutil.which(kind) or shutil.which(f"/usr/sbin/{kind}")
    if found is None:
        tier_is_missing(f"this needs {kind}. Install: apt-get install -y nginx-light haproxy")
    return found


@contextmanager
def proxying(
    kind: Kind,
    pods: tuple[str, ...],
    tls: Certificates,
    folder: Path,
    edge: Edge | None = None,
    *,
    annotated: bool = True,
) -> Iterator[Proxy]:
    """A proxy before these pods, told what the operator's Ingress says."""
    site = Site(operators_ingress(kind.value), pods)
    folder.mkdir(parents=True)
    proxy = Proxy(
        kind, site if annotated else site.without_annotations(), edge or Edge(), tls, folder
    )
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
