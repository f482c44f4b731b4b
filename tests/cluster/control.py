"""etcd and a Kubernetes control plane as processes of this machine, in a folder of their own.

They die with this process, also when it is killed. Ready in three to five seconds, about 650 MB.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from tests.cluster.credentials import Credentials
from tests.cluster.errors import NotReady
from unionflow_cli.kafka import Process, spawn_tethered
from unionflow_cli.kafka.adapters.ports import free_ports

LOOPBACK = "127.0.0.1"
SERVICE_CIDR, POD_CIDR = "10.96.0.0/16", "10.244.0.0/16"
KUBECTL_CACHE = "kubectl-cache"
READY_SECONDS = 120.0
STOP_SECONDS = 15.0
ETCD, API_SERVER = "etcd", "kube-apiserver"
CONTROLLERS, SCHEDULER = "kube-controller-manager", "kube-scheduler"


class ControlPlane:
    """One control plane. Start it, use `kubectl` and `client`, stop it.

    folder: empty; all its files lie there. programs: of `building.kubernetes`. address: to listen
    on. scheduler: whether pods are given to nodes.
    """

    def __init__(
        self, folder: Path, programs: Path, *, address: str = LOOPBACK, scheduler: bool = False
    ) -> None:
        self.folder = folder
        self.programs = programs
        self.address = address
        self.credentials = Credentials(folder, address)
        self.parts: dict[str, Process] = {}  # in the order of starting
        self._scheduler = scheduler
        self._ports = dict(zip(("etcd", "peer", "api", "cm", "sched"), free_ports(5), strict=True))
        self.url = f"https://{address}:{self._ports['api']}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.credentials.kubeconfig("admin")

    def start(self, definitions: Sequence[Path] = ()) -> None:
        """Start all parts and wait until pods could be made.

        definitions: files of CustomResourceDefinitions. The garbage collector looks for new kinds
        every 30 s only; those that are there before it starts, it knows at once.

        Raises:
            NotReady: a part does not come up.
        """
        self.credentials.write(self.url)
        self.start_etcd()
        self.start_api_server()
        if definitions:
            self._define(definitions)
        self.start_controllers()
        with self.client() as client:
            # The controllers work once they have made it; pods need it.
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self.wait("the default service account", client, account)

    def start_etcd(self) -> None:
        """Start etcd, and wait until it answers."""
        client = f"http://{LOOPBACK}:{self._ports['etcd']}"
        peer = f"http://{LOOPBACK}:{self._ports['peer']}"
        flags = {
            "name": "uf",
            "data-dir": self.folder / "etcd",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"uf={peer}",
            "log-level": "warn",
        }
        # What a crash of the machine would lose is no loss.
        self.run(ETCD, flags, "--unsafe-no-fsync")
        with httpx.Client(base_url=client, trust_env=False) as asking:
            self.wait(ETCD, asking, "/health")

    def start_api_server(self) -> None:
        """Start the API server, and wait until it is ready."""
        self.run(API_SERVER, self._api_server_flags())
        with self.client() as client:
            self.wait(API_SERVER, client, "/readyz")

    def start_controllers(self) -> None:
        """Start the controller manager, and the scheduler where it is wanted."""
        credentials = self.credentials
        self.run(CONTROLLERS, self._controller_flags(), "--allocate-node-cidrs")
        asked = {CONTROLLERS: f"https://{LOOPBACK}:{self._ports['cm']}/healthz"}
        if self._scheduler:
            flags = {
                "kubeconfig": credentials.kubeconfig("scheduler"),
                "leader-elect": "false",
                "bind-address": LOOPBACK,
                "secure-port": self._ports["sched"],
                **self._serving(),
            }
            self.run(SCHEDULER, flags)
            asked[SCHEDULER] = f"https://{LOOPBACK}:{self._ports['sched']}/readyz"
        with self.client() as client:
            for name, url in asked.items():
                self.wait(name, client, url)

    def client(self, token: str | None = None) -> httpx.Client:
        """HTTP to the API server. token: whose; the administrator's where left out."""
        trust = ssl.create_default_context(cafile=str(self.credentials.authority))
        headers = {"Authorization": f"Bearer {token or self.credentials.admin_token}"}
        return httpx.Client(
            base_url=self.url, headers=headers, verify=trust, timeout=30, trust_env=False
        )

    def kubectl(
        self, *arguments: str, stdin: str | None = None, user: str = "admin", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as a user of `USERS`. With `check`, its failure is an AssertionError."""
        config = f"--kubeconfig={self.credentials.kubeconfig(user)}"
        # kubectl's own keeps for hours, by address, which kinds there are; ports come again.
        cache = f"--cache-dir={self.folder / KUBECTL_CACHE}"
        done = subprocess.run(
            [str(self.programs / "kubectl"), config, cache, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def run(self, part: str, flags: Mapping[str, object], *more: str) -> None:
        """Start a part of Kubernetes; its log is `<part>.log` in the folder."""
        words = [f"--{name}={value}" for name, value in flags.items()]
        self.run_other(part, [str(self.programs / part), *words, *more])

    def run_other(self, name: str, command: Sequence[str]) -> None:
        """Start any other program as a part; its log is `<name>.log` in the folder."""
        log = self.folder / f"{name}.log"
        self.parts[name] = spawn_tethered(command, log, cwd=self.folder)

    def wait(self, what: str, client: httpx.Client, url: str) -> None:
        """Ask until the answer is good.

        Raises:
            NotReady: it does not come in two minutes, or a part has ended.
        """

        def problem() -> str:
            try:
                answer = client.get(url, timeout=5)
            except httpx.HTTPError as error:
                return str(error) or type(error).__name__
            return "" if answer.is_success else f"{answer.status_code} {answer.text[:200]}"

        self.wait_until(what, problem)

    def wait_until(self, what: str, problem: Callable[[], str]) -> None:
        """Ask until there is no problem any more.

        Raises:
            NotReady: there still is one after two minutes, or a part has ended.
        """
        deadline = time.monotonic() + READY_SECONDS
        while last := problem():
            self.check()
            if time.monotonic() > deadline:
                raise NotReady(f"{what} is not ready after {READY_SECONDS:.0f} s: {last}")
            time.sleep(0.05)

    def check(self) -> None:
        """See that all parts run.

        Raises:
            NotReady: one does not.
        """
        for name, part in self.parts.items():
            if not part.is_running:
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise NotReady(f"{name} has ended with {part.exit_code}:\n{log[-2000:]}")

    def stop(self) -> None:
        """Stop all parts, the last started first."""
        for part in reversed(self.parts.values()):
            part.stop(STOP_SECONDS)
        self.parts.clear()

    def _define(self, definitions: Sequence[Path]) -> None:
        files = [word for path in definitions for word in ("-f", str(path))]
        # Server-side: some of the neighbours' are too large for kubectl's own annotation.
        self.kubectl("apply", "--server-side", *files)
        self.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        shutil.rmtree(self.folder / KUBECTL_CACHE)  # it knows the kinds from before

    def _serving(self) -> Mapping[str, object]:
        certificate = self.credentials.certificate("apiserver")
        return {
            "tls-cert-file": certificate,
            "tls-private-key-file": self.credentials.key("apiserver"),
        }

    def _api_server_flags(self) -> Mapping[str, object]:
        credentials = self.credentials
        # An Endpoints address may not be loopback, so without nodes the API's own service has none.
        alone = self.address == LOOPBACK
        endpoint = {"advertise-address": "192.0.2.1" if alone else self.address}
        if alone:
            endpoint["endpoint-reconciler-type"] = "none"
        return {
            "etcd-servers": f"http://{LOOPBACK}:{self._ports['etcd']}",
            "bind-address": self.address,
            "secure-port": self._ports["api"],
            **endpoint,
            **self._serving(),
            "client-ca-file": credentials.authority,
            "token-auth-file": credentials.token_file,
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "allow-privileged": "true",
            "kubelet-client-certificate": credentials.certificate("kubelet-client"),
            "kubelet-client-key": credentials.key("kubelet-client"),
            "kubelet-preferred-address-types": "InternalIP",
            "service-cluster-ip-range": SERVICE_CIDR,
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": credentials.service_account_key,
            "service-account-signing-key-file": credentials.service_account_key,
        }

    def _controller_flags(self) -> Mapping[str, object]:
        credentials = self.credentials
        return {
            "kubeconfig": credentials.kubeconfig("controllers"),
            "leader-elect": "false",
            "bind-address": LOOPBACK,
            "secure-port": self._ports["cm"],
            **self._serving(),
            "use-service-account-credentials": "true",
            "service-account-private-key-file": credentials.service_account_key,
            "root-ca-file": credentials.authority,
            "cluster-signing-cert-file": credentials.authority,
            "cluster-signing-key-file": credentials.key("ca"),
            "cluster-cidr": POD_CIDR,
            "service-cluster-ip-range": SERVICE_CIDR,
            "kube-api-qps": 200,
            "kube-api-burst": 400,
        }
